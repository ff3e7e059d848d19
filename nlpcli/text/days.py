"""Days of the week and months of a text: which of them a translation lacks, how each is written out, and measures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from nlpcli.text.numbers import numbers_in

# In the order of the week and of the year; the first letters that each has in a text, and how it is written in full.
_WEEK = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
}
_YEAR = {
    "en": "January February March April May June July August September October November December",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
_SHORT_DAYS = {"en": "Mon Tues? Wed Thu(?:rs?)? Fri Sat Sun", "pt": "seg ter qua qui sex sáb dom"}
# What is a word too means a day beside another one, and a month beside a number.
_DAYS_AND_WORDS = frozenset({"Sat", "Sun", "seg", "ter", "qua", "qui", "sex", "dom"})
_MONTHS_AND_WORDS = frozenset({"May", "March", "Mar", "mar", "set", "out", "ago"})
_ORDINAL_DAY = re.compile(r"(?<![\w.,])([2-6])\.?ª[ -]?feira(s?)\b", re.IGNORECASE)


class Day(NamedTuple):
    """A day or a month as it stands, and in full where it is abbreviated."""

    start: int
    end: int
    text: str
    full: str


def without_ordinal_days(text: str) -> list[tuple[int, int, str]]:
    """What stands for 3.ª feira and its like in a Portuguese text: start, end, terça-feira."""
    week = _WEEK["pt"].split()
    return [
        (*match.span(), week[int(match[1]) - 2].replace("-", f"{match[2]}-") + match[2])
        for match in _ORDINAL_DAY.finditer(text)
    ]


def written_out(text: str, language: str) -> list[tuple[int, int, str]]:
    """What stands for the abbreviated months of "Jan. to Mar": start, end, January. A month by itself is left alone."""
    if language not in _YEAR:
        return []
    found = []
    for match in _month_range(language).finditer(text):
        for name in ("first", "last"):
            start, end = match.span(name)
            place = [month[:3].lower() for month in _YEAR[language].split()].index(match[name][:3].lower())
            # A full stop at the end is that of the sentence.
            end += text[end : end + 1] == "." and end + 1 < len(text.rstrip())
            new = _YEAR[language].split()[place]
            if text[start:end] != new:
                found.append((start, end, new))
    return found


def measures_written_out(text: str, language: str) -> list[tuple[int, int, str]]:
    """What stands for the abbreviations of recipes and centuries, which models read as names: start, end, xícaras."""
    found = []
    for match in _MEASURES[language].finditer(text) if language in _MEASURES else ():
        one, several = _MEASURE_WORDS[match["short"].lower()]
        word = several if match["count"] and match["count"].strip() not in ("1", "½", "¼", "1/2", "1/4") else one
        start, end = match.span("short")
        # A full stop at the end is that of the sentence.
        end += text[end : end + 1] == "." and end + 1 < len(text.rstrip())
        found.append((start, end, word.capitalize() if match["short"][0].isupper() else word))
    return found


_MEASURE_WORDS = {
    "xíc": ("xícara", "xícaras"), "séc": ("século", "século"), "sécs": ("séculos", "séculos"),
    "col": ("colher", "colheres"), "pct": ("pacote", "pacotes"), "tbsp": ("tablespoon", "tablespoons"),
    "tsp": ("teaspoon", "teaspoons"),
}  # fmt: skip
_MEASURES = {
    "pt": re.compile(
        r"(?P<count>(?<![\w.,])[\d.,/½¼¾]+ ?)?(?<!\w)"
        r"(?P<short>xíc|sécs?|pct|col(?=\. (?:de )?\(?(?:sopa|chá|sobremesa)))(?=\.)",
        re.IGNORECASE,
    ),
    "en": re.compile(r"(?P<count>(?<![\w.,])[\d.,/½¼¾]+ ?)(?P<short>tbsp|tsp)(?!\w)", re.IGNORECASE),
}


@cache
def _month_range(language: str) -> re.Pattern[str]:
    months = _YEAR[language].split()
    names = "|".join([*months, *(f"{month[:3]}t?" if month == "September" else month[:3] for month in months)])
    joint = {"en": "to|through|until|till", "pt": "a|até"}[language]
    between = rf"\.?(?:\s(?:{joint})\s|\s?[/–—-]\s?)"
    return re.compile(rf"(?<![\w/.-])(?P<first>{names}){between}(?P<last>{names})(?![\w/-])")


def missing_days(source: str, translation: str, source_language: str, target_language: str) -> list[Day]:
    """The days and months that the translation says in no form, not as numbers either."""
    if source_language not in _WEEK or target_language not in _WEEK:
        return []
    days = list(_days(source, source_language))
    if not days:
        return []
    lowered = translation.lower()
    numbers = {number.digits for number in numbers_in(translation, target_language)}
    return [
        day
        for day, place, is_month in days
        if not _said(place, is_month, target_language).search(lowered) and not (is_month and str(place + 1) in numbers)
    ]


def _days(text: str, language: str) -> Iterator[tuple[Day, int, bool]]:
    found = list(_pattern(language).finditer(text))
    for match in found:
        kind, place = (match.lastgroup or "")[0], int((match.lastgroup or "")[1:])
        is_month = kind == "m"
        full = (_YEAR if is_month else _WEEK)[language].split()[place]
        if is_month:
            sure = match[0].rstrip(".") not in _MONTHS_AND_WORDS or _is_by_number(match)
        else:
            sure = match[0].rstrip(".") not in _DAYS_AND_WORDS or any(
                other is not match and other[0] not in _DAYS_AND_WORDS and other.lastgroup[:1] == "d"  # type: ignore[index]
                for other in found
            )
        if sure:
            yield Day(*match.span(), match[0], full), place, is_month


def _is_by_number(match: re.Match[str]) -> bool:
    before, behind = match.string[: match.start()], match.string[match.end() :]
    return bool(re.search(r"\d(?:st|nd|rd|th)?(?: de| of)? $", before) or re.match(r" (?:de )?\d", behind))


@cache
def _pattern(language: str) -> re.Pattern[str]:
    """English has capitals; Portuguese abbreviations have a full stop, and days of it their ending."""
    days, months = _WEEK[language].split(), _YEAR[language].split()
    parts = []
    for place, (day, short) in enumerate(zip(days, _SHORT_DAYS[language].split(), strict=True)):
        parts.append(f"(?P<d{place}>{day}s?" + (rf"|{short}\b\.?)" if language == "en" else ")"))
    for place, month in enumerate(months):
        short = f"{month[:3]}t?" if month == "September" else month[:3]
        stop = r"\.(?= )" if language == "pt" else r"\.?(?= \d|\.? (?:to|and|or)\b)"
        parts.append(rf"(?P<m{place}>{month}|{short}{stop})")
    return re.compile(rf"(?<![\w@#/.])(?:{'|'.join(parts)})(?![\w/@]|-[a-z])")


@cache
def _said(place: int, is_month: bool, language: str) -> re.Pattern[str]:
    if is_month:
        return re.compile(rf"\b{_YEAR[language].split()[place].lower()[:3]}")
    if language == "pt":
        return re.compile(rf"\b{_WEEK['pt'].split()[place][:3]}|\b{place + 2}\.?ª")
    return re.compile(rf"\b{_WEEK[language].split()[place].lower()[:3]}")
