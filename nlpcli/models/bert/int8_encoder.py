"""The layers of an encoder with int8 products, over the tokens of all texts of a batch, one text behind the other.

Once products are cheap, everything else counts: there is no padding but in the embeddings, the three products of
attention are one, attention is that of texts of equal length, without a mask, and what can be is done in place. So
whatever stands beside a text changes not a bit of what it gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from nlpcli.kernels.int8_products import DynamicInt8Linear
from nlpcli.models.bert.layers import LayerNames

if TYPE_CHECKING:
    from transformers import PretrainedConfig

# The least that a GELU gives: x Φ(x) at -0.75.
_LOWEST_OF_GELU = -0.17
_GELU = frozenset({"gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python"})
_EXACT_GELU = frozenset({"gelu", "gelu_python"})
_LINEARS = ("query", "key", "value", "out", "up", "down")


class Smoothing(NamedTuple):
    """The scales (width,) by which the channels of what goes into attention and into the feed-forward part are divided,
    so that all are about equally large."""

    attention: Tensor
    feed_forward: Tensor


class EqualTexts(NamedTuple):
    """Texts of equal length that stand one behind the other: `texts` times `tokens` rows from `start` on."""

    start: int
    texts: int
    tokens: int


class Encoded(NamedTuple):
    """What an encoder gives, with the fields that the models of transformers look for: (batch, tokens, width)."""

    last_hidden_state: Tensor
    past_key_values: None = None
    hidden_states: None = None
    attentions: None = None
    cross_attentions: None = None


class Int8Layer(nn.Module):  # type: ignore[misc]
    """Takes over from a layer: (rows, width) → the same.

    What comes in is divided by `smoothing.attention` already; what goes out is divided by `onward`.
    """

    into: Tensor
    within: Tensor

    def __init__(
        self, layer: nn.Module, names: LayerNames, config: PretrainedConfig, smoothing: Smoothing, onward: Tensor
    ) -> None:
        super().__init__()
        linear = {part: cast("nn.Linear", attrgetter(getattr(names, part))(layer)) for part in _LINEARS}
        three = [linear[part] for part in ("query", "key", "value")]
        self._heads = int(config.num_attention_heads)
        self.three = DynamicInt8Linear([part.weight * smoothing.attention for part in three], [p.bias for p in three])
        self.out = DynamicInt8Linear([linear["out"].weight], [linear["out"].bias])
        self.up = DynamicInt8Linear([linear["up"].weight * smoothing.feed_forward], [linear["up"].bias])
        self.down = DynamicInt8Linear([linear["down"].weight], [linear["down"].bias], _lowest(config))
        self._activate = _activation(layer, names, config)
        self.attention_norm = _divided(attrgetter(names.attention_norm)(layer), smoothing.feed_forward)
        self.norm = _divided(attrgetter(names.norm)(layer), onward)
        self.register_buffer("into", smoothing.attention)
        self.register_buffer("within", smoothing.feed_forward)

    def forward(self, rows: Tensor, groups: Sequence[EqualTexts], position_bias: Tensor | None) -> Tensor:
        """`position_bias`: (1, heads, tokens, tokens) of the longest text, what is added to the scores."""
        context = self._attention(self.three(rows), groups, position_bias)
        attended = self.out.add_to(torch.addcmul(self.out.bias, rows, self.into), context)
        attended = self.attention_norm(attended)
        activated = self._activate(self.up(attended))
        output = self.down.add_to(torch.addcmul(self.down.bias, attended, self.within), activated)
        return cast("Tensor", self.norm(output))

    def _attention(self, projected: Tensor, groups: Sequence[EqualTexts], position_bias: Tensor | None) -> Tensor:
        found = []
        for start, texts, tokens in groups:
            rows = projected[start : start + texts * tokens]
            query, key, value = rows.view(texts, tokens, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            bias = None if position_bias is None else position_bias[..., :tokens, :tokens]
            context = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
            found.append(context.transpose(1, 2).reshape(texts * tokens, -1))
        return found[0] if len(found) == 1 else torch.cat(found)


class Int8Encoder(nn.Module):  # type: ignore[misc]
    """Takes over from an encoder of transformers: (batch, tokens, width) in, its output out.

    `whole`: layers behind the others that take padded texts, as the layer of one token does. `position_bias` makes
    what MPNet adds to its scores.
    """

    def __init__(
        self,
        layers: Sequence[Int8Layer],
        whole: Sequence[nn.Module],
        position_bias: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.layer = nn.ModuleList(layers)
        self.whole = nn.ModuleList(whole)
        self._position_bias = position_bias

    def forward(self, hidden_states: Tensor, attention_mask: Tensor | None = None, *_: Any, **__: Any) -> Encoded:
        """The mask is (batch, 1, queries or 1, tokens): True where attention is allowed, or what is added.

        Hidden states of padding are zeros.
        """
        kept = None if attention_mask is None else _allowed(attention_mask)
        rows = hidden_states.flatten(0, 1) if kept is None else hidden_states[kept]
        batch, tokens = hidden_states.shape[:2]
        groups = _groups([tokens] * batch if kept is None else kept.sum(1).tolist())
        bias = None if self._position_bias is None else self._position_bias(hidden_states[:1])
        for layer in self.layer:
            rows = layer(rows, groups, bias)
        if kept is None:
            output = rows.view_as(hidden_states)
        else:
            output = torch.zeros_like(hidden_states)
            output[kept] = rows
        for layer in self.whole:
            output = layer(output, attention_mask)
        return Encoded(output)


def _allowed(mask: Tensor) -> Tensor:
    """(batch, tokens), True where a token is one of the text: what its last query sees."""
    keys = mask[:, 0, 0]
    return keys if keys.dtype == torch.bool else keys >= 0


def _groups(lengths: Sequence[int]) -> list[EqualTexts]:
    groups, start = [], 0
    for tokens, same in groupby(lengths):
        texts = len(list(same))
        groups.append(EqualTexts(start, texts, tokens))
        start += texts * tokens
    return groups


def _divided(norm: nn.LayerNorm, scales: Tensor) -> nn.LayerNorm:
    """The layer norm whose outputs are those of `norm` divided by `scales`."""
    with torch.no_grad():
        norm.weight.div_(scales)
        norm.bias.div_(scales)
    return norm


def _activation(layer: nn.Module, names: LayerNames, config: PretrainedConfig) -> Callable[[Tensor], Tensor]:
    if _name(config) in _EXACT_GELU:
        return cast("Callable[[Tensor], Tensor]", torch.ops.aten.gelu_.default)
    return cast("Callable[[Tensor], Tensor]", attrgetter(names.activation)(layer))


def _lowest(config: PretrainedConfig) -> float | None:
    return _LOWEST_OF_GELU if _name(config) in _GELU else None


def _name(config: PretrainedConfig) -> str | None:
    return getattr(config, "hidden_act", None) or getattr(config, "activation", None)
