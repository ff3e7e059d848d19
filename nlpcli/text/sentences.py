"""Text → sentences → passages of whole sentences that fit a model. Together the parts are the text again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from sentencex import segment

from nlpcli.text.abbreviations import goes_on
from nlpcli.text.detection import detect
from nlpcli.text.words import count_words, spaces_end_sentences

CountTokens = Callable[[Sequence[str]], list[int]]
# What is longer is no sentence, but a text without full stops.
_LONGEST_SENTENCE = 120
# Marks that end a sentence without white space behind them, and what closes behind these.
_UNSPACED_END = re.compile(r"[。．！？｡…‥︒։။।॥][\"'”’»」』】》〉）)\]]*\Z|[\n\r]\Z")


def split(text: str, language: str | None) -> list[str]:
    """The sentences of a text in `language` (None: unknown), each with the white space behind it.

    Together they are the text. No sentence ends within a word, at an abbreviation, or before a small letter.
    """
    found: list[str] = []
    # Where sentencex does not know the language, it reads it as English.
    parts = segment(language or "en", text)
    only_small = not any(map(str.isupper, text)) if len(parts) > 1 else False
    for part in parts:
        if found and _goes_on(found[-1], part, language, only_small):
            found[-1] += part
        else:
            found.append(part)
    return found


def _goes_on(before: str, part: str, language: str | None, only_small: bool) -> bool:
    """Whether a part belongs to the sentence before it; in a text without capitals, small letters start sentences."""
    if not part.strip():
        return True
    if not before[-1].isspace():
        return not _UNSPACED_END.search(before)
    if "\n\n" in before[-4:]:
        return False
    return (part[0].islower() and not only_small) or goes_on(before, part, language)


def sentences(text: str, language: str | None = None) -> list[str]:
    """The sentences of a text as `split` finds them, what is too long to be one cut further.

    A `language` of None is detected.
    """
    return [part for sentence in split(text, language or detect(text).code) for part in _broken(sentence)]


def _broken(sentence: str) -> list[str]:
    if count_words(sentence) <= _LONGEST_SENTENCE:
        return [sentence]
    lines = sentence.splitlines(keepends=True)
    return [part for line in lines for part in (_at_spaces(line) if spaces_end_sentences(line) else [line])]


def _at_spaces(line: str) -> list[str]:
    *parts, last = line.split(" ")
    return [f"{part} " for part in parts] + ([last] if last else [])


class Passage(NamedTuple):
    """Part of a text, and how many tokens it has."""

    text: str
    tokens: int


def passages(text: str, count_tokens: CountTokens, room: int) -> list[Passage]:
    """The text in as few passages of at most `room` tokens as there must be, about equally long, cut between sentences.

    A sentence that is over the room by itself is cut between words, one without spaces anywhere.
    """
    whole = sentences(text)
    fitting = [
        part
        for sentence, tokens in zip(whole, count_tokens(whole), strict=True)
        for part in _cut_to_fit(Passage(sentence, tokens), count_tokens, room)
    ]
    return list(_packed(fitting, room))


def _cut_to_fit(part: Passage, count_tokens: CountTokens, room: int) -> list[Passage]:
    if part.tokens <= room or len(part.text) < 2:
        return [part]
    middle = _near_middle(part.text)
    halves = [part.text[:middle], part.text[middle:]]
    return [
        smaller
        for half, tokens in zip(halves, count_tokens(halves), strict=True)
        for smaller in _cut_to_fit(Passage(half, tokens), count_tokens, room)
    ]


def _near_middle(text: str) -> int:
    middle = len(text) // 2
    space = text.rfind(" ", middle // 2, middle) + 1
    return space or middle


def _packed(parts: Sequence[Passage], room: int) -> Iterable[Passage]:
    starts = _starts([part.tokens for part in parts], room)
    for start, end in pairwise([*starts, len(parts)]):
        packed = parts[start:end]
        yield Passage("".join(part.text for part in packed), sum(part.tokens for part in packed))


def _starts(sizes: Sequence[int], room: int) -> list[int]:
    """Where to start anew, so that nothing is over the room and the passages are about equally long."""
    starts = [0] if sizes else []
    left = sum(sizes)
    filled = 0
    for index, size in enumerate(sizes):
        share = left / max(1, -(-left // room))
        if filled and (filled + size > room or filled + size / 2 > share):
            starts.append(index)
            left -= filled
            filled = 0
        filled += size
    return starts
