"""How long a summary is to be."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

Length = Literal["short", "medium", "long"]
# Words of a summary are that many times the square root of the words of the text: long texts are shortened more.
_FACTORS = {"short": 1.5, "medium": 3.0, "long": 6.0}


@dataclass(frozen=True, slots=True)
class LengthRule:
    """`--length` and `--max-words`."""

    length: Length = "medium"
    most_words: int | None = None

    def target(self, words: int) -> int:
        """How many words the summary of a text of so many words should have."""
        return max(1, min(round(_FACTORS[self.length] * sqrt(words)), self.limit(words)))

    def limit(self, words: int) -> int:
        """How many words it may have: never more than the text."""
        return words if self.most_words is None else min(words, self.most_words)
