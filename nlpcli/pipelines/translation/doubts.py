"""What of a text its translation may not say: found by checks, told with the result, announced once a run."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What a check looks for; the value is what can be done about it."""

    CLAUSE = "compare it, or give shorter sentences"
    NUMBER = "compare the numbers"
    DATE = "compare the days and months"
    KEPT = "translate that piece by hand"
    END = "see whether it repeats itself"


class Doubt(NamedTuple):
    """One finding: `text` says what is missing or wrong, without a full stop."""

    kind: Kind
    text: str


def in_words(doubts: Iterable[Doubt]) -> str:
    """What stands in a result's field `warning`."""
    return "; ".join(dict.fromkeys(doubt.text for doubt in doubts))
