"""Attention weights as they pass through a forward computation: only those that were asked for stay in memory.

A model in transformers returns the weights of all layers or of none. Here a hook on each attention takes its heads out
of the matrix that the layer has computed anyway.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nlpcli.errors import ModelUnusable, UsageError
from nlpcli.models.attention_layers import AttentionLayer
from nlpcli.records.inspection import Kind


@dataclass(frozen=True, slots=True)
class Selection:
    """Numbers of layers and heads, counted from 0, negative ones from the end; None: all."""

    layers: tuple[int, ...] | None = None
    heads: tuple[int, ...] | None = None

    def of(self, layers: int, heads: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Those of the numbers that a kind of attention with so many layers and heads has, in order."""
        return _existing(self.layers, layers), _existing(self.heads, heads)


EVERYTHING = Selection()


def _existing(numbers: tuple[int, ...] | None, count: int) -> tuple[int, ...]:
    if numbers is None:
        return tuple(range(count))
    return tuple(sorted({number % count for number in numbers if -count <= number < count}))


def check_selection(selection: Selection, shapes: dict[Kind, tuple[int, int]]) -> None:
    """Refuse a layer or a head that no kind of attention of the model has.

    Raises:
        UsageError: there is no such layer or head.
    """
    for option, numbers, counts in (
        ("--layer", selection.layers, [layers for layers, _ in shapes.values()]),
        ("--head", selection.heads, [heads for _, heads in shapes.values()]),
    ):
        most = max(counts, default=0)
        for number in numbers or ():
            if not -most <= number < most:
                raise UsageError(f"{option} {number} is not there; the model has 0 to {most - 1}")


class WeightTap:
    """Takes the weights of the chosen layers and heads, and the mean over all heads for attention rollout.

    `keep_graph` leaves the weights where gradients can be taken with respect to them.
    """

    def __init__(
        self, chosen: dict[Kind, tuple[tuple[int, ...], tuple[int, ...]]], rollout: bool, keep_graph: bool
    ) -> None:
        self._chosen = chosen
        self._with_rollout = rollout
        self._keep_graph = keep_graph
        self._weights: dict[Kind, list[Tensor]] = {}
        self.rollout: Tensor | None = None

    @contextmanager
    def on(self, layers: Sequence[AttentionLayer]) -> Iterator[None]:
        """Listen while the model computes."""
        handles = [layer.module.register_forward_hook(self._hook(layer)) for layer in layers]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _hook(self, layer: AttentionLayer) -> Any:
        def take(module: nn.Module, inputs: Any, output: Any) -> None:  # noqa: ARG001
            weights = weights_in(output, module)
            if self._with_rollout and layer.kind is Kind.SELF:
                self._roll(layer, weights)
            layers, heads = self._chosen[layer.kind]
            if layer.layer in layers:
                held = weights if self._keep_graph else weights[0, list(heads)].float().cpu()
                self._weights.setdefault(layer.kind, []).append(held)

        return take

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
        """(layers, heads, queries, keys) float32 on the CPU."""
        _, heads = self._chosen[kind]
        taken = self._weights[kind]
        if self._keep_graph:
            return torch.stack([weights.detach()[0, list(heads)].float().cpu() for weights in taken])
        return torch.stack(taken)

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


def weights_in(output: Any, module: nn.Module) -> Tensor:
    """The weights (1, heads, queries, keys) among what an attention returns; they stand last.

    Raises:
        ModelUnusable: it returns none.
    """
    weights = output[-1] if isinstance(output, tuple) else None
    if not isinstance(weights, Tensor) or weights.dim() != 4:
        raise ModelUnusable(f"{type(module).__name__} returns no attention weights; choose another model")
    return weights
