"""Text → sentences and the white space between them; sentences that are too long → clauses. Nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from nlpcli.text.markup.segments import has_letters
from nlpcli.text.sentences import split

# Where a clause may end, the best first; behind it the next one begins. Chinese marks need no space behind them.
_CLAUSE_ENDS = (
    re.compile(r"[;；:：](?:[\"'”’»)\]]*\s|(?<=[；：]))"),
    re.compile(r"[,，、](?:[\"'”’»)\]]*\s|(?<=[，、]))|\s[–—-]\s|——"),
    re.compile(r"\s+"),
)


class Part(NamedTuple):
    """A stretch of a text, `start` to `end`: a sentence, or what lies between two of them."""

    start: int
    end: int
    is_sentence: bool


def parts_of(text: str, language: str | None, fits: Callable[[str], bool]) -> list[Part]:
    """All of `text` as parts in order; no sentence of them is one for which `fits` says no."""
    parts: list[Part] = []
    offset = 0
    for sentence in split(text, language):
        parts += _trimmed(text, offset, offset + len(sentence), fits)
        offset += len(sentence)
    if offset < len(text):
        parts += _trimmed(text, offset, len(text), fits)
    return parts


def whole(text: str, fits: Callable[[str], bool]) -> list[Part]:
    """The parts of a text that is one sentence already."""
    return list(_trimmed(text, 0, len(text), fits))


def _trimmed(text: str, start: int, end: int, fits: Callable[[str], bool]) -> Iterator[Part]:
    """White space, sentence, white space."""
    body = text[start:end]
    if not has_letters(body):
        yield Part(start, end, False)
        return
    first = start + len(body) - len(body.lstrip())
    last = start + len(body.rstrip())
    if first > start:
        yield Part(start, first, False)
    for piece_start, piece_end in _clauses(text, first, last, fits):
        yield from _piece(text, piece_start, piece_end)
    if end > last:
        yield Part(last, end, False)


def _piece(text: str, start: int, end: int) -> Iterator[Part]:
    """A clause, the white space behind it apart."""
    last = start + len(text[start:end].rstrip())
    if has_letters(text[start:last]):
        yield Part(start, last, True)
        if last < end:
            yield Part(last, end, False)
    else:
        yield Part(start, end, False)


def _clauses(text: str, start: int, end: int, fits: Callable[[str], bool]) -> list[tuple[int, int]]:
    """The stretch itself where it fits, else its halves, cut at the clause end that is nearest the middle."""
    if end - start < 2 or fits(text[start:end]):
        return [(start, end)]
    cut = _cut(text, start, end)
    return [*_clauses(text, start, cut, fits), *_clauses(text, cut, end, fits)]


def _cut(text: str, start: int, end: int) -> int:
    """A cut in the middle half of the stretch where there is a clause end in it, else anywhere, else in the middle."""
    middle, quarter = (start + end) / 2, (end - start) / 4
    places = [[match.end() for match in pattern.finditer(text, start, end)] for pattern in _CLAUSE_ENDS]
    for central in (True, False):
        for found in places:
            near = [p for p in found if start < p < end and (not central or abs(p - middle) <= quarter)]
            if near:
                return min(near, key=lambda place: abs(place - middle))
    return int(middle)
