"""Summaries out of a document's own sentences, chosen by their vectors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nlpcli.records.record import Record
from nlpcli.runtime.batching import Split, Unit
from nlpcli.tasks.base import BatchTask
from nlpcli.tasks.summarize import SummarizeOptions, summary_of
from nlpcli.text.words import count_words, first_words

if TYPE_CHECKING:
    import numpy as np

    from nlpcli.pipelines.embedding import EmbeddingPipeline

    Vector = np.ndarray[Any, np.dtype[np.float32]]

log = logging.getLogger(__name__)


class _Part(NamedTuple):
    """A sentence, or a window of one that is longer than the model takes."""

    number: int
    sentence: str
    token_ids: list[int]


class _Seen(NamedTuple):
    """A part, and the vector that the model has for it."""

    part: _Part
    vector: Vector


class ExtractiveTask(BatchTask):
    """Documents in, their most telling sentences out."""

    def __init__(
        self, options: SummarizeOptions, pipeline: EmbeddingPipeline, watch: Callable[[Sequence[Record]], None]
    ) -> None:
        self._options = options
        self._rule = options.rule
        self._pipeline = pipeline
        self._watch = watch

    def split(self, records: Sequence[Record]) -> list[Split]:
        """One unit per sentence; none where the document is short enough as it is."""
        self._watch(records)
        return [Split([Unit(len(part.token_ids), part) for part in self._parts(record.text)]) for record in records]

    def _parts(self, text: str) -> list[_Part]:
        from nlpcli.text.sentences import sentences

        words = count_words(text)
        if words <= self._rule.target(words):
            return []
        telling = [sentence for sentence in sentences(text) if count_words(sentence)]
        windows_of = self._pipeline.windows_at_sentence_ends(telling)
        return [
            _Part(number, sentence, window)
            for number, (sentence, windows) in enumerate(zip(telling, windows_of, strict=True))
            for window in windows
        ]

    def run(self, units: Sequence[Unit]) -> Sequence[_Seen]:
        """The parts with their vectors."""
        parts: list[_Part] = [unit.payload for unit in units]
        vectors = self._pipeline.encode([part.token_ids for part in parts])
        return [_Seen(part, vector) for part, vector in zip(parts, vectors, strict=True)]

    def join(self, record: Record, state: None, outputs: Sequence[_Seen]) -> dict[str, Any]:  # noqa: ARG002
        """The summary, verbatim and in the order of the document."""
        if not outputs:
            return {"summary": summary_of([record.text], self._options.bullets)}
        sentences = list({seen.part.number: seen.part.sentence for seen in outputs}.values())
        chosen = self._choose(record, sentences, _unit_vectors(outputs))
        return {"summary": summary_of(chosen, self._options.bullets)}

    def _choose(self, record: Record, sentences: Sequence[str], vectors: Vector) -> list[str]:
        from nlpcli.pipelines.extractive import are_crumbs, best, choose

        words = [count_words(sentence) for sentence in sentences]
        total = count_words(record.text)
        limit = self._rule.limit(total)
        chosen = choose(vectors, words, self._rule.target(total), limit)
        first = best(vectors, words)
        # Crumbs that happen to fit say less than the start of a sentence that says something.
        if words[first] > limit and are_crumbs([words[index] for index in chosen], limit):
            log.warning(
                "%s has no telling sentence of %d words or fewer: its best one is cut there, at the ellipsis;"
                " give more --max-words to have it whole",
                record.origin,
                limit,
            )
            return [first_words(sentences[first].strip(), limit)]
        return [sentences[index] for index in chosen]


def _unit_vectors(outputs: Sequence[_Seen]) -> Vector:
    """(sentences, dimension) of unit length; the windows of a long sentence count by their length."""
    import numpy as np

    vectors = np.zeros((outputs[-1].part.number + 1, len(outputs[0].vector)), np.float32)
    for part, vector in outputs:
        vectors[part.number] += vector * np.float32(len(part.token_ids))
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
    return vectors
