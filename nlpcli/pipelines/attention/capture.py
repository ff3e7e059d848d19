"""Attention weights as they pass through a forward computation: only those that were asked for stay in memory.

A model in transformers returns the weights of all layers or of none. Here the heads that were asked for are taken out
of the matrix that the layer has computed anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nlpcli.errors import ModelUnusable, UsageError
from nlpcli.models.attention_layers import AttentionLayer
from nlpcli.models.attention_sound import Attended
from nlpcli.records.inspection import Kind

Numbers = tuple[int, ...]
Chosen = Mapping[Kind, tuple[Numbers, Numbers]]


@dataclass(frozen=True, slots=True)
class Selection:
    """Numbers of layers and heads, counted from 0, negative ones from the end; None: all."""

    layers: tuple[int, ...] | None = None
    heads: tuple[int, ...] | None = None

    def of(self, layers: Numbers, heads: Numbers) -> tuple[Numbers, Numbers]:
        """Those of the numbers that a kind of attention with these layers and heads has, in order."""
        return _existing(self.layers, layers), _existing(self.heads, heads)


EVERYTHING = Selection()


def _existing(numbers: Numbers | None, there: Numbers) -> Numbers:
    if numbers is None:
        return there
    named = {there[number] if -len(there) <= number < 0 else number for number in numbers}
    return tuple(number for number in there if number in named)


def check_selection(selection: Selection, there: Mapping[Kind, tuple[Numbers, Numbers]]) -> None:
    """Refuse a layer or a head that no kind of attention of the model has.

    Raises:
        UsageError: there is no such layer or head.
    """
    for option, numbers, kinds in (
        ("--layer", selection.layers, [layers for layers, _ in there.values()]),
        ("--head", selection.heads, [heads for _, heads in there.values()]),
    ):
        for number in numbers or ():
            if not any(_existing((number,), own) for own in kinds):
                raise UsageError(f"{option} {number} is not there; the model has {_listed(max(kinds, key=len))}")


def _listed(numbers: Numbers) -> str:
    if numbers == tuple(range(len(numbers))):
        return f"0 to {len(numbers) - 1}"
    return ", ".join(map(str, numbers))


class WeightTap:
    """Takes the weights of the chosen layers and heads, and the mean over all heads for attention rollout.

    `keep_graph` leaves the weights where gradients can be taken with respect to them.
    """

    def __init__(self, chosen: Chosen, layers: Sequence[AttentionLayer], rollout: bool, keep_graph: bool) -> None:
        self._chosen = chosen
        self._layers = {(layer.name, layer.call): layer for layer in layers}
        self._with_rollout = rollout
        self._keep_graph = keep_graph
        self._calls: Counter[str] = Counter()
        self._weights: dict[Kind, list[Tensor]] = {}
        self._visible: dict[Kind, list[Tensor]] = {}
        self.rollout: Tensor | None = None

    def observe(self, attended: Attended) -> AttentionLayer | None:
        """Take what was asked for of one computation; which layer it is of."""
        layer = self._layers.get((attended.name, self._calls[attended.name]))
        self._calls[attended.name] += 1
        if layer is None:
            return None
        if self._with_rollout and layer.kind is Kind.SELF:
            self._roll(layer, attended.weights)
        layers, heads = self._chosen[layer.kind]
        if layer.layer in layers:
            weights = attended.weights
            held = weights if self._keep_graph else weights.detach()[0, list(heads)].float().cpu()
            self._weights.setdefault(layer.kind, []).append(held)
            self._see(layer.kind, attended.visible.cpu())
        return layer

    def _see(self, kind: Kind, visible: Tensor) -> None:
        """Layers that see alike share one matrix."""
        seen = self._visible.setdefault(kind, [])
        seen.append(next((other for other in seen if torch.equal(other, visible)), visible))

    def _roll(self, layer: AttentionLayer, weights: Tensor) -> None:
        """Ã_l = (½ W_l + ½ I) Ã_{l-1}, with the mean over the heads as W (Abnar and Zuidema 2020, section 3)."""
        layers, _ = self._chosen[Kind.SELF]
        if layers and layer.layer > layers[-1]:
            return
        mean = weights[0].detach().double().mean(0)
        identity = torch.eye(len(mean), dtype=mean.dtype, device=mean.device)
        step = 0.5 * mean + 0.5 * identity
        self.rollout = step if self.rollout is None else step @ self.rollout

    def weights(self, kind: Kind) -> Tensor:
        """(layers, heads, queries, keys) float32 on the CPU.

        Raises:
            ModelUnusable: a layer that attended in the probe did not.
        """
        layers, heads = self._chosen[kind]
        taken = self._weights.get(kind, [])
        if len(taken) != len(layers):
            raise ModelUnusable(
                f"{len(taken)} of {len(layers)} layers computed attention weights over this text;"
                " the model computes it in another way than a short one"
            )
        if self._keep_graph:
            return torch.stack([weights.detach()[0, list(heads)].float().cpu() for weights in taken])
        return torch.stack(taken)

    def visible(self, kind: Kind) -> Tensor:
        """(layers, queries, keys) of booleans: which keys a query of a layer could see."""
        seen = self._visible[kind]
        if all(other is seen[0] for other in seen):
            return seen[0].expand(len(seen), -1, -1)
        return torch.stack(seen)

    def gradients(self, kind: Kind, objective: Tensor) -> Tensor:
        """∂objective/∂weights, shaped as `weights`."""
        _, heads = self._chosen[kind]
        taken = self._weights[kind]
        gradients = torch.autograd.grad(objective, taken, retain_graph=True, allow_unused=True)
        return torch.stack(
            [
                (torch.zeros_like(weights) if gradient is None else gradient)[0, list(heads)].float().cpu()
                for gradient, weights in zip(gradients, taken, strict=True)
            ]
        )
