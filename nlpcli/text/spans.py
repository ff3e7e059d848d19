"""Spans: parts of a text that were found in it, with where they stand."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

Offsets = Literal["characters", "bytes"]
"""What `start` and `end` count: code points, or bytes of UTF-8."""


class Span(NamedTuple):
    """`text` is what stands from `start` to `end` (code points) in the text that it was found in.

    `score` is a probability; None where what found it gives none.
    """

    start: int
    end: int
    text: str
    label: str
    score: float | None = None


def span_of(text: str, start: int, end: int, label: str, score: float | None = None) -> Span | None:
    """A part of `text` without the white space around it; None where nothing else is there."""
    shown = text[start:end]
    start += len(shown) - len(shown.lstrip())
    shown = shown.strip()
    return Span(start, start + len(shown), shown, label, score) if shown else None


def byte_offsets(text: str, places: Iterable[int]) -> list[int]:
    """For each code point of `text` that is named, ascending, how many bytes of UTF-8 stand before it."""
    offsets, last, count = [], 0, 0
    for place in places:
        count += len(text[last:place].encode("utf-8", "surrogatepass"))
        last = place
        offsets.append(count)
    return offsets


class LineIndex:
    """Places in a text as lines and columns, both counted from 1, columns in code points."""

    def __init__(self, text: str) -> None:
        self._starts: Sequence[int] = [0, *(place + 1 for place, character in enumerate(text) if character == "\n")]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a code point."""
        line = bisect_left(self._starts, offset + 1)
        return line, offset - self._starts[line - 1] + 1


# A character of a script without spaces; a word with its combining marks; anything else that is visible.
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|(?:\w[\u0300-\u036f]*)+|\S")
Bounds = tuple[int, int]


def tokens(text: str, borders: Iterable[int] = ()) -> list[Bounds]:
    """Start and end of each word and mark; a token ends at each of `borders`."""
    cuts = sorted(set(borders))
    return [
        bounds
        for match in _TOKEN.finditer(text)
        for bounds in pairwise([match.start(), *_within(cuts, match.start(), match.end()), match.end()])
    ]


def _within(cuts: Sequence[int], start: int, end: int) -> Sequence[int]:
    return cuts[bisect_right(cuts, start) : bisect_left(cuts, end)]


def apart(spans: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The spans in the order of the text, without those that begin within another; of two at one place the longer."""
    kept: list[tuple[int, int, str]] = []
    for span in sorted(set(spans), key=lambda span: (span[0], -span[1], span[2])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept
