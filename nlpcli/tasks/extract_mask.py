"""Personal data: texts → the same with tokens in its place; and back again."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from nlpcli.records.record import Record
from nlpcli.runtime.batching import Split, Unit
from nlpcli.tasks.base import BatchTask
from nlpcli.tasks.extraction import ExtractOptions, in_offsets
from nlpcli.text.personal.kinds import KINDS, find
from nlpcli.text.personal.tokens import Masked, Part, Tokens, label_of, unmask

log = logging.getLogger(__name__)
_MOST_NAMED = 5
# Types that models call by several names.
_SAME = (("PERSON", "PER"), ("ORG", "ORGANIZATION"), ("LOC", "LOCATION"))


class MaskTask(BatchTask):
    """Texts in, texts with tokens out. `entities` finds what needs a model, where that was asked for.

    Tokens are numbered in the order of the records, so that they do not depend on how batches are cut.
    """

    def __init__(self, options: ExtractOptions, entities: BatchTask | None) -> None:
        self._options = options
        self._entities = entities
        self._kinds = frozenset(options.kinds or KINDS) & KINDS.keys()
        self._tokens = Tokens({} if options.known is None else options.known.originals, options.token_labels)

    def split(self, records: Sequence[Record]) -> list[Split]:
        """Units for the model; none without one."""
        return [Split([], None) for _ in records] if self._entities is None else self._entities.split(records)

    def run(self, units: Sequence[Unit]) -> Sequence[Any]:
        """What the model makes of them."""
        return [] if self._entities is None else self._entities.run(units)

    def join(self, record: Record, state: Any, outputs: Sequence[Any]) -> dict[str, Any] | Split:
        """The parts to be masked: what is told by its form first, then entities."""
        parts = find(record.text, self._kinds)
        if self._entities is not None:
            joined = self._entities.join(record, state, outputs)
            if isinstance(joined, Split):
                return joined
            parts += [Part(span["start"], span["end"], label_of(span["label"])) for span in joined["entities"]]
        return {"parts": parts}

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records with their masked text, and where what was masked stood."""
        for record in records:
            if record.result is not None:
                masked, found = self._tokens.mask(record.text, record.result["parts"])
                record.result = {"masked": masked, "spans": self._spans(record.text, found)}
            yield record

    def _spans(self, text: str, found: Sequence[Masked]) -> list[dict[str, Any]]:
        places = [place for masked in found for place in masked.part[:2]]
        offsets = in_offsets(self._options.offsets, text, places)
        return [
            {"label": part.label, "token": token, "start": offsets[part.start], "end": offsets[part.end]}
            | ({"text": text[part.start : part.end]} if self._options.originals else {})
            for part, token, _ in found
        ]


def entity_options(options: ExtractOptions, types: Sequence[str]) -> ExtractOptions:
    """What a model with these types is asked for; PERSON is PER where a model says so, and the like."""
    known = {type_.upper() for type_ in types}
    wanted = tuple(next((name for name in _names(kind) if name in known), kind) for kind in options.entity_kinds)
    return replace(options, result="entities", types=wanted, offsets="characters")


def _names(kind: str) -> tuple[str, ...]:
    return next((names for names in _SAME if kind.upper() in names), ())


class UnmaskTask(BatchTask):
    """Texts with tokens in, texts with what these stand for out."""

    def __init__(self, options: ExtractOptions) -> None:
        assert options.known is not None
        self._known = options.known
        self._unknown: Counter[str] = Counter()

    def split(self, records: Sequence[Record]) -> list[Split]:
        """Nothing for a model."""
        return [Split([], None) for _ in records]

    def run(self, units: Sequence[Unit]) -> Sequence[Any]:  # noqa: ARG002
        """Nothing."""
        return []

    def join(self, record: Record, state: Any, outputs: Sequence[Any]) -> dict[str, Any]:  # noqa: ARG002
        """The text with the originals."""
        text, unknown = unmask(record.text, self._known.originals, self._known.labels)
        self._unknown.update(unknown)
        return {"unmasked": text}

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records; behind the last one it is said which tokens nobody knows."""
        yield from records
        if self._unknown:
            names = [name for name, _ in self._unknown.most_common(_MOST_NAMED)]
            more = ", …" if len(self._unknown) > _MOST_NAMED else ""
            log.warning("the map does not have %s%s; these stay: is it the map of this text?", ", ".join(names), more)
