"""Integrated gradients (Sundararajan, Taly and Yan 2017): what of a number each token of the input makes.

    score_t = (x_t - b_t) · ∫₀¹ ∂F/∂x_t (b + α(x - b)) dα

The scores sum to F(x) - F(b) (completeness); how far they are from it is the error of the quadrature.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# Nodes of the quadrature: doubled until the error is small enough, or there are too many.
_FIRST_STEPS, _MOST_STEPS = 32, 512
# The error that is small enough: this share of F(x) - F(b), or so little that no digit that is shown changes.
TOLERANCE, _NO_DIGIT = 0.01, 5e-4
# Tokens of all points on the way that are computed at a time.
_TOKENS_AT_A_TIME = 512

Score = Callable[[Tensor], Tensor]
"""Embeddings (points, tokens, width) → the number of each point (points,)."""


@dataclass(frozen=True, slots=True)
class Integral:
    """`scores` (tokens,) float64: what of `value` - `baseline`, F(x) - F(b), each token makes."""

    scores: np.ndarray[tuple[int], np.dtype[np.float64]]
    value: float
    baseline: float
    steps: int

    @property
    def error(self) -> float:
        """What the scores lack of completeness: F(x) - F(b) - Σ scores."""
        return self.value - self.baseline - float(self.scores.sum())

    @property
    def is_close(self) -> bool:
        """Whether the error is as small as it is to be."""
        return abs(self.error) <= max(TOLERANCE * abs(self.value - self.baseline), _NO_DIGIT)


def integrated_gradients(score: Score, inputs: Tensor, baseline: Tensor) -> Integral:
    """The integral from `baseline` to `inputs`, both (tokens, width), with as many steps as it needs.

    Gauss and Legendre's nodes: an integrand as smooth as a network's needs far fewer of them than a Riemann sum.
    """
    with torch.no_grad():
        value, start = score(torch.stack([inputs, baseline])).double().tolist()
    steps = _FIRST_STEPS
    while True:
        integral = Integral(_quadrature(score, inputs, baseline, steps), value, start, steps)
        if integral.is_close or steps >= _MOST_STEPS:
            return integral
        steps *= 2


def _quadrature(
    score: Score, inputs: Tensor, baseline: Tensor, steps: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    places = torch.tensor((nodes + 1) / 2, dtype=inputs.dtype, device=inputs.device)
    shares = torch.tensor(weights / 2, device=inputs.device)
    difference = inputs - baseline
    total = torch.zeros_like(inputs, dtype=torch.float64)
    rows = max(1, _TOKENS_AT_A_TIME // max(1, len(inputs)))
    for chunk, share in zip(places.split(rows), shares.split(rows), strict=True):
        points = (baseline + chunk[:, None, None] * difference).requires_grad_()
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(score(points).sum(), points)
        total += torch.einsum("p,ptw->tw", share, gradient.double())
    scores: np.ndarray[tuple[int], np.dtype[np.float64]] = (total * difference.double()).sum(-1).cpu().numpy()
    return scores
