"""The answer of a model without some of its heads: what they give is 0, the rest computes as it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from nlpcli.errors import UsageError
from nlpcli.models.attention_layers import AttentionLayer
from nlpcli.models.attention_sound import Attended
from nlpcli.records.inspection import Head, Kind

Numbers = tuple[int, ...]
Named = tuple[str | None, int, int]
"""A head as it was asked for: the kind of its attention or None, its layer, its number."""


class Silencer:
    """Observes a model and silences heads, in as many passes as it computes."""

    def __init__(self, layers: Sequence[AttentionLayer], heads: Iterable[Head]) -> None:
        self._layers = {(layer.name, layer.call): layer for layer in layers}
        self._calls_in_a_pass = Counter(layer.name for layer in layers)
        self._calls: Counter[str] = Counter()
        self._silent: dict[tuple[Kind, int], list[int]] = {}
        for head in heads:
            self._silent.setdefault((head.kind, head.layer), []).append(head.head)

    def observe(self, attended: Attended) -> Collection[int] | None:
        """The heads of this layer that are to be silent."""
        if attended.name not in self._calls_in_a_pass:
            return None
        call = self._calls[attended.name] % self._calls_in_a_pass[attended.name]
        self._calls[attended.name] += 1
        layer = self._layers[attended.name, call]
        return self._silent.get((layer.kind, layer.layer))


def heads_of(named: Named, there: Mapping[Kind, tuple[Numbers, Numbers]]) -> list[Head]:
    """The heads that the model has by this name: one of each kind of attention where none was said.

    Raises:
        UsageError: it has none.
    """
    kind, layer, head = named
    found = []
    for own, (layers, heads) in there.items():
        if kind in (None, own.value):
            # Negative numbers count from the end.
            at_layer = layers[layer] if -len(layers) <= layer < 0 else layer
            at_head = heads[head] if -len(heads) <= head < 0 else head
            if at_layer in layers and at_head in heads:
                found.append(Head(own, at_layer, at_head))
    if not found:
        asked = f"{kind}:{layer}.{head}" if kind else f"{layer}.{head}"
        has = "; ".join(
            f"{own.value}: {_listed(layers)}, each with {_listed(heads)}" for own, (layers, heads) in there.items()
        )
        raise UsageError(f"--ablate {asked} is not there; the model has the layers and heads {has}")
    return found


def _listed(numbers: Numbers) -> str:
    if numbers == tuple(range(len(numbers))):
        return f"0 to {len(numbers) - 1}"
    return ", ".join(map(str, numbers))


def divergence(before: Tensor, after: Tensor) -> float:
    """KL(before ‖ after) in nats, of logits (…, words): the mean over whatever stands before the last dimension."""
    p, q = (torch.log_softmax(logits.double(), dim=-1) for logits in (before, after))
    # A word that can never be said adds nothing: 0 · log 0 is 0.
    terms = torch.where(p == -torch.inf, 0.0, p.exp() * (p - q))
    return float(terms.sum(-1).mean().clamp(min=0.0))


def mean_vector(outputs: Any) -> Tensor:
    """The mean of the last hidden states, in float64."""
    vector: Tensor = outputs.last_hidden_state[0].detach().double().mean(0)
    return vector
