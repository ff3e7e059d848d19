"""Hours of a day: 3 pm is 15h, and 10h40 is no 10:40 p.m."""

from __future__ import annotations

import re
from typing import NamedTuple

from nlpcli.text.edits import Edit

_TIME = re.compile(
    r"""
    (?<![\d.,:])(?P<hour>\d{1,2})
    (?P<sign>\s?[h:](?:\d\d(?!\d))?)?(?![\d:])
    (?:\s?(?P<half>[ap])\.?\s?m\b\.?|\s(?P<part>da\ manhã|da\ tarde|da\ noite|in\ the\ (?:morning|afternoon|evening)))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LATE = ("da tarde", "da noite", "in the afternoon", "in the evening")
# Where a clock without am or pm counts to twelve.
_TWELVE = frozenset({"en"})
_NOON = 12
_HOURS = 24


class _Time(NamedTuple):
    match: re.Match[str]
    hour: int
    half: str
    part: str


def corrections(source: str, translation: str, source_language: str, target_language: str) -> list[Edit]:
    """The edits that make the hours of a translation those of its source, where each has its counterpart."""
    given, found = _times(source), _times(translation)
    if not given or len(given) != len(found):
        return []
    edits = []
    for time, other in zip(given, found, strict=True):
        hour = _of_day(time, source_language)
        if hour is None or other.part or (hour - other.hour) % _NOON:
            continue
        if other.half:
            right = "p" if hour >= _NOON else "a"
            if other.half != right:
                edits.append(Edit(*other.match.span("half"), right))
        elif target_language not in _TWELVE and other.hour != hour:
            edits.append(Edit(*other.match.span("hour"), str(hour)))
    return edits


def _times(text: str) -> list[_Time]:
    times = []
    for match in _TIME.finditer(text):
        sign, half, part = match["sign"] or "", (match["half"] or "").lower(), (match["part"] or "").lower()
        if (sign or half or part) and sign.strip() != ":" and int(match["hour"]) <= _HOURS:
            times.append(_Time(match, int(match["hour"]), half, part))
    return times


def _of_day(time: _Time, language: str) -> int | None:
    """The hour from 0 to 23; None where the text does not say which half of the day it is."""
    if time.half:
        return time.hour % _NOON + (_NOON if time.half == "p" else 0)
    if time.part:
        return time.hour % _NOON + _NOON if time.part in _LATE else time.hour
    return time.hour if time.hour > _NOON or language not in _TWELVE else None
