"""What is to be extracted: how it was asked for, and the form that results have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nlpcli.records.record import Record
from nlpcli.records.table import ANY_JSON
from nlpcli.tasks.span_tally import tally_spans
from nlpcli.text.personal.tokens import KIND_NAMES, LABELS, Known, label_of
from nlpcli.text.spans import Offsets, Span, byte_offsets

Result = Literal["masked", "unmasked", "entities"]
Aggregation = Literal["simple", "first", "average", "max"]
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ExtractOptions:
    """What `nlpcli extract` was asked for.

    `kinds`: what is masked; empty: all that needs no model. `known`: the map that is continued, or read
    from. `originals`: spans say what was masked.

    `types`: only entities of these labels; empty: of all. `count`: how often each was found instead of where.
    """

    result: Result = "entities"
    types: tuple[str, ...] = ()
    aggregation: Aggregation = "average"
    offsets: Offsets = "characters"
    count: bool = False
    kinds: tuple[str, ...] = ()
    known: Known | None = None
    originals: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        if self.count:
            return {"label": "string", "text": "string", "count": "int64", "records": "int64"}
        if self.result == "masked":
            return {"masked": "string", "spans": ANY_JSON}
        if self.result == "unmasked":
            return {"unmasked": "string"}
        return {self.result: ANY_JSON}

    @property
    def needs_model(self) -> bool:
        """Whether anything is asked for that a model has to find."""
        return self.result not in {"masked", "unmasked"} or bool(self.entity_kinds)

    @property
    def entity_kinds(self) -> tuple[str, ...]:
        """The kinds to be masked that are types of entities."""
        return tuple(kind for kind in self.kinds if kind not in KIND_NAMES)

    @property
    def token_labels(self) -> frozenset[str]:
        """The labels that a token may have."""
        return LABELS | {label_of(kind) for kind in self.entity_kinds} if self.known is None else self.known.labels


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
