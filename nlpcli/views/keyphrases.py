"""Key phrases, the best first, as lines and rows; and as highlights, where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nlpcli.records.record import Record, printable
from nlpcli.text.spans import Offsets
from nlpcli.views.spans import Highlights, SpanRows

if TYPE_CHECKING:
    from rich.console import RenderableType

_FIELD = "keyphrases"


@dataclass(frozen=True, slots=True)
class RankedRows:
    """A record → a row for each of its key phrases, the best first."""

    offsets: Offsets = "characters"

    def __call__(self, record: Record) -> Iterator[Record]:
        """The rows of a record; a record that failed is its own row."""
        if record.result is None:
            yield record
            return
        spans = record.result[_FIELD]
        order = sorted(range(len(spans)), key=lambda place: (spans[place]["start"], spans[place]["end"]))
        rows = SpanRows(_FIELD, self.offsets)(_in_order_of_text(record))
        yield from (row for _, row in sorted(zip(order, rows, strict=True), key=lambda pair: pair[0]))


@dataclass(frozen=True, slots=True)
class PhraseHighlights:
    """Draws texts with their key phrases in color."""

    offsets: Offsets

    def __call__(self, record: Record) -> RenderableType:
        """The text of a record."""
        return Highlights(_FIELD, self.offsets, {})(_in_order_of_text(record))


def phrase_line(row: Record) -> str:
    """`score<TAB>phrase<TAB>file:line:column`, white space within the phrase as one space."""
    result = row.result or {}
    where = f"{printable(result['source'])}:{result['line']}:{result['column']}"
    return "\t".join([f"{result['score']:.4f}", " ".join(result["entity"].split()), where])


def _in_order_of_text(record: Record) -> Record:
    spans = sorted((record.result or {})[_FIELD], key=lambda span: (span["start"], span["end"]))
    return replace(record, result={_FIELD: spans})
