"""Entities: texts → the names, places, dates … in them, by a model that labels tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from nlpcli.errors import UsageError
from nlpcli.records.record import Record
from nlpcli.records.splitting import without_surrogates
from nlpcli.runtime.batching import Split, Unit
from nlpcli.tasks.base import BatchTask
from nlpcli.tasks.extraction import Aggregation, ExtractOptions, as_objects, outgoing
from nlpcli.text.spans import Span


class Passage(NamedTuple):
    """What a model reads of a text at a time; `cost` in tokens, `payload` as the model has it."""

    cost: int
    payload: Any


class EntityFinder(Protocol):
    """What the task needs of a pipeline. `types` are the labels that it knows."""

    types: tuple[str, ...]

    def passages(self, texts: Sequence[str]) -> list[tuple[list[Passage], Any]]:
        """The passages of each text, and what `spans` needs to know of it."""

    def label(self, passages: Sequence[Any]) -> Sequence[Any]:
        """One output for each payload."""

    def spans(self, text: str, state: Any, outputs: Sequence[Any], aggregation: Aggregation) -> list[Span]:
        """The entities of a text, from the outputs of all its passages."""


class EntityTask(BatchTask):
    """Texts in, entities out, in batches."""

    def __init__(
        self, options: ExtractOptions, finder: EntityFinder, watch: Callable[[Sequence[Record]], None], name: str
    ) -> None:
        self._options = options
        self._finder = finder
        self._watch = watch
        self._types = _chosen(options.types, finder.types, name)

    def split(self, records: Sequence[Record]) -> list[Split]:
        """One unit per passage; none where there is nothing to read."""
        self._watch(records)
        passages_of = self._finder.passages([without_surrogates(record.text) for record in records])
        return [
            Split([Unit(passage.cost, passage.payload) for passage in passages], state)
            for passages, state in passages_of
        ]

    def run(self, units: Sequence[Unit]) -> Sequence[Any]:
        """What the model makes of each passage."""
        return self._finder.label([unit.payload for unit in units])

    def join(self, record: Record, state: Any, outputs: Sequence[Any]) -> dict[str, Any]:
        """The entities of the text, in its order."""
        spans = self._finder.spans(record.text, state, outputs, self._options.aggregation) if outputs else []
        wanted = [span for span in spans if not self._types or span.label in self._types]
        return {"entities": as_objects(self._options, record.text, wanted)}

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records with their entities, or how often each was found."""
        return outgoing(self._options, records)


def _chosen(wanted: Sequence[str], known: Sequence[str], name: str) -> frozenset[str]:
    """The model's own spelling of the types that were asked for."""
    own = {type_.casefold(): type_ for type_ in known}
    if unknown := [type_ for type_ in wanted if type_.casefold() not in own]:
        raise UsageError(f'{name} finds no "{unknown[0]}"; its types are: {", ".join(known)}')
    return frozenset(own[type_.casefold()] for type_ in wanted)
