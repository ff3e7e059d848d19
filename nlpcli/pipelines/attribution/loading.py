"""A pipeline with a second one of the same weights in float32: gradients go through no other, whatever a run computes
in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Placement
from nlpcli.runtime.precision import noted


@dataclass(frozen=True, slots=True)
class Explained:
    """What computes the results, and what explains them."""

    pipeline: Any
    exact: Any | None


@dataclass(frozen=True, slots=True)
class WithExplanations:
    """A loader of both; `load_exact` where what explains is loaded in another way."""

    load: Callable[[LocalModel, Placement], Any]
    load_exact: Callable[[LocalModel, Placement], Any] | None = None

    def __call__(self, model: LocalModel, placement: Placement) -> Explained:
        return Explained(self.load(model, placement), _beside(self.load_exact or self.load, model, placement))


@dataclass(frozen=True, slots=True)
class WithSecondLook:
    """A loader of a pipeline on the CPU, and of one in float32 where that computes in less."""

    load: Callable[[LocalModel, Placement], Any]

    def __call__(self, model: LocalModel, placement: Placement) -> Explained:
        from nlpcli.models.preparing import is_rounded

        pipeline = self.load(model, placement)
        rounds = placement.device_type == "cpu" and is_rounded(pipeline.model)
        return Explained(pipeline, _beside(self.load, model, placement) if rounds else None)


def _beside(load: Callable[[LocalModel, Placement], Any], model: LocalModel, placement: Placement) -> Any:
    """The second one; results are in the precision of the first."""
    with noted():
        return load(model, in_float32(placement))


def in_float32(placement: Placement) -> Placement:
    """The same device, in float32."""
    return replace(placement, dtype="float32", quantization=None, automatic=False, kernels=frozenset(), warning="")
