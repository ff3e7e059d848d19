"""Full stops that end no sentence: those of abbreviations, initials and ordinal numbers (`abbreviations.toml`)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from nlpcli.text.languages import is_name

_LAST_WORD = re.compile(r"[^\s(\[{\"'“”‘’«»„¿¡/–—]*(?=\.\s*\Z)")
_FIRST_WORD = re.compile(r"\W*([^\W_]+(?:['’][^\W_]+)?)")
_NUMBER_FOLLOWS = re.compile(r"\W*(?:\d|[IVXLC]+\b)")
# U.S, p.ex, a.C, S.p.A: letters with full stops between them.
_LETTERS = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
# Years have more digits.
_ORDINAL = re.compile(r"\S.*(?<![\w.,])\d{1,3}\.\s*\Z", re.DOTALL)
# "5 h.": a unit.
_UNIT = re.compile(r"\d\s?\w\.\s*\Z")
_ANY = "any"


class _Language(NamedTuple):
    """What `abbreviations.toml` has of a language."""

    exact: frozenset[str]
    small: frozenset[str]
    never: frozenset[str]
    numbered: frozenset[str]
    starters: frozenset[str]
    capitals: frozenset[str]

    def knows(self, word: str) -> bool:
        return word in self.exact or _small(word) in self.small


def goes_on(before: str, after: str, language: str | None) -> bool:
    """Whether the sentence that `before` ends with, up to a full stop and white space, goes on in `after`."""
    word = _LAST_WORD.search(before)
    if word is None or not word[0]:
        return False
    rules = _rules(language or _ANY)
    number_follows = _NUMBER_FOLLOWS.match(after) is not None
    if len(word[0]) == 1 and word[0].islower():
        return _UNIT.search(before) is None
    if word[0] in rules.never:
        return True
    if _small(word[0]) in rules.numbered:
        return number_follows
    if rules.knows(word[0]) or _LETTERS.fullmatch(word[0]):
        return number_follows or not _is_starter(after, rules)
    is_ordinal = word[0].isdecimal() and language in _ordinals() and _ORDINAL.search(before)
    is_initial = len(word[0]) == 1 and word[0].isupper()
    return bool(is_ordinal or is_initial) and not _is_starter(after, rules)


def is_small_word(word: str, language: str) -> bool:
    """Whether a word often begins a sentence, and has no capital anywhere else."""
    return word.lower().replace("’", "'") in _rules(language).starters


def is_capitalized(word: str, language: str) -> bool:
    """Whether a word that is no name is written with a capital in the middle of a sentence, as English does it."""
    is_language = language == "en" and is_name(word)
    return is_language or word.lower().replace("’", "'") in _rules(language).capitals


def _small(word: str) -> str:
    """As the lists write it: a capital first letter says nothing, nor do capitals alone."""
    return word.lower() if word.isupper() else word[:1].lower() + word[1:]


def _is_starter(after: str, rules: _Language) -> bool:
    word = _FIRST_WORD.match(after)
    return word is not None and word[1][:1].isupper() and word[1].lower().replace("’", "'") in rules.starters


@cache
def _rules(language: str) -> _Language:
    tables = [_table().get(name, {}) for name in dict.fromkeys((_ANY, language))]

    def words(key: str) -> frozenset[str]:
        return frozenset(word for table in tables for word in table.get(key, "").split())

    never, numbered = words("never"), words("numbered")
    return _Language(
        exact=words("cldr") | never,
        small=words("own") - numbered,
        never=never,
        numbered=numbered,
        starters=words("starters"),
        capitals=words("capitals"),
    )


@cache
def _ordinals() -> frozenset[str]:
    return frozenset(_table()[_ANY]["ordinals"].split())


@cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("nlpcli.text").joinpath("abbreviations.toml").read_text(encoding="utf-8"))
