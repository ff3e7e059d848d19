"""What is to be extracted: how it was asked for, and the form that results have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nlpcli.records.record import Record
from nlpcli.records.table import ANY_JSON
from nlpcli.tasks.span_tally import tally_spans
from nlpcli.text.personal.tokens import KIND_NAMES, LABELS, Known, label_of
from nlpcli.text.spans import Offsets, Span, byte_offsets

Result = Literal["entities", "keyphrases", "fields", "masked", "unmasked"]
Aggregation = Literal["simple", "first", "average", "max"]
Method = Literal["embedding", "yake"]
Candidates = Literal["auto", "noun-chunks", "n-grams"]
_DIGITS = 6
_ALL = "ALL"
STARTER_TYPES = (
    "CARDINAL", "DATE", "EVENT", "FAC", "GPE", "LANGUAGE", "LAW", "LOC", "MONEY", "NORP", "ORDINAL", "ORG", "PERCENT",
    "PERSON", "PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART",
)  # fmt: skip
"""What `starter/entities` finds."""


@dataclass(frozen=True, slots=True)
class ExtractOptions:
    """What `nlpcli extract` was asked for.

    `types`: only entities of these labels; empty: of all. `count`: how often each was found instead of where. `schema`:
    the JSON Schema of fields; `examples`: texts with their answers, as JSON. `top`: how many key phrases of each text;
    `method` ranks them: by embeddings or by YAKE's statistics; `candidates`: what may be one (auto: noun chunks of
    English, where the model for them is there).

    `kinds`: what is masked; empty: all that needs no model. `known`: the map that is continued, or read
    from. `originals`: spans say what was masked.
    """

    result: Result = "entities"
    types: tuple[str, ...] = ()
    aggregation: Aggregation = "average"
    offsets: Offsets = "characters"
    count: bool = False
    kinds: tuple[str, ...] = ()
    known: Known | None = None
    originals: bool = False
    schema: str | None = None
    examples: tuple[tuple[str, str], ...] = ()
    grounded_only: bool = False
    top: int = 10
    method: Method = "embedding"
    candidates: Candidates = "auto"

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        if self.count:
            return {"label": "string", "text": "string", "count": "int64", "records": "int64"}
        if self.result == "masked":
            return {"masked": "string", "spans": ANY_JSON}
        if self.result == "unmasked":
            return {"unmasked": "string"}
        if self.result == "fields":
            return {"fields": ANY_JSON, "values": ANY_JSON}
        return {self.result: ANY_JSON}

    @property
    def needs_model(self) -> bool:
        """Whether anything is asked for that a model has to find."""
        if self.result == "keyphrases":
            return self.method != "yake"
        return self.result not in {"masked", "unmasked"} or bool(self.entity_kinds)

    @property
    def across_records(self) -> bool:
        """Whether a result depends on more than its record: tokens are numbered through all, and a map may grow."""
        return self.result in {"masked", "unmasked"}

    @property
    def role(self) -> str:
        """The task whose default model does it: types that the starter model does not know are asked of one that
        writes."""
        if self.result == "keyphrases":
            return "embed"
        own = {name.casefold() for name in STARTER_TYPES}
        asks = self.result == "fields" or any(name.casefold() not in own for name in self.types)
        return "generate" if asks else "extract"

    @property
    def entity_kinds(self) -> tuple[str, ...]:
        """The kinds to be masked that are types of entities."""
        return tuple(kind for kind in self.kinds if kind not in KIND_NAMES)

    @property
    def token_labels(self) -> frozenset[str]:
        """The labels that a token may have."""
        return LABELS | {label_of(kind) for kind in self.entity_kinds} if self.known is None else self.known.labels


def chosen_kinds(names: Sequence[str]) -> tuple[str, ...]:
    """Kinds as the table writes them (`birth-date` → BIRTH_DATE, `all` → each of it); others are types of entities."""
    kinds: list[str] = []
    for name in names:
        kind = name.upper().replace("-", "_").replace(" ", "_")
        kinds += KIND_NAMES if kind == _ALL else [kind if kind in KIND_NAMES else name]
    return tuple(dict.fromkeys(kinds))


def as_objects(options: ExtractOptions, text: str, spans: Sequence[Span]) -> list[dict[str, Any]]:
    """Spans of `text` as the objects of a result, in the order of the text."""
    ordered = sorted(spans)
    counted = in_offsets(options.offsets, text, [place for span in ordered for place in (span.start, span.end)])
    return [
        {"text": span.text, "label": span.label, "start": counted[span.start], "end": counted[span.end]}
        | {"score": None if span.score is None else round(span.score, _DIGITS)}
        for span in ordered
    ]


def in_offsets(offsets: Offsets, text: str, places: Iterable[int]) -> dict[int, int]:
    """Code points of `text` → what a result names them by."""
    ascending = sorted(set(places))
    return dict(zip(ascending, byte_offsets(text, ascending) if offsets == "bytes" else ascending, strict=True))


def outgoing(options: ExtractOptions, records: Iterator[Record]) -> Iterator[Record]:
    """The records with what was found in them, or how often each was found."""
    if not options.count:
        return records
    if options.result == "fields":
        return tally_spans(records, _counted_values)
    return tally_spans(records, lambda result: [(span["label"], span["text"]) for span in result[options.result]])


def _counted_values(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Under the path of a value, whatever place its list has it in."""
    return [(_PLACE_IN_LIST.sub("", value["path"]), str(value["value"])) for value in result["values"]]


_PLACE_IN_LIST = re.compile(r"\[\d+\]")
