"""Mean log-probabilities → how good a translation is likely to be, between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple


class Score(NamedTuple):
    """The mean log-probability of the tokens of a sentence, and how many characters it has."""

    mean: float
    length: int


class Calibration(NamedTuple):
    """A logistic curve from mean log-probabilities to the chrF (0 to 1) that translations with them had.

    It falls with their square root: students are nearly sure of everything, and small differences say most.
    """

    slope: float
    offset: float


# Of both starter models together: for models of which nothing was measured (tests/bench/confidence.py).
DEFAULT = Calibration(1.942, 1.361)
DIGITS = 3


def confidence(scores: Iterable[Score], calibration: Calibration) -> float | None:
    """What is expected of sentences together, each by its length; None where there is none.

    Rounded to so many digits that it does not depend on the batch.
    """
    scores = [score for score in scores if score.length]
    if not scores:
        return None
    mean = sum(score.mean * score.length for score in scores) / sum(score.length for score in scores)
    return round(1 / (1 + math.exp(calibration.slope * math.sqrt(max(0.0, -mean)) - calibration.offset)), DIGITS)
