"""Summaries in the model's own words: windows, then their summaries, until the wanted length is reached."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nlpcli.records.record import Record
from nlpcli.runtime.batching import Split, Unit
from nlpcli.tasks.base import BatchTask
from nlpcli.tasks.summary import LengthRule, SummarizeOptions, summary_of
from nlpcli.tasks.window_notice import WindowNotice
from nlpcli.text.words import count_words, first_words

if TYPE_CHECKING:
    from nlpcli.pipelines.abstractive import Lengths, Writer

log = logging.getLogger(__name__)

# The summaries of several windows are near enough to the wanted length where they have at most so many times as much.
_NEAR_ENOUGH = 1.25
# A round that leaves more of its text than that leads nowhere: some models copy.
_MOST_LEFT = 0.9
# In one round no window is shortened more than this.
_SHORTEST = LengthRule("short")
_FULL_STOPS = frozenset(".!?。！？…।؟\"'”’」』)）")


class _Work(NamedTuple):
    """What the model reads, how much it may write, and the words of the text in it."""

    window: list[int]
    lengths: Lengths
    words: int


class _Summary(NamedTuple):
    """The sentences of a summary, and the words of the text that it was made of."""

    sentences: list[str]
    words_before: int
    is_number: bool = True


class AbstractiveTask(BatchTask):
    """Documents in, summaries out."""

    def __init__(self, options: SummarizeOptions, writer: Writer, watch: Callable[[Sequence[Record]], None]) -> None:
        self._options = options
        self._rule = options.rule
        self._writer = writer
        self._watch = watch
        self._tell_of_windows = WindowNotice(
            writer.room,
            "summarized in windows that end where a sentence ends, and then their summaries; nothing is cut away",
        )

    def split(self, records: Sequence[Record]) -> list[Split]:
        """One unit per window; none where the document is short enough as it is. The state is its prose."""
        self._watch(records)
        texts = [self._options.prose_of(record) for record in records]
        units_of = [self._first_round(text) for text in texts]
        self._tell_of_windows(records, units_of)
        return [Split(units, text) for units, text in zip(units_of, texts, strict=True)]

    def _first_round(self, text: str) -> list[Unit]:
        words = count_words(text)
        target = self._rule.target(words)
        return [] if words <= target else self._units(text, target)

    def _units(self, text: str, target: int) -> list[Unit]:
        """The windows of a text that is to become `target` words; each gets its share of them."""
        from nlpcli.pipelines.abstractive import lengths_for, passages_for

        passages = passages_for(self._writer, text, target)
        words_of = [count_words(passage.text) for passage in passages]
        units = []
        for passage, words in zip(passages, words_of, strict=True):
            share = round(target * words / max(1, sum(words_of)))
            wanted = share if len(passages) == 1 else max(share, _SHORTEST.target(words))
            lengths = lengths_for(self._writer, passage, words, wanted, self._options.length == "long")
            window = self._writer.encode(passage.text, wanted)
            units.append(Unit(len(window) + lengths.most, _Work(window, lengths, words)))
        return units

    def run(self, units: Sequence[Unit]) -> Sequence[_Summary]:
        """The summary of each window. Those that may become equally long share a batch."""
        groups: dict[Lengths, list[int]] = defaultdict(list)
        for index, unit in enumerate(units):
            groups[unit.payload.lengths].append(index)
        summaries: list[_Summary] = [_Summary([], 0)] * len(units)
        for lengths, indices in groups.items():
            written = self._writer.write([units[index].payload.window for index in indices], lengths)
            for index, (text, finished, is_number) in zip(indices, written, strict=True):
                summaries[index] = _Summary(_whole_sentences(text, finished), units[index].payload.words, is_number)
        return summaries

    def join(self, record: Record, state: str, outputs: Sequence[_Summary]) -> dict[str, Any] | Split:
        """The summary; or, as long as it is too long, the windows of the summaries."""
        if not outputs:
            return self._options.result_of(record, [state])
        if not all(summary.is_number for summary in outputs):
            return {"summary": math.nan}  # becomes the record's error, as in every task
        words = count_words(state)
        target = self._rule.target(words)
        sentences = [sentence for summary in outputs for sentence in summary.sentences]
        written = sum(map(count_words, sentences))
        before = sum(summary.words_before for summary in outputs)
        if len(outputs) > 1 and written > _NEAR_ENOUGH * target and written <= _MOST_LEFT * before:
            return Split(self._units(summary_of(sentences, bullets=False), target), state)
        if not sentences:
            log.warning("the model had no word to say of %s; choose another with -m", record.origin)
        return self._options.result_of(record, self._within(record, sentences, self._rule.limit(words)))

    def _within(self, record: Record, sentences: Sequence[str], limit: int) -> list[str]:
        """As many whole sentences as are allowed, or the start of the first one."""
        kept: list[str] = []
        left = limit
        for sentence in sentences:
            left -= count_words(sentence)
            if left < 0:
                break
            kept.append(sentence)
        if kept or not sentences:
            return kept
        log.warning(
            "the summary of %s is one sentence of more than %d words: it is cut there, at the ellipsis",
            record.origin,
            limit,
        )
        return [first_words(sentences[0].strip(), limit)]


def _whole_sentences(text: str, finished: bool) -> list[str]:
    """The sentences of what the model wrote, without one at the end that it could not finish."""
    from nlpcli.text.sentences import sentences

    # Small models say a thing twice.
    found = list({" ".join(sentence.split()): sentence for sentence in reversed(sentences(text))}.values())[::-1]
    found = [sentence for sentence in found if sentence.strip()]
    if finished or not found or found[-1].rstrip()[-1] in _FULL_STOPS:
        return found
    return found[:-1] or [found[0].rstrip() + "…"]
