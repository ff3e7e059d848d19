"""Phrases that may be key phrases: runs of words between marks that neither begin nor end with a stop word."""

from __future__ import annotations

import re
import runpy
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from nlpcli.errors import ExtraMissing
from nlpcli.text.detection import detect
from nlpcli.text.sentences import split

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(
    rf"[{_HAN}]+|[\u3040-\u309f]+|[\u30a0-\u30ff]+|(?:(?![\u3040-\u30ff{_HAN}])\w)+(?:['’.-](?:(?![\u3040-\u30ff{_HAN}])\w)+)*"
)
_IS_HAN = re.compile(rf"[{_HAN}]")
_SPACES = re.compile(r"[ \t]*\n?[ \t]*")
_FEWEST_LETTERS = 2
_LONGEST = 3
_LONGEST_CHUNK = 5


class Word(NamedTuple):
    """A word where it stands; `sentence` counts from 0, `run` counts the stretches between marks."""

    start: int
    end: int
    text: str
    sentence: int
    run: int

    @property
    def key(self) -> str:
        return self.text.casefold()


class Phrase(NamedTuple):
    """A phrase where it first stands, how often it does, and its words in small letters."""

    start: int
    end: int
    times: int
    words: tuple[str, ...]


def language_of(text: str) -> str:
    """The code of the language of a text."""
    return detect(text).code


def words_of(text: str, language: str) -> list[Word]:
    """All words of a text, in order; those of Chinese by a dictionary."""
    words: list[Word] = []
    offset = run = end = 0
    for number, sentence in enumerate(_sentences(text, language)):
        for start, stop in _words_in(sentence):
            start, stop = offset + start, offset + stop
            if not words or words[-1].sentence != number or not _SPACES.fullmatch(text, end, start):
                run += 1
            words.append(Word(start, stop, text[start:stop], number, run))
            end = stop
        offset += len(sentence)
    return words


def _sentences(text: str, language: str) -> Sequence[str]:
    return split(text, language)


def _words_in(sentence: str) -> list[tuple[int, int]]:
    found = []
    for match in _WORD.finditer(sentence):
        start = match.start()
        if not _IS_HAN.match(match[0]) or len(match[0]) == 1:
            found.append(match.span())
            continue
        for word in _segmenter().cut(match[0]):
            found.append((start, start + len(word)))
            start += len(word)
    return found


@cache
def _segmenter() -> Any:
    try:
        import rjieba
    except ImportError as error:
        raise ExtraMissing("finding words in Chinese", "extract") from error
    return rjieba.Jieba()


@cache
def stop_words(language: str) -> frozenset[str]:
    """The stop words of a language: spaCy's, read from its files without importing it; none where it has none.

    Raises:
        ExtraMissing: spaCy is not installed.
    """
    package = find_spec("spacy")
    if package is None or package.origin is None:
        raise ExtraMissing("--keyphrases", "extract")
    code = {"no": "nb"}.get(language, language)
    path = Path(package.origin).with_name("lang") / code / "stop_words.py"
    return frozenset(map(str.casefold, runpy.run_path(str(path))["STOP_WORDS"])) if path.is_file() else frozenset()


def is_stop(word: str, stops: frozenset[str]) -> bool:
    """Whether a word (in small letters) says nothing by itself: a stop word, a letter, a number."""
    letters = sum(map(str.isalpha, word))
    fewest = 1 if _IS_HAN.match(word) else _FEWEST_LETTERS
    return word.replace("’", "'") in stops or letters < fewest or word[0].isdigit() or "\u3040" <= word[0] <= "\u309f"


def phrases_of(words: Sequence[Word], stops: frozenset[str], longest: int = _LONGEST) -> list[Phrase]:
    """Every phrase of up to `longest` words, in the order in which they first stand."""
    found: dict[tuple[str, ...], Phrase] = {}
    for _, group in groupby(words, key=lambda word: word.run):
        run = list(group)
        stopped = [is_stop(word.key, stops) for word in run]
        for first in range(len(run)):
            for last in range(first, min(first + longest, len(run))):
                # Characters without a space between them are one phrase; they count as words all the same.
                if stopped[first] or stopped[last]:
                    continue
                keys = tuple(word.key for word in run[first : last + 1])
                before = found.get(keys)
                found[keys] = (
                    before._replace(times=before.times + 1)
                    if before
                    else Phrase(run[first].start, run[last].end, 1, keys)
                )
    return list(found.values())


def phrases_in(words: Sequence[Word], stops: frozenset[str], chunks: Sequence[tuple[int, int]]) -> list[Phrase]:
    """The phrases of noun chunks (start, end), without stop words at either end; of a long one its last words, which
    say what it is."""
    found: dict[tuple[str, ...], Phrase] = {}
    begins = [word.start for word in words]
    for start, end in chunks:
        inside = [word for word in words[bisect_left(begins, start) : bisect_left(begins, end)] if word.end <= end]
        while inside and is_stop(inside[0].key, stops):
            inside = inside[1:]
        while inside and is_stop(inside[-1].key, stops):
            inside = inside[:-1]
        inside = inside[-_LONGEST_CHUNK:]
        while inside and is_stop(inside[0].key, stops):
            inside = inside[1:]
        if not inside:
            continue
        keys = tuple(word.key for word in inside)
        before = found.get(keys)
        found[keys] = (
            before._replace(times=before.times + 1) if before else Phrase(inside[0].start, inside[-1].end, 1, keys)
        )
    return list(found.values())


def neighbors(words: Sequence[Word]) -> list[tuple[str, str]]:
    """Words that follow each other without a mark between them."""
    return [(one.key, other.key) for one, other in pairwise(words) if one.run == other.run]
