"""What a layer computed, against the formula, from the layer's own queries, keys and values.

    Attention(Q, K, V) = softmax(QKᵀ/√d_k)V
    MultiHead(Q, K, V) = Concat(head_1, …, head_h)W^O            (Vaswani et al. 2017, sections 3.2.1 and 3.2.2)

Q, K and V are what the projections gave. Scale, softcap, head sharing, biases and positions are worked out here from
the configuration, not taken from the module that is being checked. Everything is computed in float64.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.models.attention_layers import AttentionLayer
from nlpcli.models.attention_sound import Attended
from nlpcli.pipelines.attention.position_bias import AGAIN, disentangled, position_bias
from nlpcli.pipelines.attention.projected import projected
from nlpcli.pipelines.attention.scale import scale, softcap
from nlpcli.records.inspection import TOLERANCE, Kind, LayerCheck

# What is checked to compute in this way; in others a difference in every layer may be something that is not known.
FAMILIES = frozenset({
    "albert", "arcee", "bart", "bergamot", "bert", "big_bird", "biogpt", "bitnet", "blenderbot", "bloom", "camembert",
    "codegen", "cohere", "cohere2", "deberta",
    "deberta-v2", "deepseek_v2", "deepseek_v3", "distilbert", "dots1", "electra", "ernie", "ernie4_5",
    "esm", "eurobert", "exaone4", "gemma", "gemma2", "gemma3_text", "glm", "glm4", "gpt2", "gpt_bigcode", "gpt_neo",
    "gpt_neox", "gpt_oss", "gptj", "granite", "helium", "jamba", "lfm2", "llama", "m2m_100", "marian", "mbart",
    "mistral", "mixtral", "modernbert", "mpnet", "mpt", "mt5", "nemotron", "nomic_bert", "olmo", "olmo2", "openai-gpt",
    "opt", "pegasus", "persimmon", "phi", "phi3", "plbart", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "qwen3_next",
    "rembert", "roberta", "roformer", "seed_oss", "smollm3", "stablelm", "starcoder2", "t5", "umt5", "xglm",
    "xlm-roberta",
})  # fmt: skip
_OUTPUTS = frozenset({"o_proj", "out_proj", "o", "dense", "out_lin", "c_proj", "Wo", "wo", "proj", "output"})
_NORMS = frozenset(
    {"q_norm", "k_norm", "q_layernorm", "k_layernorm", "query_layernorm", "key_layernorm", "attn_sub_norm"}
)


@dataclass(slots=True)
class Seen:
    """What the parts of one attention made before it attended, by their names in it, each (tokens, features)."""

    arguments: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Tensor] = field(default_factory=dict)
    modules: dict[str, nn.Module] = field(default_factory=dict)


@dataclass(slots=True)
class _Heads:
    """A layer that waits for its W^O. `weights`: the difference of these; `expected` (queries, heads, head_dim)."""

    layer: AttentionLayer
    weights: float
    expected: Tensor
    magnitude: Tensor
    computed: Tensor | None

    def difference_to(self, heads: Tensor) -> float:
        """The largest, relative to the largest value of the head."""
        found = (self.expected - heads.detach().double()).abs().amax((0, 2))
        return float(_relative(found, self.magnitude).max())

    @property
    def difference(self) -> float:
        return self.weights if self.computed is None else max(self.weights, self.difference_to(self.computed))


class FormulaCheck:
    """Hears every attention of a model while it computes, and recomputes it."""

    def __init__(self, model: nn.Module, layers: Sequence[AttentionLayer], name: str) -> None:
        self._model = model
        self._layers = layers
        self._name = name
        self._seen: dict[str, Seen] = {}
        self._waiting: list[_Heads] = []
        self._checks: list[LayerCheck] = []

    @contextmanager
    def on(self) -> Iterator[None]:
        """Listen to projections and norms while the model computes."""
        handles = []
        for name in {layer.name: None for layer in self._layers}:
            seen = self._seen[name] = Seen()
            attention = self._model.get_submodule(name)
            handles.append(attention.register_forward_pre_hook(_note_arguments(seen), with_kwargs=True))
            for part, module in attention.named_modules():
                if part and (_is_linear(module) or part.rpartition(".")[2] in _NORMS):
                    seen.modules[part] = module
                    handles.append(module.register_forward_hook(_note_output(seen, part)))
        for name, module in self._model.named_modules():
            if _is_linear(module) and name.rpartition(".")[2] in _OUTPUTS:
                handles.append(module.register_forward_hook(self._hear_output))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def observe(self, layer: AttentionLayer, attended: Attended) -> None:
        """Recompute the weights of a layer, and then these times V.

        Raises:
            ModelUnusable: it holds NaN or an infinity, or makes queries and keys in a way that is not known.
        """
        self._refuse_waiting()
        seen = self._seen[layer.name]
        weights = attended.weights.detach()[0].double()
        self._refuse_what_is_no_number(layer, "weights", weights)
        config = getattr(layer.module, "config", None) or self._model.config.get_text_config()
        visible = _declared(layer, attended, config)
        tried: list[_Heads] = []
        for query, key, value in projected(seen, attended, config):
            self._refuse_what_is_no_number(layer, "queries, keys or values", query, key, value)
            key, value = (states.repeat_interleave(len(query) // len(states), 0) for states in (key, value))
            found = self._compared(layer, config, weights, visible, query, key)
            heads = _Heads(layer, found, (weights @ value).transpose(0, 1), value.abs().amax((1, 2)), attended.heads)
            tried.append(heads)
        if not tried:
            raise ModelUnusable(
                f"--verify does not know how {getattr(config, 'model_type', self._name)} models make queries, keys and"
                " values; leave it out, or choose another model with -m"
            )
        # Where queries and keys say little, it is the values that tell how a projection is laid out.
        fit = [heads for heads in tried if heads.difference <= TOLERANCE]
        self._waiting = fit or [min(tried, key=lambda heads: heads.difference)]

    def _compared(
        self, layer: AttentionLayer, config: Any, weights: Tensor, visible: Tensor, query: Tensor, key: Tensor
    ) -> float:
        """The largest difference to softmax(QKᵀ/√d_k …), relative to the largest weight of the row and to how much
        float32 rounds in products of this size.
        """
        factor = scale(config, query.shape[-1], layer)
        positions = disentangled(self._seen[layer.name].made, query, key, config)
        scores = softcap(config, (query @ key.transpose(-1, -2) + positions) * factor)
        scores = scores + position_bias(self._model, layer, self._layers, config, scores, query.shape[-1])
        expected = _softmax(scores.masked_fill(~visible, -torch.inf), layer.module)
        products = query.abs() @ key.abs().transpose(-1, -2) * abs(factor)
        magnitude = 1 + products.masked_fill(~visible, 0).amax((1, 2))
        found = _relative((expected - weights).abs().amax(-1), expected.amax(-1))
        return float((found.amax(-1) / magnitude).max())

    def _hear_output(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        """What the layer maps to its output, and what W^O makes of it."""
        waiting = [heads for heads in self._waiting if heads.expected.numel() == inputs[0].numel()]
        if not waiting:
            return
        self._waiting = []
        given = inputs[0].detach().double().reshape(waiting[0].expected.shape)
        seen = self._seen[waiting[0].layer.name]
        heads, best = min(((_mapped(seen, heads).difference_to(given), heads) for heads in waiting), key=itemgetter(0))
        if best.computed is not None:
            heads = max(heads, best.difference_to(best.computed))
        mapped, magnitude = _map(module, given.flatten(1))
        made = output.detach().double().flatten(0, -2)
        last = float(_relative((mapped - made).abs().amax(0), magnitude.amax(0)).max())
        self._refuse_what_is_no_number(best.layer, "heads or output", torch.tensor([best.weights, heads, last]))
        self._checks.append(LayerCheck(best.layer.kind, best.layer.layer, best.weights, heads, last))

    def checks(self, outputs: Any) -> list[LayerCheck]:
        """The outcome, a check for each layer.

        Raises:
            ModelUnusable: what the model answers with is no number, or a layer has no output that could be checked.
        """
        self._refuse_waiting()
        for kind in Kind:
            own = [check for check in self._checks if check.kind is kind]
            family = self._model.config.get_text_config().model_type
            nowhere = all(check.weights > TOLERANCE for check in own) or all(check.heads > TOLERANCE for check in own)
            if own and family not in FAMILIES and nowhere:
                raise ModelUnusable(
                    f"no layer of {quoted(self._name)} computes softmax(QKᵀ/√d_k)·V as --verify knows it: its family"
                    f" ({family}) adds something of its own, or its configuration is wrong; leave --verify out"
                )
        answer = outputs.get("logits", outputs.get("last_hidden_state"))
        if answer is not None and not answer.isfinite().all():
            raise ModelUnusable(f"the output of {quoted(self._name)} is NaN or infinite; its weights are damaged")
        return self._checks

    def _refuse_waiting(self) -> None:
        if self._waiting:
            raise ModelUnusable(
                f"--verify does not find W^O of {self._waiting[0].layer.name}; leave it out,"
                " or choose another model with -m"
            )

    def _refuse_what_is_no_number(self, layer: AttentionLayer, what: str, *values: Tensor) -> None:
        if not all(bool(tensor.isfinite().all()) for tensor in values):
            raise ModelUnusable(
                f"the {what} of {layer.kind} layer {layer.layer} of {quoted(self._name)} are NaN or infinite;"
                " the layers do not compute the formula: the model's weights are damaged or too large"
            )


def _note_arguments(seen: Seen) -> Any:
    def note(module: nn.Module, inputs: Any, arguments: Any) -> None:  # noqa: ARG001
        seen.arguments = arguments
        seen.made.clear()

    return note


def _note_output(seen: Seen, part: str) -> Any:
    def note(module: nn.Module, inputs: Any, output: Tensor) -> None:  # noqa: ARG001
        seen.made[part if part not in seen.made else part + AGAIN] = output.detach().clone()  # DeBERTa divides in place

    return note


def _is_linear(module: nn.Module) -> bool:
    return isinstance(module, (nn.Linear, Conv1D))


def _declared(layer: AttentionLayer, attended: Attended, config: Any) -> Tensor:
    """What a query may look at: what the mask that the layer was given lets through, and no more than it says."""
    visible = attended.visible
    queries, keys = visible.shape
    if layer.kind is Kind.CROSS:
        return visible
    behind = torch.arange(queries, device=visible.device)[:, None] - torch.arange(keys, device=visible.device)
    if _is_causal(layer, config):
        visible = visible & (behind >= 0)
        types = getattr(config, "layer_types", None) or ()
        if layer.layer < len(types) and types[layer.layer] == "sliding_attention" and config.sliding_window:
            visible = visible & (behind < config.sliding_window)
    return visible


def _is_causal(layer: AttentionLayer, config: Any) -> bool:
    says = getattr(layer.module, "is_causal", False) and getattr(config, "is_causal", True) is not False
    return bool(says) and not getattr(config, "use_bidirectional_attention", False)


def _softmax(scores: Tensor, module: nn.Module) -> Tensor:
    """Sinks take their share of the weight and give none of it to a token (Xiao et al. 2023)."""
    sinks = getattr(module, "sinks", None)
    if sinks is None:
        return torch.softmax(scores, dim=-1)
    column = sinks.detach().double().reshape(-1, 1, 1).expand(-1, scores.shape[1], 1)
    return torch.softmax(torch.cat([scores, column], dim=-1), dim=-1)[..., :-1]


def _mapped(seen: Seen, heads: _Heads) -> _Heads:
    """What W^O is given: Qwen3-Next's projection of queries holds a gate for each head's output behind them, and BitNet
    normalizes all heads together.
    """
    tokens, count, size = heads.expected.shape
    if "attn_sub_norm" in seen.made:
        norm: Any = seen.modules["attn_sub_norm"]
        flat = heads.expected.flatten(1)
        flat = flat * torch.rsqrt(flat.square().mean(-1, keepdim=True) + norm.variance_epsilon)
        normed = (flat * norm.weight.detach().double()).reshape(heads.expected.shape)
        return replace(heads, expected=normed, magnitude=normed.abs().amax((0, 2)))
    made = seen.made.get("q_proj")
    if made is None or made.shape[-1] != 2 * count * size:
        return heads
    gate = made[0].double().reshape(tokens, count, 2 * size)[..., size:]
    return replace(heads, expected=heads.expected * torch.sigmoid(gate))


def _map(linear: nn.Module, states: Tensor) -> tuple[Tensor, Tensor]:
    """xW (+ b), and the same with all signs positive; transformers' Conv1D keeps its weight transposed."""
    weight: Any = linear.weight
    weight = weight.detach().double()
    weight = weight if isinstance(linear, Conv1D) else weight.T
    mapped, magnitude = states @ weight, states.abs() @ weight.abs()
    bias: Any = getattr(linear, "bias", None)
    if bias is None:
        return mapped, magnitude
    return mapped + bias.detach().double(), magnitude + bias.detach().double().abs()


def _relative(difference: Tensor, magnitude: Tensor) -> Tensor:
    """Where there is nothing at all, nothing may differ."""
    return torch.where(difference > 0, difference / magnitude.clamp(min=math.ulp(0.0)), difference)
