"""The last layer of an encoder of which only the first token is read.

Classifiers of BERT's kind judge a text by its first token. Whatever their last layer computes for the others is thrown
away, and even keys and values need not be made: where there is one query, its product with W^K is taken first,

    q·(W^K x + b) = (q W^K)·x + q·b,    Σ_t a_t (W^V x_t + b) = W^V (Σ_t a_t x_t) + b,

and q·b, the same for every token, drops out of the softmax. That saves nearly the whole layer, one of six or twelve.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from nlpcli.models.bert.layers import Finish, LayerNames, layer_names


class FirstTokenLayer(nn.Module):  # type: ignore[misc]
    """Takes over from a layer whose other tokens nobody reads: (batch, tokens, width) → (batch, 1, width)."""

    key_weight: Tensor
    value_weight: Tensor
    value_bias: Tensor

    def __init__(self, layer: nn.Module, names: LayerNames, finish: Finish, heads: int) -> None:
        super().__init__()
        self.query = _taken(layer, names.query)
        key, value = _taken(layer, names.key), _taken(layer, names.value)
        self.rest = layer
        self._finish, self._heads = finish, heads
        self._scaling = (self.query.out_features // heads) ** -0.5
        self.register_buffer("key_weight", _by_head(key.weight, heads))
        self.register_buffer("value_weight", _by_head(value.weight, heads))
        self.register_buffer("value_bias", _by_head(value.bias, heads))

    def forward(self, hidden_states: Tensor, attention_mask: Tensor | None = None, *_: Any, **__: Any) -> Tensor:
        """The mask is (batch, 1, queries, tokens), True where attention is allowed."""
        first = hidden_states[:, :1]
        query = self.query(first).squeeze(1).unflatten(-1, (self._heads, -1)) * self._scaling
        query_of_input = torch.einsum("bhd,hdw->bhw", query, self.key_weight)
        scores = (query_of_input @ hidden_states.transpose(1, 2)).float()
        if attention_mask is not None:
            scores = scores.masked_fill(~attention_mask[:, :, 0], torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).to(hidden_states.dtype)
        context = torch.einsum("bhw,hdw->bhd", weights @ hidden_states, self.value_weight) + self.value_bias
        return self._finish(self.rest, context.flatten(1).unsqueeze(1), first)


def read_first_token_alone(classifier: nn.Module) -> None:
    """Have the last layer of `classifier` compute no token but the first, where its head reads no other."""
    names = layer_names(classifier.config)
    if names is not None and names.finish is not None:
        layers = names.of(classifier)
        layers[-1] = FirstTokenLayer(layers[-1], names, names.finish, classifier.config.num_attention_heads)


def _taken(layer: nn.Module, name: str) -> nn.Linear:
    parent, _, own = name.rpartition(".")
    linear = cast("nn.Linear", layer.get_submodule(name))
    delattr(layer.get_submodule(parent), own)
    return linear


def _by_head(parameter: Tensor, heads: int) -> Tensor:
    return parameter.detach().unflatten(0, (heads, -1))
