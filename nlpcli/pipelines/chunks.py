"""Overlapping windows of a text that end where a sentence ends. Light: static vectors need them too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nlpcli.text.sentences import Passage, passages, sentences

# A vector says what most of its text is about: of 96 tokens it still says what one sentence is about. Of 12 sentences
# hidden in texts of 3,500 words a search finds 10 with windows of 96 tokens, 5 with 256, none in the average.
CHUNK_TOKENS = 96
# A sentence that is longer than a window is cut into parts of a quarter of one.
_PARTS_OF_A_CHUNK = 4

CountTokens = Callable[[Sequence[str]], list[int]]


class Chunk(NamedTuple):
    """A window of a text: its place in the text (code points, `end` exclusive), and what the model reads of it."""

    start: int
    end: int
    token_ids: list[Any]


def spans_of_chunks(text: str, count_tokens: CountTokens, room: int = CHUNK_TOKENS) -> list[tuple[int, int]]:
    """The place of each window of at most `room` tokens, in order."""
    whole = sentences(text)
    parts = [
        part
        for sentence, tokens in zip(whole, count_tokens(whole), strict=True)
        for part in _parts(Passage(sentence, tokens), count_tokens, room)
    ]
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part.text))
    return [_trimmed(text, starts[first], starts[last]) for first, last in _overlapping(parts, room)]


def _parts(sentence: Passage, count_tokens: CountTokens, room: int) -> list[Passage]:
    if sentence.tokens <= room:
        return [sentence]
    return passages(sentence.text, count_tokens, room // _PARTS_OF_A_CHUNK)


def _overlapping(parts: Sequence[Passage], room: int) -> list[tuple[int, int]]:
    """First and last (exclusive) of the parts of each window.

    A window begins with the last part of the one before where that fills at most half of it: what stands at the border
    of two windows is whole in one of them.
    """
    windows: list[tuple[int, int]] = []
    first = 0
    while not windows or windows[-1][1] < len(parts):
        last, tokens = first, 0
        while last < len(parts) and (last == first or tokens + parts[last].tokens <= room):
            tokens += parts[last].tokens
            last += 1
        windows.append((first, last))
        first = last - 1 if last - first > 1 and parts[last - 1].tokens <= room // 2 else last
    return windows


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without the white space at its ends."""
    body = text[start:end]
    return start + len(body) - len(body.lstrip()), start + len(body.rstrip())
