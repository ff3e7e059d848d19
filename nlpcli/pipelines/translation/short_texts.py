"""Words on buttons and signs, titles: a model that learnt sentences reads them better in other clothes now and then.

They are tried with and without a full stop, in small letters and with the capitals of names alone; taken is what the
model is surest of, less what a translation adds, loses and only copies. A list (`signs.tsv`) has what no model of
sentences knows, such as On/Off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from nlpcli.pipelines.translation.inline import Sentence
from nlpcli.pipelines.translation.preparation import Languages, Prepared
from nlpcli.pipelines.translation.translators import Translation
from nlpcli.text.edits import Edit

HasWord = Callable[[str], bool]
SIGNS = Path(__file__).with_name("signs.tsv")
_MOST_WORDS, _MOST_WORDS_OF_TITLE = 3, 12
_LONGEST, _LONGEST_TITLE = 40, 120
_LONG_WORD = 4
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# I and R$ stay as they are, and abbreviations.
_TITLED = re.compile(r"(?<![\w$])(?!I\b)[^\W\d_a-z](?![A-Z$.])[^\W\d_]*(?:['’-][^\W\d_]+)*(?![\w$])")
_DOUBLED = re.compile(r"\b(\w+(?:\s+\w+){0,2})((?:\s+\1\b)+)", re.IGNORECASE)
_FOREIGN = re.compile(r"[()\[\]:;,/]")
_ENDS = re.compile(r"[\w)\]%](?:[\"'»”])?$")
_SLASHED = re.compile(r"[^\W\d_]{2,}(?: [^\W\d_]{2,})?(?:/[^\W\d_]{2,}(?: [^\W\d_]{2,})?)+")
_OR = {"en": "or", "pt": "ou", "es": "o", "fr": "ou", "it": "o", "de": "oder"}
# In German every noun has a capital.
_WITHOUT_TITLE_CASE = frozenset({"de", "lb", "nds"})
# What is small in a title, and with more words what says little.
_SMALL_TABLE = """
a an and as at but by for from in into of on or the to with
ao aos as com da das de do dos e em na nas no nos o os ou para pela pelas pelo pelos por que se um uma à às
al con del el en la las lo los su una un y au aux des du et le les par pour sur une che di gli i il
"""
_LITTLE_TABLE = """
if is its my off onto our out over so than that this up us your essa esse esta este sem seu seus sua suas é
"""
_SMALL_IN_TITLES = frozenset(_SMALL_TABLE.split())
_LITTLE = _SMALL_IN_TITLES.union(_LITTLE_TABLE.split())
# What is surer than that is not tried in other clothes.
_SURE = 0.12
# What a word costs that the translation adds or loses, of all words; that it copies, and beside another one.
_ADDED, _LOST, _COPIED, _COPIED_BESIDE, _COPIED_IN_CAPITALS = 0.5, 0.5, 0.15, 0.03, 0.3
# What a word costs that is copied and is rare, for it may be a name; what other clothes than the own cost.
_COPIED_RARE, _CLOTHES = 0.1, 0.03


class Candidate(NamedTuple):
    """A translation of a text in some clothes."""

    translation: Translation
    cost: float


class Asked(NamedTuple):
    """A short text as the model reads it, and what to judge its translations by."""

    text: str
    languages: Languages
    in_capitals: bool
    has_word: HasWord

    @property
    def each_copied(self) -> float:
        """What a word costs that is only copied."""
        return _COPIED_IN_CAPITALS if self.in_capitals else _COPIED


def is_short(sentence: Sentence, prepared: Prepared, languages: Languages) -> bool:
    """Whether it is a few plain words, a title or a sign."""
    text = sentence.text
    if not sentence.reads_plainly or len(text) > _LONGEST_TITLE or sentence.is_cut_before or sentence.is_cut_behind:
        return False
    words = len(text.split())
    if words <= _MOST_WORDS and len(text) <= _LONGEST and (_body(text)[-1:].isalnum() or _SLASHED.fullmatch(text)):
        return True
    return words <= _MOST_WORDS_OF_TITLE and (prepared.capitals or is_title(text, languages.source))


def is_title(text: str, language: str) -> bool:
    """Whether a text is in Title Case: all of its words but little ones begin with a capital."""
    words = _WORD.findall(text)
    long = [word for word in words if len(word) >= _LONG_WORD and word not in _LITTLE]
    return (
        language not in _WITHOUT_TITLE_CASE
        and len(words) > 1
        and len(long) > 0
        and not text.endswith((".", ",", ";"))
        and words[0][0].isupper()
        and all(not word.islower() for word in long)
        and sum(not word.islower() for word in words) > 1
    )


def _body(text: str) -> str:
    """A text without the full stop at its end."""
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def variants_of(text: str) -> list[str]:
    """What a model is asked for a short text: as it is, and with a full stop or without the one that it has."""
    body = _body(text)
    return [text, f"{body}." if body == text else body] if body[-1:].isalnum() else [text]


def other_variants_of(asked: Asked, translation: str) -> list[str]:
    """The same in other clothes: in small letters, with capitals of what may be names alone.

    `translation` is that of the text as it is: what it copies may be names.
    """
    text, languages = asked.text, asked.languages
    names = set() if asked.in_capitals else _names(asked, translation)

    def smaller(match: re.Match[str], common_alone: bool = False) -> str:
        word = match[0].lower()
        # Of a text in capitals the names are known.
        is_name = word in names or (asked.in_capitals and match.start() > 0)
        return match[0] if is_name or (common_alone and not asked.has_word(word)) else word

    small = _TITLED.sub(smaller, text)
    made = [small, text[:1] + _TITLED.sub(partial(smaller, common_alone=True), text)[1:]]
    if _SLASHED.fullmatch(text) and languages.source in _OR and languages.target in _OR:
        made.append(small.replace("/", f" {_OR[languages.source]} "))
    known = set(variants_of(text))
    return list(dict.fromkeys(each for one in made for each in variants_of(one) if each not in known))


def _names(asked: Asked, translation: str) -> set[str]:
    """Two words in a row that are copied, as names have them, or more with `de` and its like; not all of a text."""
    found, names = set(map(str.lower, _WORD.findall(translation))), set[str]()
    words = [word.lower() for word in _WORD.findall(asked.text)]
    for is_copied, run in groupby(words, lambda word: word in found):
        several = list(run)
        told = [word for word in several if word not in _LITTLE]
        if is_copied and (len(told) == 2 or (len(told) > 2 and len(several) > len(told))):
            names.update(told)
    return set() if names >= set(_content(asked.text)) else names


def is_sure(candidate: Candidate) -> bool:
    """Whether nothing else need be tried."""
    return candidate.cost <= _SURE


def best_of(job: Asked, tried: Iterable[tuple[str, Translation]]) -> Candidate:
    """Of the translations of what was tried for a text the one of which the model is surest, less what is wrong."""
    return min((_candidate(job, *one) for one in tried), key=lambda candidate: candidate.cost)


def _candidate(asked: Asked, variant: str, translation: Translation) -> Candidate:
    text = asked.text
    found = as_written(text, translation.text)
    if "/" in text and "/" not in variant:
        found = re.sub(rf" {_OR[asked.languages.target]} ", "/", found)
    # A sentence begins with a capital that the text need not have.
    found = with_small_start(text, found) if variant != text else found
    cost = _cost(asked, found) - (translation.score or 0.0)
    is_smaller = _body(variant) != _body(text)
    cost += 10.0 * (not translation.complete) + _CLOTHES * (variant.endswith(".") != text.endswith("."))
    return Candidate(translation._replace(text=found), cost + _CLOTHES * is_smaller)


def _cost(asked: Asked, translation: str) -> float:
    own, found = _content(asked.text), _content(translation)
    enlarges = asked.text.islower() and not translation.islower() and asked.languages.target not in _WITHOUT_TITLE_CASE
    wrong = 5.0 * _adds(asked.text, translation) + _CLOTHES * enlarges
    if not own:
        return wrong
    growth = (len(found) - len(own)) / len(own)
    return wrong + (_ADDED if growth > 0 else _LOST) * abs(growth) + _copied(asked, own, set(found))


def _copied(asked: Asked, own: Sequence[str], found: set[str]) -> float:
    """What the words cost that the translation has too; those of a name, beside another one, less."""
    cost, beside = 0.0, False
    for word in own:
        is_copied = word in found
        first = asked.each_copied if asked.has_word(word) else _COPIED_RARE
        cost += (_COPIED_BESIDE if beside else first) * is_copied
        beside = is_copied and not asked.in_capitals
    return cost


def _content(text: str) -> list[str]:
    """The words that say something, in small letters."""
    words = [word.lower() for word in _WORD.findall(text)]
    return [word for word in words if word not in _LITTLE]


def titled(text: str) -> list[Edit]:
    """The edits that write a text in Title Case: its first and its last word, and all but little ones."""
    words = list(_WORD.finditer(text))
    return [
        Edit(match.start(), match.start() + 1, match[0][0].upper())
        for match in words
        if match[0].islower() and (match in (words[0], words[-1]) or match[0] not in _SMALL_IN_TITLES)
    ]


@cache
def _signs(source: str, target: str) -> dict[str, str]:
    """What stands on signs and buttons in one language → in the other; none for other languages."""
    names, *rows = (line.split("\t") for line in SIGNS.read_text(encoding="utf-8").splitlines())
    if source == target or not {source, target} <= set(names):
        return {}
    made: dict[str, str] = {}
    for row in rows:
        cells = dict(zip(names, (cell.split("|") for cell in row), strict=True))
        for written in cells[source]:
            made.setdefault(written, cells[target][0])
    return made


def sign_of(text: str, languages: Languages) -> str | None:
    """The translation of what stands on a sign or a button, if the list has it: whole, or each part around slashes."""
    signs = _signs(*languages)
    if not signs:
        return None
    key = _body(text).lower()
    whole = signs.get(key)
    if whole is None and "/" in key:
        found = [signs.get(part, "") for part in key.split("/")]
        whole = "/".join(found) if all(found) else None
    if whole is None:
        return None
    own = text.split("/")
    parts = whole.split("/") if whole.count("/") == len(own) - 1 else [whole]
    return "/".join(
        part[0].upper() + part[1:] if like[:1].isupper() else part for part, like in zip(parts, own, strict=False)
    )


def as_written(text: str, translation: str) -> str:
    """Without a full stop and doubled words that the text lacks."""
    return without_doubled(text, without_full_stop(text, translation))


def without_full_stop(text: str, translation: str) -> str:
    """No full stop behind what has none."""
    ends = _ENDS.search(text) and translation.endswith(".") and not translation.endswith("..")
    return translation[:-1] if ends and len(translation) > 1 else translation


def without_doubled(text: str, translation: str) -> str:
    """No word twice in a row where the text says none twice."""
    return translation if _DOUBLED.search(text) else _DOUBLED.sub(r"\1", translation)


def with_small_start(text: str, translation: str) -> str:
    """A small letter first where the text begins with one."""
    if text[:1].islower() and translation[:1].isupper() and not translation[1:2].isupper():
        return translation[0].lower() + translation[1:]
    return translation


def _adds(text: str, translation: str) -> bool:
    return any(translation.count(mark) > text.count(mark) for mark in _FOREIGN.findall(translation))
