"""The layers of a Bergamot model for greedy decoding: `Encoder` and `Decoder`, each called once a batch or a step.

They are written in the part of Python that TorchScript compiles, so that a step runs without the interpreter.
"""

from __future__ import annotations

import warnings
from copy import copy
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nlpcli.models.students.linears import Linears

# Rows of a batch that go through the encoder's feed-forward together.
_SLAB = 256
_COMPILING = Lock()


def compiled(module: nn.Module) -> nn.Module:
    """The module without Python: between its operations it waits for no other thread, and keeps none waiting.

    TorchScript is no longer developed, but nothing else in torch does this where there is no C++ compiler. Without it
    the module gives the same. For a moment torch puts wrong values into the module that it compiles, so it gets one
    that nobody runs.
    """
    with _COMPILING, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted: nn.Module = torch.jit.script(_twin(module).eval())
        return scripted


def _twin(module: nn.Module) -> nn.Module:
    """Another module with the same tensors."""
    twin = copy(module)
    twin._modules = {name: _twin(child) for name, child in module._modules.items()}
    return twin


class Norm(nn.Module):  # type: ignore[misc]
    """A layer norm without what nn.LayerNorm does around it, which takes as long as the norm of a few rows."""

    def __init__(self, layer: nn.LayerNorm) -> None:
        super().__init__()
        self.shape = list(layer.normalized_shape)
        self.weight, self.bias, self.epsilon = layer.weight.detach(), layer.bias.detach(), layer.eps

    def forward(self, x: Tensor) -> Tensor:
        return torch.layer_norm(x, self.shape, self.weight, self.bias, self.epsilon)


class EncoderLayer(nn.Module):  # type: ignore[misc]
    """One layer; hidden states (tokens, d_model): the tokens of all sources in a row.

    Sources of one length lie side by side and attend to their tokens neither padded nor masked: `rows` of `lengths`.
    """

    def __init__(self, layer: Any, linears: Linears) -> None:
        super().__init__()
        attention: Any = layer.self_attn
        self.head_dim = attention.head_dim
        self.qkv = linears.of(attention.q_proj, attention.k_proj, attention.v_proj)
        self.out = linears.of(attention.out_proj)
        self.attention_norm = Norm(layer.self_attn_layer_norm)
        self.fc1 = linears.of(layer.fc1, activation="relu")
        self.fc2 = linears.of(layer.fc2, positive=True)
        self.norm = Norm(layer.final_layer_norm)
        # All of a batch at once, what lies between the two matrices would be megabytes, and fetching them takes longer.
        self.slab = _SLAB if layer.fc1.weight.device.type == "cpu" else 1 << 30

    def forward(self, hidden: Tensor, rows: list[int], lengths: list[int]) -> Tensor:
        qkv = self.qkv(hidden)
        if hidden.device.type == "cpu" and hidden.dtype != torch.float32:
            # oneDNN compiles a kernel for every shape of bfloat16 (docs/decisions/0004).
            qkv = qkv.float()
        attended: list[Tensor] = []
        start = 0
        for count, length in zip(rows, lengths):  # noqa: B905 - TorchScript knows no strict
            attended.append(self.attended(qkv[start : start + count * length], count, length))
            start += count * length
        hidden = self.attention_norm(self.out(torch.cat(attended).to(hidden.dtype)).add_(hidden))
        slabs: list[Tensor] = []
        for slab in hidden.split(self.slab):
            slabs.append(self.fc2(self.fc1(slab)))  # noqa: PERF401
        return self.norm(torch.cat(slabs).add_(hidden))

    def attended(self, qkv: Tensor, rows: int, length: int) -> Tensor:
        heads = qkv.view(rows, length, 3, -1, self.head_dim).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(heads[0], heads[1], heads[2])
        return found.transpose(1, 2).reshape(rows * length, -1)


class Encoder(nn.Module):  # type: ignore[misc]
    """All layers; see EncoderLayer."""

    def __init__(self, model: Any, linears: Linears) -> None:
        super().__init__()
        self.layers = nn.ModuleList([EncoderLayer(layer, linears) for layer in model.model.encoder.layers])

    def forward(self, hidden: Tensor, rows: list[int], lengths: list[int]) -> Tensor:
        for layer in self.layers:
            hidden = layer(hidden, rows, lengths)
        return hidden


class DecoderLayer(nn.Module):  # type: ignore[misc]
    """One layer at one step; hidden states and the state of the SSRU are (batch, d_model).

    `keys` (batch · heads, head_dim, tokens) and `values` (batch · heads, tokens, head_dim) of the source are one matrix
    per row and head, as batched products want them; `added` to the scores is (batch · heads, 1, tokens), or (1,).
    `most`, where it is kept, is of that shape: the most that a head looked at a token so far.
    """

    def __init__(self, layer: Any, linears: Linears) -> None:
        super().__init__()
        attention: Any = layer.encoder_attn
        self.head_dim = attention.head_dim
        self.scale = attention.head_dim**-0.5
        self.ssru = linears.of(layer.ssru.forget_proj, layer.ssru.in_proj)
        self.ssru_norm = Norm(layer.ssru_layer_norm)
        self.query, self.out = linears.of(attention.q_proj), linears.of(attention.out_proj)
        self.attention_norm = Norm(layer.encoder_attn_layer_norm)
        self.fc1 = linears.of(layer.fc1, activation="relu")
        self.fc2 = linears.of(layer.fc2, positive=True)
        self.norm = Norm(layer.final_layer_norm)

    def forward(
        self, hidden: Tensor, state: Tensor, keys: Tensor, values: Tensor, added: Tensor, most: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        dtype = hidden.dtype
        forget, fresh = self.ssru(hidden).chunk(2, dim=-1)
        state = torch.lerp(fresh.float(), state, forget.float().sigmoid())
        hidden = self.ssru_norm(state.relu().to(dtype).add_(hidden))
        # Keys and values are kept in float32.
        query = self.query(hidden).to(keys.dtype)
        weights = torch.baddbmm(added, query.view(-1, 1, self.head_dim), keys, alpha=self.scale).softmax(-1)
        if most is not None:
            torch.maximum(most, weights, out=most)
        found = torch.bmm(weights, values).view(hidden.shape).to(dtype)
        hidden = self.attention_norm(self.out(found).add_(hidden))
        return self.norm(self.fc2(self.fc1(hidden)).add_(hidden)), state


class Decoder(nn.Module):  # type: ignore[misc]
    """All layers at one step; see DecoderLayer. One tensor a layer, but `most`, which is the last one's."""

    def __init__(self, model: Any, linears: Linears) -> None:
        super().__init__()
        self.layers = nn.ModuleList([DecoderLayer(layer, linears) for layer in model.model.decoder.layers])
        self.last = len(self.layers) - 1

    def forward(
        self,
        hidden: Tensor,
        states: list[Tensor],
        keys: list[Tensor],
        values: list[Tensor],
        added: Tensor,
        most: Tensor,
    ) -> tuple[Tensor, list[Tensor]]:
        fresh: list[Tensor] = []
        for number, layer in enumerate(self.layers):
            of_layer = most if number == self.last else None
            hidden, state = layer(hidden, states[number], keys[number], values[number], added, of_layer)
            fresh.append(state)
        return hidden, fresh
