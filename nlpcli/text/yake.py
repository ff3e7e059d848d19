"""Key phrases by the statistics of one text, without a model.

YAKE: R. Campos et al., YAKE! Keyword extraction from single documents using multiple local features, Information
Sciences 509 (2020), with a window of one word, as its authors' program has it. A small score is a good one.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import fmean, median, pstdev

from nlpcli.text.phrases import Phrase, Word, is_stop, neighbors

_SAME = 0.9


def scores(words: Sequence[Word], phrases: Sequence[Phrase], stops: frozenset[str]) -> list[float]:
    """The score of each phrase."""
    statistics = _Statistics(words, stops)
    return [statistics.of_phrase(phrase) for phrase in phrases]


class _Statistics:
    """What is counted of the words of a text."""

    def __init__(self, words: Sequence[Word], stops: frozenset[str]) -> None:
        self._counts = Counter(word.key for word in words)
        self._follows = Counter(neighbors(words))
        self._left: dict[str, Counter[str]] = defaultdict(Counter)
        self._right: dict[str, Counter[str]] = defaultdict(Counter)
        for (one, other), count in self._follows.items():
            self._right[one][other] += count
            self._left[other][one] += count
        content = [count for key, count in self._counts.items() if not is_stop(key, stops)]
        self._most = max(self._counts.values(), default=1)
        self._usual = fmean(content) + pstdev(content) if content else 1.0
        self._sentences: dict[str, set[int]] = defaultdict(set)
        self._acronyms: Counter[str] = Counter()
        self._names: Counter[str] = Counter()
        self._sentence_count = 1 + max((word.sentence for word in words), default=0)
        self._count_capitals(words)
        self._scores = {key: self._of_word(key) for key in self._counts if not is_stop(key, stops)}

    def _count_capitals(self, words: Sequence[Word]) -> None:
        last = -1
        for word in words:
            self._sentences[word.key].add(word.sentence)
            if word.text.isupper() and len(word.text) > 1:
                self._acronyms[word.key] += 1
            elif word.text[0].isupper() and word.sentence == last:
                self._names[word.key] += 1
            last = word.sentence

    def _of_word(self, key: str) -> float:
        count = self._counts[key]
        case = max(self._acronyms[key], self._names[key]) / (1 + math.log(count))
        position = math.log(math.log(3 + median(self._sentences[key])))
        frequency = count / self._usual
        sides = sum(len(side) / side.total() for side in (self._left[key], self._right[key]) if side)
        relatedness = 1 + sides * count / self._most
        spread = len(self._sentences[key]) / self._sentence_count
        return position * relatedness / (case + frequency / relatedness + spread / relatedness)

    def of_phrase(self, phrase: Phrase) -> float:
        """Products over sums; a stop word within counts by how surely its neighbors go with it."""
        product, total = 1.0, 0.0
        for place, key in enumerate(phrase.words):
            if key in self._scores:
                product *= self._scores[key]
                total += self._scores[key]
                continue
            before, behind = phrase.words[place - 1], phrase.words[place + 1]
            chance = (
                self._follows[before, key] / self._counts[before] * self._follows[key, behind] / self._counts[behind]
            )
            product *= 2 - chance
            total -= 1 - chance
        return product / (phrase.times * (1 + total)) if total > -1 else math.inf


def best(phrases: Sequence[Phrase], scored: Sequence[float], most: int) -> list[tuple[Phrase, float]]:
    """The best phrases, the best first, none that is nearly the same as a better one."""
    chosen: list[tuple[Phrase, float]] = []
    for phrase, score in sorted(zip(phrases, scored, strict=True), key=lambda pair: pair[1]):
        if len(chosen) == most:
            break
        if math.isfinite(score) and not any(_alike(phrase, other) for other, _ in chosen):
            chosen.append((phrase, score))
    return chosen


def _alike(one: Phrase, other: Phrase) -> bool:
    """Whether one differs from the other by the end of a word or less."""
    from difflib import SequenceMatcher

    return SequenceMatcher(None, " ".join(one.words), " ".join(other.words)).ratio() >= _SAME
