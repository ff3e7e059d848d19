"""National ids: the numbers by which a state knows a person, told by form, checksum and words beside them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import NamedTuple

from nlpcli.text.personal.context import BEGIN, END, numbers_a_thing, stands_beside

# What such a number is called where its name is none of a table's.
_ANY_CUE = (
    r"national (?:id|identity|identification|insurance)|personal (?:id|identity|identification)(?: number| no\b|-?nr)"
    r"|identity (?:card|number|no)|id card|citizen id|resident id|taxpayer|tax (?:id|identification|number|no\b)|TIN"
    r"|social (?:security|insurance)|personalausweis\w*|ausweisnummer|pièce d'identité|carte d'identité"
    r"|sécurité sociale|documento(?: nacional)? de ident\w+|carta d'identità|identiteits\w+|bilhete de identidade"
    r"|身份证|身分證|证件号|證件號|身份號|신분증|паспорт"
)
_FEWEST_DIGITS = 6
_GROUP_BEFORE, _GROUP_BEHIND = re.compile(r"\d[ -]$"), re.compile(r"[ -]\d")
# Checks that numbers of orders and the like pass easily.
_EASY = frozenset({"social_security", "us.itin", "se.personnummer", "cz.rc", "british_insurance"})


class _Form(NamedTuple):
    """One row of the table: how a number is written, and what checks it. `cue`: only beside such a word."""

    pattern: re.Pattern[str]
    check: str
    cue: re.Pattern[str] | None


def national_ids(text: str) -> Iterator[tuple[int, int]]:
    """Numbers of every form of the table, form by form."""
    if len(re.findall(r"\d", text)) < _FEWEST_DIGITS:
        return
    for form in _forms():
        for match in form.pattern.finditer(text):
            start, end = match.span()
            if _goes_on(match) or not (form.cue is None or stands_beside(text, start, end, form.cue)):
                continue
            if _check_of(form.check)(match[0].upper()) and not (form.cue is None and _is_a_thing(form, text, start)):
                yield start, end


def _goes_on(match: re.Match[str]) -> bool:
    """Whether groups of digits are part of more groups."""
    start, end = match.span()
    if not re.search(r"\d[ -]\d", match[0]):
        return False
    return bool(_GROUP_BEFORE.search(match.string, max(0, start - 2), start) or _GROUP_BEHIND.match(match.string, end))


def _is_a_thing(form: _Form, text: str, start: int) -> bool:
    """Whether a number that passes easily is said to be that of an order or the like."""
    return form.check in _EASY and numbers_a_thing(text, start)


@cache
def _forms() -> tuple[_Form, ...]:
    table = tomllib.loads(files("nlpcli.text.personal").joinpath("national_ids.toml").read_text(encoding="utf-8"))
    return tuple(form for row in table["id"] for form in _forms_of(row))


def _forms_of(row: dict[str, str]) -> Iterator[_Form]:
    if "alone" in row:
        yield _Form(_pattern(row["alone"]), row["check"], None)
    if "beside" in row:
        cue = rf"(?<![^\W\d_])(?:{row['cues']}|{_ANY_CUE})(?![^\W\d_\u0e00-\ud7af])"
        yield _Form(_pattern(row["beside"]), row["check"], re.compile(cue, re.IGNORECASE))


def _pattern(form: str) -> re.Pattern[str]:
    return re.compile(rf"{BEGIN}(?:{form}){END}", re.IGNORECASE)


@cache
def _check_of(name: str) -> Callable[[str], bool]:
    own = _OWN.get(name)
    check: Callable[[str], bool] = own or import_module(f"stdnum.{name}").is_valid
    return check


def _digits(number: str) -> list[int]:
    return [int(character) for character in number if character.isdigit()]


def _is_social_security(number: str) -> bool:
    area, group, serial = re.fullmatch(r"(\d{3})\D?(\d\d)\D?(\d{4})", number).groups()  # type: ignore[union-attr]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def _is_uruguayan(number: str) -> bool:
    *digits, last = _digits(number)
    return -sum(a * b for a, b in zip(digits, (2, 9, 8, 7, 6, 3, 4), strict=True)) % 10 == last


def _is_taiwanese(number: str) -> bool:
    value = _LETTERS_OF_TAIWAN.index(number[0]) + 10
    first, rest = divmod(value, 10)
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    return sum(a * b for a, b in zip((first, rest, *_digits(number)), weights, strict=True)) % 10 == 0


_LETTERS_OF_TAIWAN = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def _is_of_hong_kong(number: str) -> bool:
    characters = re.sub(r"[()]", "", number).rjust(9)
    values = [36 if character == " " else int(character, 36) for character in characters]
    return sum(a * b for a, b in zip(values, range(9, 0, -1), strict=True)) % 11 == 0


def _is_singaporean(number: str) -> bool:
    extra = {"T": 4, "G": 4, "M": 3}.get(number[0], 0)
    rest = (extra + sum(a * b for a, b in zip(_digits(number), (2, 7, 6, 5, 4, 3, 2), strict=True))) % 11
    letters = {"S": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}
    series = {"T": "S", "G": "F"}.get(number[0], number[0])
    place = 10 - rest if number[0] == "M" else rest
    return letters[series][place] == number[-1]


def _is_korean(number: str) -> bool:
    from stdnum.kr import rrn

    digits = _digits(number)
    month, day = digits[2] * 10 + digits[3], digits[4] * 10 + digits[5]
    is_dated = 1 <= month <= 12 and 1 <= day <= 31
    is_new = digits[0] * 10 + digits[1] >= 20 and digits[6] in {3, 4, 7, 8}
    return is_dated and (is_new or bool(rrn.is_valid(number)))


def _is_russian_insurance(number: str) -> bool:
    digits = _digits(number)
    return sum(a * b for a, b in zip(digits, range(9, 0, -1), strict=False)) % 101 % 100 == digits[-2] * 10 + digits[-1]


def _is_british_insurance(number: str) -> bool:
    return number[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def _is_german_pension(number: str) -> bool:
    """Versicherungsnummer of the Deutsche Rentenversicherung: VKVV § 4."""
    compact = number.replace(" ", "")
    day, month = int(compact[2:4]) % 50, int(compact[4:6])
    letter = ord(compact[8]) - 64
    digits = [*map(int, compact[:8]), *divmod(letter, 10), *map(int, compact[9:11])]
    products = (a * b for a, b in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True))
    return 1 <= day <= 31 and 1 <= month <= 12 and sum(p // 10 + p % 10 for p in products) % 10 == int(compact[11])


_OWN: dict[str, Callable[[str], bool]] = {
    "social_security": _is_social_security,
    "uruguayan_id": _is_uruguayan,
    "taiwanese_id": _is_taiwanese,
    "hong_kong_id": _is_of_hong_kong,
    "singaporean_id": _is_singaporean,
    "korean_resident": _is_korean,
    "russian_insurance": _is_russian_insurance,
    "british_insurance": _is_british_insurance,
    "german_pension": _is_german_pension,
}
