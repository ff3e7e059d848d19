"""Where a value stands in a text, whatever its case, its white space and its form of Unicode."""

from __future__ import annotations

import re
import unicodedata
from calendar import month_abbr, month_name
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from nlpcli.text.words import space_between

_ALIKE = str.maketrans({**dict.fromkeys("‘’‚′`´", "'"), **dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‐‑–—−", "-")})
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\ufeff"))


class Place(NamedTuple):
    """Code points of a text, `end` not included."""

    start: int
    end: int


class Folded:
    """A text as it is compared; each of its characters knows the characters of the original that it is made of."""

    def __init__(self, text: str) -> None:
        self._text = text
        folded: list[str] = []
        self._places: list[Place] = []
        for start, end in _clusters(text):
            piece = _folded(text[start:end])
            if piece == " " and folded and folded[-1] == " ":
                continue
            folded.append(piece)
            self._places.extend([Place(start, end)] * len(piece))
        self._folded = "".join(folded)

    def find(self, value: str) -> Place | None:
        """The first place where `value` stands as whole words: as it is written, else however it is."""
        value = value.strip()
        if not value:
            return None
        exact = (Place(start, start + len(value)) for start in _occurrences(self._text, value))
        if found := next((place for place in exact if self._is_whole(place)), None):
            return found
        wanted = "".join(_folded(value[start:end]) for start, end in _clusters(value))
        wanted = " ".join(wanted.split())
        loose = (self._original(start, start + len(wanted)) for start in _occurrences(self._folded, wanted) if wanted)
        return next((place for place in loose if place is not None and self._is_whole(place)), None)

    def _original(self, start: int, end: int) -> Place | None:
        """None where it begins or ends amid a character."""
        first, last = self._places[start], self._places[end - 1]
        if start and self._places[start - 1] == first:
            return None
        if end < len(self._places) and self._places[end] == last:
            return None
        return Place(first.start, last.end)

    def _is_whole(self, place: Place) -> bool:
        text = self._text
        return not (
            _goes_on(text[place.start - 1 : place.start], text[place.start])
            or _goes_on(text[place.end - 1], text[place.end : place.end + 1])
        )


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """A character with the combining marks behind it."""
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or not unicodedata.combining(text[place]):
            yield start, place
            start = place


def _folded(cluster: str) -> str:
    if cluster.isspace():
        return " "
    decomposed = unicodedata.normalize("NFKD", cluster.translate(_INVISIBLE).translate(_ALIKE))
    return unicodedata.normalize("NFKD", decomposed.casefold()).replace("\u00a0", " ")


def _occurrences(text: str, part: str) -> Iterator[int]:
    place = text.find(part) if part else -1
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def _goes_on(before: str, after: str) -> bool:
    """Whether a word goes on from one character to the next."""
    if not before or not after:
        return False
    if unicodedata.combining(after) or after in "\u200d\ufe0f" or before == "\u200d":
        return True
    return before.isalnum() and after.isalnum() and not (_has_no_spaces(before) or _has_no_spaces(after))


def _has_no_spaces(character: str) -> bool:
    return not space_between(character)


_NUMBER = re.compile(
    r"[-−]?\d+(?:[.,\u00a0\u202f' ]\d+)*(?:\s?(thousand|million|billion|trillion|k|m|bn|万|亿)\b)?", re.I
)
_MULTIPLES = {
    "thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6, "billion": 1e9, "bn": 1e9, "trillion": 1e12,
    "万": 1e4, "亿": 1e8,
}  # fmt: skip


def find_number(text: str, value: float) -> Place | None:
    """The first number of `text` that can be read as `value`, with the word that multiplies it."""
    for match in _NUMBER.finditer(text):
        multiple = _MULTIPLES.get((match[1] or "").casefold(), 1)
        digits = match[0][: match.start(1) - match.start()] if match[1] else match[0]
        if any(abs(read - value) <= 1e-9 * max(1.0, abs(value)) for read in _readings(digits.strip(), multiple)):
            return Place(match.start(), match.end())
        if multiple != 1 and any(read == value for read in _readings(digits.strip(), 1)):
            return Place(match.start(), match.start() + len(digits.strip()))
    return None


def _readings(digits: str, multiple: float) -> Iterator[float]:
    """With points between thousands, or before decimals."""
    bare = re.sub(r"[\u00a0\u202f' ]", "", digits.replace("−", "-"))
    for groups, point in ((",", "."), (".", ",")):
        try:
            yield float(bare.replace(groups, "").replace(point, ".")) * multiple
        except ValueError:
            continue


_MONTHS_ELSEWHERE = (
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
)
_MONTHS = (
    {name: number for names in _MONTHS_ELSEWHERE for number, name in enumerate(names.split(), start=1)}
    | {name.casefold(): number for names in (month_name, month_abbr) for number, name in enumerate(names) if name}
    | {"sept": 9}
)
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES = (
    re.compile(r"\b(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})\b"),
    re.compile(r"(?P<y>\d{4})\s?[年년]\s?(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日号일]"),
    re.compile(
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|[.ºª°])?(?:\s+(?:of|de))?\s+(?P<m>{_MONTH})\.?,?(?:\s+del?)?\s+(?P<y>\d{{4}})\b",
        re.I,
    ),
    re.compile(rf"\b(?P<m>{_MONTH})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})\b", re.I),
    re.compile(r"\b(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4})\b"),
    re.compile(r"\b(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4})\b"),
)


def find_date(text: str, value: str) -> Place | None:
    """The first date of `text` that is the day `value` (ISO 8601): in figures, in English, in Chinese or Korean,
    or with the months of six languages beside."""
    try:
        wanted = date.fromisoformat(value)
    except ValueError:
        return None
    found = (match for pattern in _DATES for match in pattern.finditer(text) if _day(match) == wanted)
    places = [Place(match.start(), match.end()) for match in found]
    return min(places, default=None)


def _day(match: re.Match[str]) -> date | None:
    month = match["m"].casefold()
    try:
        return date(int(match["y"]), _MONTHS.get(month) or int(month), int(match["d"]))
    except ValueError:
        return None
