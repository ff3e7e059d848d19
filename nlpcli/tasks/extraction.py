"""What is to be extracted: how it was asked for, and the form that results have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nlpcli.records.record import Record
from nlpcli.records.table import ANY_JSON
from nlpcli.tasks.span_tally import tally_spans
from nlpcli.text.spans import Offsets, Span, byte_offsets

Result = Literal["entities"]
Aggregation = Literal["simple", "first", "average", "max"]
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ExtractOptions:
    """What `nlpcli extract` was asked for.

    `types`: only entities of these labels; empty: of all. `count`: how often each was found instead of where.
    """

    result: Result = "entities"
    types: tuple[str, ...] = ()
    aggregation: Aggregation = "average"
    offsets: Offsets = "characters"
    count: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        if self.count:
            return {"label": "string", "text": "string", "count": "int64", "records": "int64"}
        return {self.result: ANY_JSON}


def as_objects(options: ExtractOptions, text: str, spans: Sequence[Span]) -> list[dict[str, Any]]:
    """Spans of `text` as the objects of a result, in the order of the text."""
    ordered = sorted(spans)
    starts, ends = [span.start for span in ordered], [span.end for span in ordered]
    if options.offsets == "bytes":
        places = sorted({*starts, *ends})
        in_bytes = dict(zip(places, byte_offsets(text, places), strict=True))
        starts, ends = [in_bytes[place] for place in starts], [in_bytes[place] for place in ends]
    return [
        {"text": span.text, "label": span.label, "start": start, "end": end}
        | {"score": None if span.score is None else round(span.score, _DIGITS)}
        for span, start, end in zip(ordered, starts, ends, strict=True)
    ]


def outgoing(options: ExtractOptions, records: Iterator[Record]) -> Iterator[Record]:
    """The records with what was found in them, or how often each was found."""
    return tally_spans(records, options.result) if options.count else records
