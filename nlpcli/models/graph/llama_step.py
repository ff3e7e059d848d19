"""One step of a decoder of Llama's shape as a graph, its weights in blocks.

Vectors of tokens in, logits of the tokens that are asked for out; keys and values are written where they stay:

    h ← h + O(attention(rotary(Q n₁), rotary(K n₁), V n₁)),   n₁ = RMSNorm(h)
    h ← h + D(silu(G n₂) ⊙ U n₂),                             n₂ = RMSNorm(h)

In 8 bits the vectors between layers are rotated (`rotation`), and the weights of norms stand in the layers behind them.
In 4 bits nothing is: there rotation does harm (docs/decisions/0026). There the means of blocks may be inputs too
(`weight_blocks`), and the logits, which rounding shows in most, stay in 8 bits, as do matrices of more than 4 bits
in a file whose others have 4.

ONNX Runtime's operators for it: MatMulNBits (weights in blocks, activations in int8 for each block),
GroupQueryAttention (rotary positions, a length for each row, keys and values in place) and
SkipSimplifiedLayerNormalization.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nlpcli.kernels.weight_blocks import BLOCK, WeightBlocks, were_four_bits
from nlpcli.models.graph.names import DRAFTED, DRAFTS, GRAPH, WEIGHTS, new_names
from nlpcli.models.graph.onnx_file import FLOAT, INT32, INT64, Graph
from nlpcli.models.graph.rotation import group, rotated

# Activations are quantized to int8, block by block: products of whole numbers.
_INT8_PRODUCTS = 4
# Inputs of a block in 8 bits. Of rotated vectors half as many scales round little more, and take a sixth less time
# (docs/decisions/0026). With 128 a row would depend on how many are beside it: ONNX Runtime 1.32 sums one otherwise.
_EIGHT_BIT_BLOCK = 64


def write_step(module: Any, bits: int, folder: Path) -> None:
    """`module`, a `LlamaWeights` in any dtype, as `GRAPH`, `DRAFTS` and `WEIGHTS` in `folder`."""
    with (folder / WEIGHTS).open("wb") as weights, torch.inference_mode():
        graph = Graph(weights, WEIGHTS)
        _Step(graph, module, bits, 1).write()
        drafts = graph.again()
        _Step(drafts, module, bits, DRAFTED).write()
    for name, made in ((GRAPH, graph), (DRAFTS, drafts)):
        (folder / name).write_bytes(made.model())


class _Step:
    """`tokens` above 1: of one row, as many, each attended to as if it were alone."""

    def __init__(self, graph: Graph, module: Any, bits: int, tokens: int) -> None:
        self._graph, self._module, self._bits, self._tokens = graph, module, bits, tokens
        self._block = _EIGHT_BIT_BLOCK if bits == 8 else BLOCK
        self._with_means: dict[str, str] = {}
        self._mixed = bits == 4 and _has_four_bits(module.model.layers[0])
        config, attention = module.config, module.model.layers[0].self_attn
        self._size: int = config.hidden_size
        self._turn = turn_of(module, bits)
        self._head_dim: int = attention.head_dim
        self._heads = attention.q_proj.out_features // self._head_dim
        self._key_heads = attention.k_proj.out_features // self._head_dim
        self._head_turn = 1 if self._turn == 1 else group(self._head_dim)

    def write(self) -> None:
        graph, layers = self._graph, self._module.model.layers
        graph.input("vectors", FLOAT, ["rows", "length", self._size])
        graph.input("last_places", INT32, ["rows"])
        graph.input("longest", INT32, [])
        graph.input("asked", INT64, ["asked"])
        graph.input("cosine", FLOAT, ["places", self._head_dim // 2])
        graph.input("sine", FLOAT, ["places", self._head_dim // 2])
        if self._tokens > 1:
            self._places_token_by_token()
        hidden, normed = "vectors", self._first_norm(layers[0].input_layernorm)
        for number, layer in enumerate(layers):
            following = self._module.model.norm if layer is layers[-1] else layers[number + 1].input_layernorm
            hidden, normed = self._layer(number, layer, hidden, normed, following)
        graph.node("Reshape", [normed, graph.tensor("flat", np.array([-1, self._size]))], ["states"])
        graph.node("Gather", ["states", "asked"], ["asked_states"], axis=0)
        self._linear("asked_states", [self._module.lm_head], "logits", self._module.model.norm)
        graph.output("logits", FLOAT, ["asked", self._module.lm_head.out_features])

    def _first_norm(self, norm: nn.Module) -> str:
        weight = self._norm_weight("first_norm", norm)
        return self._graph.node(
            "SimplifiedLayerNormalization", ["vectors", weight], ["first"], axis=-1, epsilon=norm.variance_epsilon
        )

    def _layer(self, number: int, layer: Any, hidden: str, normed: str, following: nn.Module) -> tuple[str, str]:
        name = f"layer{number}."
        attended = self._attention(number, layer, normed)
        hidden, normed = self._add(hidden, attended, layer.post_attention_layernorm, f"{name}middle")
        gate = self._linear(normed, [layer.mlp.gate_proj], f"{name}gate", layer.post_attention_layernorm)
        up = self._linear(normed, [layer.mlp.up_proj], f"{name}up", layer.post_attention_layernorm)
        # silu: x · sigmoid(1 · x)
        gate = self._graph.fused("QuickGelu", [gate], [f"{name}silu"], alpha=1.0)
        product = self._graph.node("Mul", [gate, up], [f"{name}product"])
        # A product of rotated vectors is no rotated product: these alone are not.
        down = self._linear(product, [layer.mlp.down_proj], f"{name}down", None, (1, self._turn))
        return self._add(hidden, down, following, f"{name}end")

    def _attention(self, number: int, layer: Any, normed: str) -> str:
        name, graph, attention, norm = f"layer{number}.", self._graph, layer.self_attn, layer.input_layernorm
        shape = ["rows", self._key_heads, "places", self._head_dim]
        kept = [f"keys{number}", f"values{number}"]
        for each in kept:
            graph.input(each, FLOAT, shape)
            for new in new_names(each, self._tokens):
                graph.output(new, FLOAT, shape)
        parts = [attention.q_proj, attention.k_proj, attention.v_proj]
        turns = [(self._turn, 1), (self._turn, 1), (self._turn, self._head_turn)]
        if hasattr(attention, "q_norm"):
            queries, keys, values = (
                self._linear(normed, [part], f"{name}{letter}", norm, turn)
                for part, letter, turn in zip(parts, "qkv", turns, strict=True)
            )
            inputs = [
                self._head_norm(queries, attention.q_norm, self._heads, f"{name}q"),
                self._head_norm(keys, attention.k_norm, self._key_heads, f"{name}k"),
                values,
            ]
        else:
            inputs = [self._linear(normed, parts, f"{name}qkv", norm, *turns), "", ""]
        attended = self._attended(name, inputs, kept, float(attention.scaling))
        return self._linear(attended, [attention.o_proj], f"{name}o", None, (self._head_turn, self._turn))

    def _attended(self, name: str, inputs: Sequence[str], kept: Sequence[str], scaling: float) -> str:
        """What heads see; each token writes its keys and values behind those of the token before."""
        graph, outputs = self._graph, []
        parts = [self._token_by_token(states) for states in inputs]
        before: Sequence[str] = kept
        for number, new in enumerate(zip(*(new_names(each, self._tokens) for each in kept), strict=True)):
            places = [f"last_places{number}", f"longest{number}"] if self._tokens > 1 else ["last_places", "longest"]
            attended = graph.fused(
                "GroupQueryAttention",
                [*(part[number] for part in parts), *before, *places, "cosine", "sine"],
                [f"{name}attended{number}", *new],
                num_heads=self._heads,
                kv_num_heads=self._key_heads,
                scale=scaling,
                do_rotary=1,
            )
            outputs.append(attended)
            before = new
        return outputs[0] if self._tokens == 1 else graph.node("Concat", outputs, [f"{name}attended"], axis=1)

    def _token_by_token(self, states: str) -> list[str]:
        """States (rows, length, size), those of each token apart."""
        if self._tokens == 1 or not states:
            return [states] * self._tokens
        parts = [f"{states}.{number}" for number in range(self._tokens)]
        self._graph.node("Split", [states], parts, axis=1, num_outputs=self._tokens)
        return parts

    def _places_token_by_token(self) -> None:
        """`last_places`, and the number of places that is as much as one more, of each token apart."""
        graph, count = self._graph, self._tokens
        lengths = graph.node("Add", ["last_places", graph.tensor("one", np.array([1], np.int32))], ["lengths"])
        apart = [f"length{number}" for number in range(count)]
        graph.node("Split", ["last_places"], [f"last_places{number}" for number in range(count)], num_outputs=count)
        graph.node("Split", [lengths], apart, num_outputs=count)
        scalar = graph.tensor("scalar", np.zeros(0, np.int64))
        for number, length in enumerate(apart):
            graph.node("Reshape", [length, scalar], [f"longest{number}"])

    def _head_norm(self, states: str, norm: nn.Module, heads: int, name: str) -> str:
        """RMSNorm of each head (Qwen 3)."""
        graph = self._graph
        apart = graph.tensor(f"{name}.apart", np.array([0, 0, heads, self._head_dim]))
        together = graph.tensor(f"{name}.together", np.array([0, 0, heads * self._head_dim]))
        states = graph.node("Reshape", [states, apart], [f"{name}.heads"])
        weight = graph.tensor(f"{name}.norm", _numbers(norm.weight))
        states = graph.node(
            "SimplifiedLayerNormalization",
            [states, weight],
            [f"{name}.normed"],
            axis=-1,
            epsilon=norm.variance_epsilon,
        )
        return graph.node("Reshape", [states, together], [f"{name}.joined"])

    def _add(self, hidden: str, what: str, norm: nn.Module, name: str) -> tuple[str, str]:
        """hidden + what, and the norm of that."""
        weight = self._norm_weight(f"{name}.norm", norm)
        outputs = [f"{name}.normed", "", "", f"{name}.sum"]
        self._graph.fused(
            "SkipSimplifiedLayerNormalization", [hidden, what, weight], outputs, epsilon=norm.variance_epsilon
        )
        return outputs[3], outputs[0]

    def _norm_weight(self, name: str, norm: Any) -> str:
        return self._graph.tensor(name, _numbers(norm.weight if self._turn == 1 else torch.ones_like(norm.weight)))

    def _linear(self, states: str, layers: Sequence[Any], name: str, norm: Any = None, *turns: tuple[int, int]) -> str:
        """The outputs of `layers` side by side. `norm`: what their inputs come from; `turns`: the groups in
        which inputs and outputs of each are rotated, where those are not the states' own and none."""
        turns = turns or ((self._turn, 1),) * len(layers)
        size: int = layers[0].in_features
        bits = 8 if self._needs_eight_bits(layers) else self._bits
        graph = self._graph
        if not graph.has(f"{name}.levels"):
            scale = None if norm is None or self._turn == 1 else norm.weight
            parts = [_weight(layer, scale, *turn) for layer, turn in zip(layers, turns, strict=True)]
            self._add_blocks(name, WeightBlocks.of_all(parts, bits, self._block))
        blocks = graph.shape(f"{name}.scales")[1]
        with_means = blocks > -(-size // BLOCK)
        inputs = [
            self._and_means(states) if with_means else states,
            f"{name}.levels",
            f"{name}.scales",
            f"{name}.zeros" if graph.has(f"{name}.zeros") else "",
        ]
        if any(layer.bias is not None for layer in layers):
            bias = np.concatenate([_bias(layer, turn[1]) for layer, turn in zip(layers, turns, strict=True)])
            inputs += ["", graph.tensor(f"{name}.bias", bias)]
        return graph.fused(
            "MatMulNBits",
            inputs,
            [name],
            K=size + size // BLOCK if with_means else size,
            N=sum(layer.out_features for layer in layers),
            bits=bits,
            block_size=self._block,
            accuracy_level=_INT8_PRODUCTS,
        )

    def _needs_eight_bits(self, layers: Sequence[Any]) -> bool:
        """The logits, what has no whole blocks, what of a file of several kinds (Q4_K_M) has more than 4 bits."""
        if layers[0] is self._module.lm_head or layers[0].in_features % BLOCK:
            return True
        return self._mixed and not all(were_four_bits(layer.weight) for layer in layers)

    def _add_blocks(self, name: str, blocks: WeightBlocks) -> None:
        self._graph.tensor(f"{name}.levels", blocks.levels.numpy())
        self._graph.tensor(f"{name}.scales", blocks.scales.numpy())
        if blocks.zeros is not None:
            self._graph.tensor(f"{name}.zeros", blocks.zeros.numpy())

    def _and_means(self, states: str) -> str:
        """The states and behind them the mean of each block of them."""
        if states not in self._with_means:
            graph, block = self._graph, (BLOCK,)
            means = graph.node("AveragePool", [states], [f"{states}.means"], kernel_shape=block, strides=block)
            self._with_means[states] = graph.node("Concat", [states, means], [f"{states}.and_means"], axis=-1)
        return self._with_means[states]


def turn_of(module: Any, bits: int) -> int:
    """The group in which the vectors between the layers are rotated; 1 where they are not."""
    return group(module.config.hidden_size) if bits == 8 else 1


def _has_four_bits(layer: nn.Module) -> bool:
    """Whether a weight in it was in 4 bits before."""
    linear = [part.weight for part in layer.modules() if isinstance(part, nn.Linear)]
    return any(were_four_bits(weight) for weight in linear if not weight.shape[1] % BLOCK)


def _weight(layer: Any, scale: Tensor | None, turn_in: int, turn_out: int) -> Tensor:
    weight = layer.weight.float() if scale is None else layer.weight.float() * scale.float()
    turned = rotated(weight.numpy(), turn_in)
    if turn_out > 1:
        turned = rotated(np.ascontiguousarray(turned.T), turn_out).T
    return torch.from_numpy(np.ascontiguousarray(turned))


def _bias(layer: Any, turn: int) -> NDArray[np.float32]:
    bias = torch.zeros(layer.out_features) if layer.bias is None else layer.bias.float()
    return rotated(bias.numpy(), turn)


def _numbers(weight: Tensor) -> NDArray[np.float32]:
    numbers: NDArray[np.float32] = weight.float().numpy()
    return numbers
