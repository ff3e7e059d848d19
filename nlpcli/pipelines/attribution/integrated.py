"""Integrated gradients (Sundararajan, Taly and Yan 2017): what of a number each token of the input makes.

    score_t = (x_t - b_t) · ∫₀¹ ∂F/∂x_t (b + α(x - b)) dα

The scores sum to F(x) - F(b) (completeness); how far they are from it is the error of the quadrature. It is known on
every part of the way, so that nodes go where it is large: a decoder's F has poles beside the way (a normalization of
next to nothing) and moves by more within a hundredth of it than from end to end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

# Parts of the way at first, and Gauss and Legendre's nodes of each; parts are halved until the error is small enough.
_FIRST_PARTS, _NODES = 4, 8
_MANY_STEPS, _MOST_STEPS = 1024, 4096
# The error that is small enough: this share of F(x) - F(b), or so little that no digit that is shown changes. Where
# many steps do not reach it, a larger share has to do.
TOLERANCE, LARGER_TOLERANCE, _NO_DIGIT = 0.01, 0.05, 5e-4
# Tokens of all points on the way that are computed at a time.
_TOKENS_AT_A_TIME = 512

Score = Callable[[Tensor], Tensor]
"""Embeddings (points, tokens, width) → the number of each point (points,)."""
Scores = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Integral:
    """`scores` (tokens,) float64: what of `value` - `baseline`, F(x) - F(b), each token makes."""

    scores: Scores
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
        return abs(self.error) <= _small_enough(self.value - self.baseline, self.steps)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the way from baseline to input, `start` to `end` within 0 and 1, with F there, and its scores."""

    start: float
    end: float
    at_start: float
    at_end: float
    scores: Scores

    @property
    def error(self) -> float:
        return abs(self.at_end - self.at_start - float(self.scores.sum()))


def integrated_gradients(score: Score, inputs: Tensor, baseline: Tensor) -> Integral:
    """The integral from `baseline` to `inputs`, both (tokens, width), with as many steps as it needs."""
    way = _Way(score, inputs, baseline)
    parts = way.parts(np.linspace(0, 1, _FIRST_PARTS + 1).tolist())
    made = parts[-1].at_end - parts[0].at_start
    steps = _NODES * len(parts)
    while steps < _MOST_STEPS:
        most = ((_MANY_STEPS if steps < _MANY_STEPS else _MOST_STEPS) - steps) // (2 * _NODES)
        worst = _worst(parts, _small_enough(made, steps), most)
        if not worst:
            break
        parts = [part for part in parts if all(part is not other for other in worst)] + way.halves(worst)
        steps += 2 * _NODES * len(worst)
    parts.sort(key=lambda part: part.start)
    scores = np.sum([part.scores for part in parts], axis=0)
    return Integral(scores, parts[-1].at_end, parts[0].at_start, steps)


def _small_enough(difference: float, steps: int) -> float:
    share = TOLERANCE if steps < _MANY_STEPS else LARGER_TOLERANCE
    return max(share * abs(difference), _NO_DIGIT)


def _worst(parts: Sequence[_Part], enough: float, most: int) -> list[_Part]:
    """The parts without whose error the others are exact enough together; none where all of them are, or where the
    model gives no numbers, which no step makes better.
    """
    left = sum(part.error for part in parts)
    if not enough < left < math.inf:
        return []
    worst = []
    for part in sorted(parts, key=lambda part: -part.error)[:most]:
        if left <= enough / 2:
            break
        worst.append(part)
        left -= part.error
    return worst


class _Way:
    """The straight line from baseline to input."""

    def __init__(self, score: Score, inputs: Tensor, baseline: Tensor) -> None:
        self._score = score
        self._baseline = baseline
        self._difference = inputs - baseline
        self._rows = max(1, _TOKENS_AT_A_TIME // max(1, len(inputs)))
        self._nodes, self._weights = np.polynomial.legendre.leggauss(_NODES)

    def parts(self, ends: Sequence[float]) -> list[_Part]:
        """From each of `ends` to the next."""
        values, scores = self._values(ends), self._integrals(list(pairwise(ends)))
        return [_Part(*piece) for piece in zip(ends, ends[1:], values, values[1:], scores, strict=False)]

    def halves(self, parts: Sequence[_Part]) -> list[_Part]:
        """Each part as two."""
        middles = [(part.start + part.end) / 2 for part in parts]
        values = self._values(middles)
        first = self._integrals([(part.start, middle) for part, middle in zip(parts, middles, strict=True)])
        second = self._integrals([(middle, part.end) for part, middle in zip(parts, middles, strict=True)])
        return [
            half
            for part, middle, value, *scores in zip(parts, middles, values, first, second, strict=True)
            for half in (
                _Part(part.start, middle, part.at_start, value, scores[0]),
                _Part(middle, part.end, value, part.at_end, scores[1]),
            )
        ]

    def _points(self, places: Tensor) -> Tensor:
        return self._baseline + places.to(self._baseline)[:, None, None] * self._difference

    def _values(self, places: Sequence[float]) -> list[float]:
        chunks = torch.tensor(places, dtype=torch.float64).split(self._rows)
        with torch.no_grad():
            return [value for chunk in chunks for value in self._score(self._points(chunk)).double().tolist()]

    def _integrals(self, pieces: Sequence[tuple[float, float]]) -> list[Scores]:
        """What each piece of the way adds to the scores (tokens,)."""
        starts, ends = np.array(pieces).T
        places = starts[:, None] + (ends - starts)[:, None] * (self._nodes + 1) / 2
        shares = (ends - starts)[:, None] * self._weights / 2
        found = []
        for chunk in torch.from_numpy(places.reshape(-1)).split(self._rows):
            points = self._points(chunk).requires_grad_()
            with torch.enable_grad():
                (gradient,) = torch.autograd.grad(self._score(points).sum(), points)
            found.append((gradient.double() * self._difference.double()).sum(-1).cpu().numpy())
        scores = np.concatenate(found).reshape(*places.shape, -1)
        return list((shares[..., None] * scores).sum(1))
