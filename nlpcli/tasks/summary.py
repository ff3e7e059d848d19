"""What a summary is to be: how it was asked for, how long it is to be, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Literal

from nlpcli.records.record import Record
from nlpcli.text.main_content import Markup

Length = Literal["short", "medium", "long"]
Method = Literal["auto", "abstractive", "extractive"]
_ROLES: dict[Method, str] = {"auto": "summarize", "abstractive": "generate", "extractive": "embed"}
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


@dataclass(frozen=True, slots=True)
class SummarizeOptions:
    """What `nlpcli summarize` was asked for. `with_file`: results say which file they are of."""

    length: Length = "medium"
    max_words: int | None = None
    method: Method = "auto"
    bullets: bool = False
    markup: Markup = "auto"
    with_file: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        return {"file": "string", "summary": "string"} if self.with_file else {"summary": "string"}

    @property
    def role(self) -> str:
        """What the default model is for: to choose sentences, or to write."""
        return _ROLES[self.method]

    @property
    def rule(self) -> LengthRule:
        """How long a summary is to be."""
        return LengthRule(self.length, self.max_words)

    def prose_of(self, record: Record) -> str:
        """What a record says, without the markup around it."""
        from nlpcli.text.main_content import markup_of, prose_of

        return prose_of(record.text, markup_of(self.markup, record.origin.source))

    def result_of(self, record: Record, sentences: Sequence[str]) -> dict[str, Any]:
        """The result fields of a record."""
        file = {"file": record.origin.source} if self.with_file else {}
        return {**file, "summary": summary_of(sentences, self.bullets)}


def summary_of(sentences: Sequence[str], bullets: bool) -> str:
    """The sentences as one text, or as a list of points with one line each."""
    from nlpcli.text.words import space_between

    stripped = [sentence.strip() for sentence in sentences]
    if bullets:
        return "\n".join(f"- {' '.join(sentence.split())}" for sentence in stripped)
    return "".join(sentence + space_between(sentence) for sentence in stripped).strip()
