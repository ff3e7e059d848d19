"""Accounts: IBAN and the numbers of payment cards, told by length, prefix and checksum."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from nlpcli.text.personal.context import BEGIN, END, stands_beside

_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{2}\d{2}(?:[ -]?[0-9A-Za-z]){11,30}")
_CARD = re.compile(rf"{BEGIN}\d(?:[ -]?\d){{12,18}}{END}")
# Of each brand the numbers that its cards begin with, and their lengths (ISO/IEC 7812, as the brands publish them).
_BRANDS = re.compile(
    r"""
      4(?:\d{12}|\d{15}|\d{18})
    | (?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}
    | 3[47]\d{13}
    | (?:6011|65\d\d|64[4-9]\d)\d{12,15}
    | 3(?:0[0-5]|[689]\d)\d{11} | 3(?:0[0-5]|[689]\d)\d{13}
    | 35(?:2[89]|[3-8]\d)\d{12,15}
    | (?:62|81)\d{14,17}
    | 220[0-4]\d{12,15} | 9792\d{12}
    | (?:60|65|81|82|508)\d{13,14}
    """,
    re.VERBOSE,
)
_MAESTRO = re.compile(r"(?:50|5[6-8]|6)\d{10,17}")
_GROUPS = {13: {"13", "4333"}, 14: {"14", "464"}, 15: {"15", "465", "4443"}, 16: {"16", "4444"}, 17: {"17", "44441"},
           18: {"18", "44442"}, 19: {"19", "44443", "613"}}  # fmt: skip
_CUES = re.compile(
    r"card|visa|maestro|master|amex|credit|debit|karte|carte|tarjeta|cartão|carta|kaart|karta|карт|卡|カード|카드|kort|kart",
    re.IGNORECASE,
)


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Account numbers in any grouping; a length, a structure and a checksum of two digits tell where they end."""
    place = 0
    while match := _IBAN.search(text, place):
        end = _end_of_iban(match[0])
        if end:
            yield match.start(), match.start() + end
        place = match.start() + (end or 2)


def _end_of_iban(candidate: str) -> int:
    """Where the IBAN that `candidate` begins with ends in it; 0 where it begins with none."""
    length = _length_of_iban(candidate[:2].upper())
    places = [place for place, character in enumerate(candidate) if character.isalnum()]
    if not length or len(places) < length:
        return 0
    end = places[length - 1] + 1
    if candidate[end : end + 1].isalnum():
        return 0
    return end if _is_iban(candidate[:end]) else 0


def _is_iban(candidate: str) -> bool:
    from stdnum import iban

    # Without the checks that some banks of a country have besides: whoever mistyped one of them has an account too.
    return bool(iban.is_valid(candidate.replace("-", " "), check_country=False))


@cache
def _length_of_iban(country: str) -> int:
    """How many characters the IBANs of a country have; 0 where it has none."""
    from stdnum import numdb

    ((_, properties), *_) = numdb.get("iban").info(country) or [("", {})]
    structure = properties.get("bban", "")
    return 4 + sum(map(int, re.findall(r"(\d+)!", structure))) if structure else 0


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Numbers of cards, in groups or not, that a brand gives out and whose last digit is right (Luhn)."""
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        # Of 19 digits are cards of UnionPay: one that was mistyped is no shorter card with a code behind it.
        whole = digits.startswith("62") and _BRANDS.fullmatch(digits) is not None
        for start, end in [(0, len(match[0]))] if whole else _stretches(match[0]):
            if _is_card(match[0][start:end], text, match.start() + start, match.start() + end):
                yield match.start() + start, match.start() + end
                break


def _stretches(run: str) -> Iterator[tuple[int, int]]:
    """The whole of a run of groups, then parts of it, the longest first: a year or a code may stand beside a number."""
    groups = [group.span() for group in re.finditer(r"\d+", run)]
    spans = [(groups[i][0], groups[j][1]) for i in range(len(groups)) for j in range(i, len(groups))]
    return iter(sorted(spans, key=lambda span: span[0] - span[1]))


def _is_card(candidate: str, text: str, start: int, end: int) -> bool:
    from stdnum import luhn

    groups = re.findall(r"\d+", candidate)
    digits = "".join(groups)
    if "".join(str(len(group)) for group in groups) not in _GROUPS.get(len(digits), ()):
        return False
    known = _BRANDS.fullmatch(digits) or (_MAESTRO.fullmatch(digits) and stands_beside(text, start, end, _CUES))
    return bool(known) and len(set(digits)) > 1 and bool(luhn.is_valid(digits))
