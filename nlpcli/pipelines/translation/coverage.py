"""Notices what a translation leaves out: parts of the source that no piece of the translation looked at.

Thresholds were chosen on constructed sentences (tests/bench/clauses.py): the tokens of a clause that got lost had 0.1
of the attention of any piece in the mean, those of the others 0.8.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from nlpcli.text.clauses import clause_ends

# A clause of so many tokens at least, that got less attention than this in the mean, was not looked at.
_LOOKED_AT = 0.35
_SHORTEST_CLAUSE = 4
# Nor was any stretch of so many tokens with next to none.
_SHORTEST_GAP, _NO_LOOK = 9, 0.1
# Long sentences are broken off near their end: their last tokens.
_LONG, _END = 50, 3
# Nor a name that the translation lacks; names that are written otherwise there are looked at. In a long sentence a name
# can get lost that was looked at: one too many is only tried again, in halves, which are not long.
_NAME_LOOKED_AT, _NAME_LOOKED_AT_IN_LONG = 0.15, 0.8
_NAME = re.compile(r"(?<=[\w,;:] )[^\W\d_][^\W\d_]+(?:['’-]\w+)*")
_LETTERS_OF_NAME = 4
# So many words in a row that a translation says twice and its source does not; what the source has twice may take some
# more words in another language.
_SAID_TWICE, _MORE = 5, 3

Weights = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Source:
    """A text, its language, where its tokens stand in it, and the most attention that each of them got.

    `is_common`: whether a word in small letters is a common one; with a capital it is translated, as no name is.
    """

    text: str
    language: str
    offsets: Sequence[tuple[int, int]]
    looked_at: Weights
    is_common: Callable[[str], bool] = lambda word: False  # noqa: ARG005

    @cached_property
    def _middles(self) -> Weights:
        """Of each token its middle in the text, or -1 where it has no place there."""
        offsets = np.array(self.offsets[: len(self.looked_at)], np.float32).reshape(-1, 2)
        middles: Weights = np.where(offsets[:, 1] > offsets[:, 0], offsets.mean(1), np.float32(-1))
        return middles

    @cached_property
    def _words(self) -> Weights:
        """The most attention that any token of a word got, for each of its tokens: one is enough to translate it."""
        words, starts, is_within = self.looked_at.copy(), list[int](), False
        for place, (start, end) in enumerate(self.offsets[: len(words)]):
            piece = self.text[start:end]
            if not (is_within and piece.isalnum()) or self.text[start - 1 : start].isspace():
                starts.append(place)
            is_within = piece.strip().isalnum()
        for first, last in pairwise([*starts, len(words)]):
            words[first:last] = words[first:last].max(initial=0)
        return words

    def at(self, places: Sequence[int]) -> Weights:
        """The attention of some tokens, of each that of its word."""
        found: Weights = self._words[list(places)]
        return found

    def between(self, start: int, end: int) -> Weights:
        """The attention of the tokens of a stretch that have a place in it."""
        return self._found(self.looked_at, start, end)

    def words_between(self, start: int, end: int) -> Weights:
        """The same, of each token that of its word."""
        return self._found(self._words, start, end)

    def _found(self, weights: Weights, start: int, end: int) -> Weights:
        middles = self._middles
        found: Weights = weights[: len(middles)][(middles >= start) & (middles < end)]
        return found


def may_leave_out(text: str, translation: str, looked_at: Weights) -> bool:
    """Whether `left_out` could find something; spares it the search in nearly all sentences."""
    if len(looked_at) >= _LONG or _has_gap(looked_at):
        return True
    # Where every token was looked at, every name was.
    return bool(looked_at.min(initial=1.0) < _NAME_LOOKED_AT) and bool(_missing_names(text, translation))


def _has_gap(looked_at: Weights) -> bool:
    """Whether a clause or a stretch may be one that nothing looked at."""
    sums = np.concatenate([np.zeros(1), looked_at.cumsum()])
    # Whatever is as long as a clause consists of stretches of these lengths.
    widths = range(_SHORTEST_CLAUSE, min(2 * _SHORTEST_CLAUSE, len(sums)))
    return any((sums[width:] - sums[:-width]).min() < _LOOKED_AT * width for width in widths)


def left_out(source: Source, translation: str) -> str:
    """A part of the source that the translation seems to lack; empty where it has all."""
    is_long = len(source.looked_at) >= _LONG
    suspects = list(_suspects(source)) if is_long or _has_gap(source.looked_at) else []
    if suspects:
        start, end = suspects[0]
        for following, last in suspects[1:]:
            end = last if following == end else end
        return source.text[start:end].strip(" ,;")
    least = _NAME_LOOKED_AT_IN_LONG if is_long else _NAME_LOOKED_AT
    for name in _missing_names(source.text, translation):
        found = source.between(*name.span())
        if len(found) and found.max() < least and not source.is_common(name[0].lower()):
            return name[0]
    return ""


def _suspects(source: Source) -> Iterator[tuple[int, int]]:
    """Clauses, long stretches and an end that nothing looked at."""
    for start, end in pairwise([0, *clause_ends(source.text, source.language), len(source.text)]):
        found = source.between(start, end)
        if len(found) < _SHORTEST_CLAUSE or found.mean() >= _LOOKED_AT:
            continue
        if source.words_between(start, end).mean() < _LOOKED_AT:
            yield start, end
    words = [
        place
        for place, (start, end) in enumerate(source.offsets[: len(source.looked_at)])
        if any(map(str.isalnum, source.text[start:end]))
    ]
    if len(source.looked_at) >= _LONG and source.at(words[-_END:]).mean() < _LOOKED_AT:
        yield source.offsets[words[-_END]][0], len(source.text)
    for first in range(len(source.looked_at) - _SHORTEST_GAP + 1):
        if source.looked_at[first : first + _SHORTEST_GAP].mean() < _NO_LOOK:
            yield source.offsets[first][0], source.offsets[first + _SHORTEST_GAP - 1][1]


def _missing_names(text: str, translation: str) -> list[re.Match[str]]:
    """Capitalized words inside the text whose first letters stand nowhere in the translation."""
    lower = translation.lower()
    names = [
        match
        for match in _NAME.finditer(text)
        # Nearly all names are there as they are; to fold takes time.
        if match[0][0].isupper() and not (match[0].isascii() and match[0][:_LETTERS_OF_NAME].lower() in lower)
    ]
    if not names:
        return []
    folded = _folded(translation)
    return [name for name in names if _folded(name[0])[:_LETTERS_OF_NAME] not in folded]


def _folded(text: str) -> str:
    """In small letters without accents."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(letter)
    )


def said_twice(text: str, translation: str) -> str:
    """Words that a translation says twice although its source does not; empty where there are none."""
    if len(translation) < 2 * _SAID_TWICE:
        return ""
    found = _repeated(translation)
    return found[-1] if len(found) > _MORE * len(_repeated(text)) else ""


def _repeated(text: str) -> list[str]:
    words = re.findall(r"\w+", text.lower())
    if len(words) - len(set(words)) < _SAID_TWICE:
        return []
    runs = [" ".join(words[start : start + _SAID_TWICE]) for start in range(len(words) - _SAID_TWICE + 1)]
    return [run for place, run in enumerate(runs) if run in runs[:place]] if len(set(runs)) < len(runs) else []
