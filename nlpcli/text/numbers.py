"""Numbers of a text by their values, in the separators of a language; and what of them a translation changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from nlpcli.text.edits import Edit, Edited
from nlpcli.text.number_words import SCALES, values_in_words

_SPACES = "\u00a0\u2009\u202f\u2007"
_NUMBER = re.compile(
    rf"(?<![\d.,])\d{{1,3}}(?:[ {_SPACES}]\d{{3}})+(?:[.,]\d+)?(?![\d])"
    rf"|(?<![\w.,)])\.\d+(?![.,]?\d)|\d+(?:[.,'’]\d+|[{_SPACES}]\d{{3}}(?!\d))*"
)
# CLDR's separators. A comma is the decimal sign here; elsewhere it is a full stop.
_DECIMAL_COMMA_TABLE = """
pt es de fr it nl pl cs sk ru uk be bg sv nb nn no da fi hu ro el tr id vi hr sr sl bs ca gl eu et lv lt is az
kk ka hy mk sq
"""
_DECIMAL_COMMA = frozenset(_DECIMAL_COMMA_TABLE.split())
# They separate groups by a space that does not break, or a full stop is not what stands between groups.
_GROUP_SPACE_TABLE = """
fr pl cs sk ru uk be bg sv nb nn no fi hu et lv lt kk ka hy sq
"""
_GROUP_SPACE = frozenset(_GROUP_SPACE_TABLE.split())
_VERSION_WORD = re.compile(
    r"(?:\b(?:v|ver|version|vers[aã]o|release|section|se[cç][cç]?[aã]o|chapter|cap[ií]tulo|fig|figure|figura|table|tabela"
    r"|rule|article|artigo|clause|item|step|python|ios|android|windows|ubuntu|java|bluetooth|usb|hdmi|dvi|pcie|sata|html|css|xml|http|tls|wi-fi"
    r"|macos|linux|debian|fedora|kernel|php|ruby|node(?:\.js)?|django|react|angular|firefox|chrome|opengl|directx|cuda"
    r"|n[ºo°]|no|part|parte)\.?\s?|\bv|[A-Za-z]-?)$",
    re.IGNORECASE,
)
_NAME_BEFORE = re.compile(r"(?<=[\w,;:)] )[A-Z]\w+ $")
_MEASURED = re.compile(
    r"\s?(?:[%°‰$€£]|[kcmµ]?[mglWVAJNBb]\b|[kKMGT]?[BHh]z?\b|km|mm|[mb]illion|trillion|[mb]ilh|mil\b|percent|por cento)"
)
_TIME = re.compile(r"\d\s?(?:[ap]\.?\s?m\b|h\b|h\d|o'clock)|\d:\d\d|\bmidnight|\bnoon|da (?:tarde|noite|manhã)", re.I)
_CODE = re.compile(r"(?<![\w-])[A-Z]{1,6}[-/]?\d[\w-]*|\b\d+(?:-\d+){3,}\b|\b\d{1,3}(?:\.\d+){2,}\b")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d$|\d\d?\.\d\d?\.\d{4}$|\d{1,3}(?:\.\d{3})+$")
_DECADE = re.compile(r"(\d0)'?s\b|anos (\d0)\b|década de (?:19|20)?(\d0)\b", re.IGNORECASE)
# A whole number without separators gets none where it may be a year.
_YEAR_DIGITS = 4


# What stands for a piece that is kept as it is; a number that touches it is one number with it.
KEPT = "\ue000"


class Number(NamedTuple):
    """A number as it stands: its stretch, its digits, and its parts where its separators say what they are."""

    start: int
    end: int
    text: str
    integer: str | None
    fraction: str
    grouped: bool

    @property
    def digits(self) -> str:
        """Without separators and without zeros in front."""
        return "".join(filter(str.isdigit, self.text)).lstrip("0") or "0"


class Comparison(NamedTuple):
    """`edits` write the numbers of a translation as its language does; `missing` are those of the source that it lacks,
    `extra` its own that the source lacks. `found`: whether both have numbers.
    """

    edits: list[Edit]
    missing: list[Number]
    extra: list[Number]
    found: bool = True


class Separators(NamedTuple):
    """What stands before the fraction, and between groups of three digits."""

    decimal: str
    group: str


def separators(language: str) -> Separators:
    """How a language writes numbers."""
    if language not in _DECIMAL_COMMA:
        return Separators(".", ",")
    return Separators(",", "\u00a0" if language in _GROUP_SPACE else ".")


def numbers_in(text: str, language: str) -> list[Number]:
    """The numbers of a text, as a reader of its language takes them."""
    return [_parsed(match, separators(language)) for match in _NUMBER.finditer(text)]


def _parsed(match: re.Match[str], marks: Separators) -> Number:
    text = match[0]
    integer, fraction, grouped = _parts(text, marks)
    return Number(match.start(), match.end(), text, integer, fraction, grouped)


def _parts(text: str, marks: Separators) -> tuple[str | None, str, bool]:
    groups = re.split(r"\D", text)
    signs = re.findall(r"\D", text)
    if not signs:
        return text, "", False
    last, before = signs[-1], set(signs[:-1])
    in_threes = len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:-1])
    # A fraction behind groups, whichever of the two ways it is written.
    if before and last not in before and len(before) == 1 and last in ".," and in_threes:
        return "".join(groups[:-1]), groups[-1], True
    all_threes = in_threes and len(groups[-1]) == 3 and groups[0] not in ("0", "")
    if before == {last} or (not before and last not in ".,"):
        return ("".join(groups), "", True) if all_threes else (None, "", False)
    if before:
        return None, "", False
    if last == marks.decimal:
        return groups[0] or "0", groups[1], False
    return ("".join(groups), "", True) if all_threes else (None, "", False)


def written(number: Number, language: str) -> str:
    """A number in the separators of a language; spaces between groups stay, and what is no plain number."""
    if number.integer is None or not (number.grouped or number.fraction):
        return number.text
    marks = separators(language)
    space = re.search(rf"[ {_SPACES}]", number.text)
    integer = number.integer
    if number.grouped:
        integer = (space[0] if space else marks.group).join(_groups(integer))
    return integer + (marks.decimal + number.fraction if number.fraction else "")


def _groups(integer: str) -> list[str]:
    first = len(integer) % 3 or 3
    return [integer[:first], *(integer[place : place + 3] for place in range(first, len(integer), 3))]


def is_name(text: str, number: Number) -> bool:
    """Whether a number with a point is part of a name (version 2.5, section 4.2), whose point stays."""
    if number.grouped or not number.fraction:
        return False
    before = text[: number.start]
    if _VERSION_WORD.search(before):
        return True
    return bool(_NAME_BEFORE.search(before)) and not _MEASURED.match(text, number.end)


def localized(text: str, source: str, target: str, start: int = 0, end: int | None = None) -> str:
    """The stretch of a text from `start` to `end` with its numbers as the target language writes them."""
    end = len(text) if end is None else end
    edits = [
        Edit(number.start - start, number.end - start, written(number, target))
        for number in numbers_in(text, source)
        if start <= number.start and number.end <= end and not is_name(text, number)
    ]
    return Edited(text[start:end], edits).text


def compare(source: str, translation: str, source_language: str, target_language: str) -> Comparison:
    """Matches the numbers of both texts by their digits; numbers in words, clocks and decades may differ."""
    given = numbers_in(source, source_language)
    found = numbers_in(translation, target_language)
    if not given and not found:
        return Comparison([], [], [], found=False)
    edits, missing, extra = _matched(source, given, found, target_language)
    if missing or extra:
        missing, extra = _explained((source, source_language, missing), (translation, target_language, extra))
    return Comparison(edits, missing, extra, bool(given and found))


def _matched(
    source: str, given: Sequence[Number], found: Sequence[Number], language: str
) -> tuple[list[Edit], list[Number], list[Number]]:
    by_digits: dict[str, list[Number]] = {}
    for number in found:
        by_digits.setdefault(number.digits, []).append(number)
    edits, missing = [], []
    for number in given:
        same = by_digits.get(number.digits)
        if not same:
            missing.append(number)
            continue
        exact = next((other for other in same if other.text == number.text), same[0])
        same.remove(exact)
        if not is_name(source, number):
            is_part = KEPT in (source[number.start - 1 : number.start], source[number.end : number.end + 1])
            new = number.text if is_part else written(number, language)
            if _differs(number, exact, new):
                edits.append(Edit(exact.start, exact.end, new))
    return edits, missing, [number for numbers in by_digits.values() for number in numbers]


def _differs(number: Number, found: Number, new: str) -> bool:
    """Whether the same digits stand for another value, or are written otherwise than by the rule."""
    if found.text == new:
        return False
    if number.integer is None or number.grouped or number.fraction:
        return True
    is_year = found.grouped and len(number.integer) <= _YEAR_DIGITS
    return found.integer is None or bool(found.fraction) or is_year


_Side = tuple[str, str, list[Number]]


def _explained(source: _Side, translation: _Side) -> tuple[list[Number], list[Number]]:
    """What is still missing, and still extra, when words, clocks, months, decades and scales are looked at."""
    source_text, source_language, missing = source
    translation_text, target_language, extra = translation
    missing, extra = _same_values(source, translation)
    if _TIME.search(source_text) or _TIME.search(translation_text):
        missing, extra = _without_clocks(missing, extra)
    if _DECADE.search(source_text) or _DECADE.search(translation_text):
        missing, extra = _paired(missing, extra, lambda a, b: int(a.digits) % 100 == int(b.digits) % 100)
    if missing:
        missing = _not_in_words(missing, translation_text, target_language)
    if extra:
        extra = _not_in_words(extra, source_text, source_language)
    return missing, extra


def _paired(
    missing: Sequence[Number], extra: Sequence[Number], same: Callable[[Number, Number], bool]
) -> tuple[list[Number], list[Number]]:
    """What is left of both where each number takes the first that is the same."""
    left, missing_left = list(extra), []
    for number in missing:
        other = next((other for other in left if same(number, other)), None)
        if other is None:
            missing_left.append(number)
        else:
            left.remove(other)
    return missing_left, left


def _same_values(source: _Side, translation: _Side) -> tuple[list[Number], list[Number]]:
    """1,500 and 1,5 mil; 2.50 and 2,5."""

    def values(side: _Side, number: Number) -> set[float]:
        value = _value(number)
        if value is None:
            return set()
        behind = re.match(r"\s?([^\W\d]+)", side[0][number.end :])
        scale = SCALES.get(side[1], {}).get(behind[1].lower()) if behind else None
        return {value, value * scale} if scale else {value}

    def same(a: Number, b: Number) -> bool:
        return any(abs(x - y) <= 1e-9 * max(abs(x), 1) for x in values(source, a) for y in values(translation, b))

    return _paired(source[2], translation[2], same)


def _value(number: Number) -> float | None:
    return None if number.integer is None else float(f"{number.integer}.{number.fraction or 0}")


def _without_clocks(missing: list[Number], extra: list[Number]) -> tuple[list[Number], list[Number]]:
    """3 pm and 15h, 12 am and 0:00, 15:00 and 15h."""
    missing, extra = _paired(missing, extra, _is_same_hour)
    return [n for n in missing if n.digits != "0"], [n for n in extra if n.digits != "0"]


def _is_same_hour(a: Number, b: Number) -> bool:
    first, second = int(a.digits), int(b.digits)
    return max(first, second) <= 24 and (first - second) % 12 == 0


def _not_in_words(numbers: list[Number], other: str, other_language: str) -> list[Number]:
    """The numbers that the other text does not say in words."""
    words = Counter(values_in_words(other, other_language))
    left = []
    for number in numbers:
        value = _value(number)
        if value is not None and words[value] > 0:
            words[value] -= 1
        else:
            left.append(number)
    return left


def codes_in(text: str) -> list[tuple[int, int]]:
    """Stretches that must come through as they are: A-1234, 978-3-16-148410-0, 192.168.0.1."""
    return [match.span() for match in _CODE.finditer(text) if not _ISO_DATE.match(match[0])]
