"""Summaries out of a document's own sentences, chosen by their vectors."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from nlpcli.records.record import Record
from nlpcli.runtime.batching import Split, Unit
from nlpcli.tasks.base import BatchTask
from nlpcli.tasks.summary import SummarizeOptions
from nlpcli.tasks.unknown_words import UnknownWords
from nlpcli.text.words import count_words, first_words

if TYPE_CHECKING:
    import numpy as np

    from nlpcli.pipelines.embedding import EmbeddingPipeline
    from nlpcli.pipelines.static import StaticPipeline
    from nlpcli.text.prose import Statement

    Vector = np.ndarray[Any, np.dtype[np.float32]]

log = logging.getLogger(__name__)


class _Document(NamedTuple):
    """The prose of a record, its words, and its statements; none where it is short enough as it is."""

    text: str
    words: int
    statements: list[Statement]


class _Part(NamedTuple):
    """A statement by its number, or a window of one that is longer than the model takes."""

    number: int
    token_ids: list[int]


class _Seen(NamedTuple):
    """A part, and the vector that the model has for it."""

    part: _Part
    vector: Vector


class ExtractiveTask(BatchTask):
    """Documents in, their most telling sentences out."""

    def __init__(
        self,
        options: SummarizeOptions,
        pipeline: EmbeddingPipeline | StaticPipeline,
        watch: Callable[[Sequence[Record]], None],
        name: str = "the model",
    ) -> None:
        self._options = options
        self._rule = options.rule
        self._pipeline = pipeline
        self._watch = watch
        self._told_of_cuts = False
        self._unknown = UnknownWords(pipeline.unknown, name)

    @property
    def batches_with(self) -> Hashable:
        return "sentences"

    def split(self, records: Sequence[Record]) -> list[Split]:
        """One unit per statement; none where the document is short enough as it is. The state is the `_Document`."""
        self._watch(records)
        documents = [self._document(record) for record in records]
        parts_of = self._parts(documents)
        return [
            Split([Unit(len(part.token_ids), part) for part in parts], document)
            for document, parts in zip(documents, parts_of, strict=True)
        ]

    def _document(self, record: Record) -> _Document:
        from nlpcli.text.prose import statements

        text = self._options.prose_of(record)
        words = count_words(text)
        found = [] if words <= self._rule.target(words) else statements(text)
        if any(statement.is_cut for statement in found) and not self._told_of_cuts:
            self._told_of_cuts = True
            log.warning(
                "%s has long passages without a full stop: they are cut at commas or between words", record.origin
            )
        return _Document(text, words, found)

    def _parts(self, documents: Sequence[_Document]) -> list[list[_Part]]:
        """The parts of each document: those of all in one call of the tokenizer."""
        prompt = self._pipeline.sentence_config.prompt
        texts = [prompt + statement.text for document in documents for statement in document.statements]
        windows_of = self._pipeline.windows_at_sentence_ends(texts) if texts else []
        for windows in windows_of:
            self._unknown.count(windows)
        following = iter(windows_of)
        return [
            [_Part(number, window) for number, windows in enumerate(islice(following, len(document.statements)))
             for window in windows]
            for document in documents
        ]  # fmt: skip

    def run(self, units: Sequence[Unit]) -> Sequence[_Seen]:
        """The parts with their vectors."""
        parts: list[_Part] = [unit.payload for unit in units]
        vectors = self._pipeline.encode([part.token_ids for part in parts])
        return [_Seen(part, vector) for part, vector in zip(parts, vectors, strict=True)]

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records; behind them it is said which words were unknown."""
        return self._unknown.watching(records)

    def join(self, record: Record, state: _Document, outputs: Sequence[_Seen]) -> dict[str, Any]:
        """The summary, verbatim and in the order of the document."""
        if outputs and self._pipeline.has_closed_vocabulary and not any(seen.vector.any() for seen in outputs):
            raise self._unknown.error()
        if any(not math.isfinite(float(seen.vector.sum())) for seen in outputs):
            return {"summary": math.nan}  # becomes the record's error, as in every task
        chosen = self._choose(record, state, _unit_vectors(outputs)) if outputs else [state.text]
        return self._options.result_of(record, chosen)

    def _choose(self, record: Record, document: _Document, vectors: Vector) -> list[str]:
        from nlpcli.pipelines.extractive import are_crumbs, best, choose

        sentences = [statement.text for statement in document.statements]
        weights = [statement.weight for statement in document.statements]
        shares = [statement.share for statement in document.statements]
        words = [count_words(sentence) for sentence in sentences]
        limit = self._rule.limit(document.words)
        chosen = choose(vectors, words, self._rule.target(document.words), limit, weights, shares)
        first = best(vectors, words, weights, shares)
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
