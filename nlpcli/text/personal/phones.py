"""Telephone numbers: international ones, and those of a country as they are written there (library phonenumbers)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from nlpcli.text.personal.context import BEGIN, numbers_a_thing, stands_beside

# Where numbers without a country code are looked for; the most people first.
_REGIONS = [
    "US",
    "GB",
    "DE",
    "FR",
    "ES",
    "IT",
    "NL",
    "PT",
    "BR",
    "CN",
    "IN",
    "JP",
    "KR",
    "RU",
    "MX",
    "TR",
    "PL",
    "CA",
    "AU",
    "ZA",
    "AT",
    "CH",
    "BE",
    "SE",
    "NO",
    "DK",
    "FI",
    "IE",
    "CZ",
    "GR",
    "RO",
    "HU",
    "UA",
    "AR",
    "CO",
    "CL",
    "PE",
    "VN",
    "ID",
    "TH",
    "MY",
    "PH",
    "SG",
    "HK",
    "TW",
    "NZ",
    "IL",
    "EG",
    "SA",
    "AE",
    "NG",
    "PK",
    "BD",
]
_CUES = re.compile(
    r"(?<![^\W\d_])(?:tel|telephone|phones?|mobile|cell|call|called|calling|ring|dial|fax|whats?app|text|sms|hotline|reach"
    r"|telefon\w*|handy\w*|mobil\w*|ruf\w*|anruf\w*|rückruf|fon|durchwahl|tél\w*|appel\w*|portable|joindre|teléfono|tfno"
    r"|móvil|celular|ll[aá]m\w+|cellulare|chiam\w+|bel|bellen|gsm|telemóvel|ligue|ligar|ligo|zadzwo\w*|dzwo\w+|ring\w*"
    r"|tlf|telf|soit\w*|cep|arayın|тел|телефон\w*|звон\w+|моб\w*|τηλ\w*)(?![^\W\d_])"
    r"|电话|電話|手机|手機|致电|致電|拨打|撥打|联系方式|联系|传真|座机|热线|微信|携帯|連絡先|전화|연락처|휴대폰|핸드폰|फ़?ोन|मोबाइल"
    r"|هاتف|جوال|اتصل|טלפון|נייד|โทร|điện thoại|sđt",
    re.IGNORECASE,
)
# Beside such a word no more than a country's code or a few words stand before the number.
_NEAR = 24
_RUN = re.compile(rf"{BEGIN}(?:\+|\(\+?)?\d(?:[\d ()./-]{{5,34}}\d)(?![0-9A-Za-z_])(?!-?[0-9A-Za-z])")
_GROUP = re.compile(r"\d+")
# Stretches that look like numbers of a telephone and are none: dates, times, ISBN-13, amounts and measures.
_NONE = re.compile(
    r"""
      (?<!\d)(?:(?:1[89]|20)\d\d[-./](?:1[0-2]|0?[1-9])[-./](?:3[01]|[12]\d|0?[1-9])
        | (?:3[01]|[12]\d|0?[1-9])[-./](?:3[01]|[12]\d|0?[1-9])[-./](?:(?:1[89]|20)\d\d|\d\d(?![./\ -]?\d)))
        (?:[T ]\d\d:?\d\d(?::?\d\d)?)?(?!\d)
    | (?<!\d)(?:1[89]|20)\d\d\s?[-/]\s?(?:1[89]|20)\d\d(?!\d)
    | (?<!\d)\d{1,2}:\d\d(?::\d\d)?(?!\d)
    | (?<!\d)97[89][ -]?(?:\d[ -]?){9}\d(?!\d)
    | [$€£¥₹₽₩₺]\s?\d[\d .]*
    | (?<![\d.])\d{1,3}(?:[ .]\d{3})+\s?(?:[$€£¥₹₽₩₺%°]|(?:usd|eur|gbp|k?m|kg|km²|m²|people|inhabitants
      |habitants|einwohner|元|人)(?!\w))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_APART_BEFORE, _APART_BEHIND = re.compile(r"^$|[/)]\s*$|\s{2,}$"), re.compile(r"$|\s*/|\s{2,}|\s*\(")
# What is somebody's; not the numbers that everybody calls.
_NUMBERS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
)
_FEWEST, _MOST = 7, 15
_FEWEST_WITHOUT_CUE = 9
_BARE_CHINESE_MOBILE = re.compile(r"1[3-9]\d{9}")
_NORTH_AMERICAN = re.compile(r"\(\d{3}\) ?\d{3}[-. ]\d{4}")
_SEPARATOR = re.compile(r" ?[./-] ?|\) ?[./-]? ?\(?| ?\(| ")


class _Plan(NamedTuple):
    """How the numbers of a region look: what stands before them at home, and their digits."""

    region: str
    prefix: re.Pattern[str]
    number: re.Pattern[str]

    def may_have(self, digits: str) -> bool:
        if self.number.fullmatch(digits):
            return True
        prefix = self.prefix.match(digits)
        return bool(prefix and prefix.end() and self.number.fullmatch(digits, prefix.end()))


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Telephone numbers, in order: of the stretches of a run of groups, the longest that is one."""
    if not _RUN.search(text):
        return
    for match in _RUN.finditer(_NONE.sub(lambda none: "x" * len(none[0]), text)):
        yield from _phones_in(match[0], match.start(), text)


def _phones_in(run: str, offset: int, text: str) -> Iterator[tuple[int, int]]:
    groups = [group.span() for group in _GROUP.finditer(run)]
    has_cue = _CUES.search(text, max(0, offset - _NEAR), offset) is not None
    first = 0
    while first < len(groups):
        for last in range(len(groups) - 1, first - 1, -1):
            start, end = _with_brackets(run, groups[first][0], groups[last][1])
            if not (has_cue or run[start] == "+" or _is_apart(run, start, end)):
                continue
            if _is_phone(run[start:end], text, offset + start, offset + end):
                yield offset + start, offset + end
                first = last
                break
        first += 1


def _is_apart(run: str, start: int, end: int) -> bool:
    """Whether the groups before and behind a stretch are others', not those of a longer number."""
    return bool(_APART_BEFORE.search(run[:start]) and _APART_BEHIND.match(run[end:]))


def _with_brackets(run: str, start: int, end: int) -> tuple[int, int]:
    """The stretch with the plus sign and the bracket before it."""
    while start and run[start - 1] in "+(" and not (run[start - 1] == "(" and ")" not in run[start:end]):
        start -= 1
    return start, end


def _is_phone(candidate: str, text: str, start: int, end: int) -> bool:
    groups = _GROUP.findall(candidate)
    digits = "".join(groups)
    between = _GROUP.split(candidate)[1:-1]
    if not _FEWEST <= len(digits) <= _MOST or not all(map(_SEPARATOR.fullmatch, between)):
        return False
    if candidate.startswith(("+", "(+")):
        return _is_international(digits)
    if numbers_a_thing(text, start):
        return False
    if digits.startswith("00") and len(digits) > _FEWEST_WITHOUT_CUE + 1:
        return _is_international(digits[2:])
    if _CUES.search(text, max(0, start - _NEAR), start) and len(set(digits)) > 1:
        return True
    if _NORTH_AMERICAN.fullmatch(candidate):
        return True
    has_cue = stands_beside(text, start, end, _CUES)
    return any(_is_of(plan.region, candidate, groups, has_cue) for plan in _plans() if plan.may_have(digits))


def _is_international(digits: str) -> bool:
    import phonenumbers

    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(f"+{digits}")))
    except phonenumbers.NumberParseException:
        return False


def _is_of(region: str, candidate: str, groups: list[str], has_cue: bool) -> bool:
    """Whether a candidate is a number of a region, written as one there."""
    digits = "".join(groups)
    if has_cue:
        return True
    if len(digits) < _FEWEST_WITHOUT_CUE:
        return False
    if len(groups) == 1:
        return digits.startswith("0") or (region == "CN" and _BARE_CHINESE_MOBILE.fullmatch(digits) is not None)
    import phonenumbers

    if digits.startswith("0") or candidate.startswith("("):
        leniency = phonenumbers.Leniency.STRICT_GROUPING
    elif len(groups) == 2 and len(digits) == _FEWEST_WITHOUT_CUE:
        return False
    else:
        leniency = phonenumbers.Leniency.EXACT_GROUPING
    return any(match.raw_string == candidate for match in phonenumbers.PhoneNumberMatcher(candidate, region, leniency))


@cache
def _plans() -> tuple[_Plan, ...]:
    from phonenumbers import PhoneMetadata

    plans = []
    for region in _REGIONS:
        metadata: Any = PhoneMetadata.metadata_for_region(region)
        prefix = metadata.national_prefix_for_parsing or metadata.national_prefix or "(?!)"
        kinds = [getattr(metadata, kind) for kind in _NUMBERS]
        number = "|".join(kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern)
        plans.append(_Plan(region, re.compile(prefix), re.compile(number)))
    return tuple(plans)
