"""Key phrases: texts → the phrases that say most of them, by embeddings or by YAKE's statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from nlpcli.records.record import Record
from nlpcli.runtime.batching import Split, Unit
from nlpcli.tasks.base import BatchTask
from nlpcli.tasks.extraction import ExtractOptions, in_offsets, outgoing
from nlpcli.text import yake
from nlpcli.text.phrases import Phrase, language_of, phrases_in, phrases_of, stop_words, words_of

if TYPE_CHECKING:
    from nlpcli.pipelines.embedding import EmbeddingPipeline
    from nlpcli.pipelines.noun_chunks import NounChunks

# Of a long text the phrases that stand there most often are compared with it.
_MOST_CANDIDATES = 300
_DIVERSITY = 0.5
_DIGITS = 6
_TAGGED = "en"
_UNASKED = object()


class YakeTask(BatchTask):
    """Texts in, key phrases out, without a model; a small score is a good one."""

    def __init__(self, options: ExtractOptions) -> None:
        self._options = options

    def split(self, records: Sequence[Record]) -> list[Split]:
        """Nothing for a model."""
        return [Split([], None) for _ in records]

    def run(self, units: Sequence[Unit]) -> Sequence[Any]:  # noqa: ARG002
        """Nothing."""
        return []

    def join(self, record: Record, state: Any, outputs: Sequence[Any]) -> dict[str, Any]:  # noqa: ARG002
        """The key phrases, the best first."""
        language = language_of(record.text)
        stops, words = stop_words(language), words_of(record.text, language)
        phrases = phrases_of(words, stops)
        best = yake.best(phrases, yake.scores(words, phrases, stops), self._options.top)
        return {"keyphrases": _objects(self._options, record.text, best)}

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records, or how often each phrase was found."""
        return outgoing(self._options, records)


class _Candidates(NamedTuple):
    """The phrases of a text, and how many windows the text and each of them has."""

    phrases: list[Phrase]
    windows: list[int]


class EmbeddedTask(BatchTask):
    """Texts in, key phrases out: those whose vectors are near that of the text, and not near each other."""

    def __init__(
        self, options: ExtractOptions, pipeline: EmbeddingPipeline, watch: Callable[[Sequence[Record]], None]
    ) -> None:
        self._options = options
        self._pipeline = pipeline
        self._watch = watch
        # It is asked for once in a run, so that what is missing is said once.
        self._tagger: object = _UNASKED

    def split(self, records: Sequence[Record]) -> list[Split]:
        """A unit for each window of the text and of its phrases; none where it has no phrase."""
        self._watch(records)
        return [self._split(record.text) for record in records]

    def _split(self, text: str) -> Split:
        phrases = self._candidates(text)
        phrases = sorted(sorted(phrases, key=lambda phrase: -phrase.times)[:_MOST_CANDIDATES])
        if not phrases:
            return Split([], _Candidates([], []))
        windows_of = self._pipeline.windows([text, *(text[phrase.start : phrase.end] for phrase in phrases)])
        units = [Unit(len(window), window) for windows in windows_of for window in windows]
        return Split(units, _Candidates(phrases, [len(windows) for windows in windows_of]))

    def _candidates(self, text: str) -> list[Phrase]:
        language = language_of(text)
        words, stops = words_of(text, language), stop_words(language)
        chunks = self._chunks_of(language)
        return phrases_of(words, stops) if chunks is None else phrases_in(words, stops, chunks.of(text))

    def _chunks_of(self, language: str) -> NounChunks | None:
        """What finds the noun chunks of a language; None where phrases are runs of words."""
        asked = self._options.candidates
        if asked == "n-grams" or (asked == "auto" and language != _TAGGED):
            return None
        from nlpcli.pipelines.noun_chunks import noun_chunks, noun_chunks_if_there

        if asked == "noun-chunks":
            return noun_chunks()
        if self._tagger is _UNASKED:
            self._tagger = noun_chunks_if_there()
        return cast("NounChunks | None", self._tagger)

    def run(self, units: Sequence[Unit]) -> Sequence[Any]:
        """The vector of each window."""
        return list(self._pipeline.encode([unit.payload for unit in units]))

    def join(self, record: Record, state: _Candidates, outputs: Sequence[Any]) -> dict[str, Any]:
        """The key phrases, the best first."""
        return {"keyphrases": _objects(self._options, record.text, self._best(state, outputs))}

    def _best(self, state: _Candidates, outputs: Sequence[Any]) -> list[tuple[Phrase, float]]:
        if not state.phrases:
            return []
        import numpy as np

        from nlpcli.pipelines.keyphrases import ranked

        borders = [0, *accumulate(state.windows)]
        blank = np.zeros_like(outputs[0])
        means = [np.mean(outputs[a:b], axis=0) if b > a else blank for a, b in pairwise(borders)]
        found = ranked(means[0], np.stack(means[1:]), self._options.top, _DIVERSITY)
        return [(state.phrases[index], score) for index, score in found]

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records, or how often each phrase was found."""
        return outgoing(self._options, records)


def _objects(options: ExtractOptions, text: str, best: Sequence[tuple[Phrase, float]]) -> list[dict[str, Any]]:
    offsets = in_offsets(options.offsets, text, [place for phrase, _ in best for place in phrase[:2]])
    return [
        {
            "text": text[phrase.start : phrase.end],
            "label": "KEYPHRASE",
            "start": offsets[phrase.start],
            "end": offsets[phrase.end],
            "score": round(score, _DIGITS),
        }
        for phrase, score in best
    ]
