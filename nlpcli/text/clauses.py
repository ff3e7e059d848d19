"""Text → sentences and the white space between them; sentences that are too long → clauses. Nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from nlpcli.text.markup.segments import has_letters
from nlpcli.text.sentences import split

_CLOSING = r"[\"'”’»)\]]*"
# Words that begin a clause, by language: those that hardly do anything else, and those that also join single words.
_BEGINNINGS = {
    "en": (
        "because although though while whereas when where which who whom whose if unless until but so then",
        "and or nor",
    ),
    "pt": ("porque embora enquanto quando onde cujo cuja qual caso mas porém pois então depois", "e ou nem"),
    "es": ("porque aunque mientras cuando donde cuyo cuya cual pero sino entonces después", "y e o u ni"),
    "fr": ("parce puisque quoique quand lorsque où dont lequel laquelle mais donc puis tandis", "et ou ni"),
    "de": ("weil obwohl während wenn als wo sondern aber denn dass damit bevor nachdem", "und oder noch"),
    "it": ("perché benché mentre quando dove cui quale ma però dunque poi", "e ed o oppure né"),
    "nl": ("omdat hoewel terwijl wanneer waar maar want dus toen voordat nadat", "en of noch"),
    "ru": ("потому хотя пока когда где который которая которое которые но чтобы если", "и или"),
}


class Part(NamedTuple):
    """A stretch of a text, `start` to `end`: a sentence or a part of one, or what lies between two of them.

    `is_cut_before`, `is_cut_behind`: the sentence has a part before it, and behind it.
    """

    start: int
    end: int
    is_sentence: bool
    is_cut_before: bool = False
    is_cut_behind: bool = False


def parts_of(text: str, language: str | None, fits: Callable[[str], bool]) -> list[Part]:
    """All of `text` as parts in order; no sentence of them is one for which `fits` says no."""
    parts: list[Part] = []
    offset = 0
    for sentence in split(text, language):
        parts += _trimmed(text, offset, offset + len(sentence), language, fits)
        offset += len(sentence)
    return parts


def whole(text: str, language: str | None, fits: Callable[[str], bool]) -> list[Part]:
    """The parts of a text that is one sentence already."""
    return list(_trimmed(text, 0, len(text), language, fits))


def halves(text: str, language: str | None) -> list[Part]:
    """A sentence in two parts, where its clauses allow it; whole where only a word could be cut."""
    parts = whole(text, language, lambda part: len(part) < len(text.strip()))
    within = any(_WITHIN_WORD.match(text, part.end - 1) for part in parts[:-1])
    return whole(text, language, lambda part: True) if within else parts  # noqa: ARG005


def clause_ends(text: str, language: str | None) -> list[int]:
    """The places inside a text where a clause may end, in order."""
    ends = {match.end() for pattern in _clause_ends(language)[:-1] for match in pattern.finditer(text)}
    return sorted(ends - {0, len(text)})


def _trimmed(text: str, start: int, end: int, language: str | None, fits: Callable[[str], bool]) -> Iterator[Part]:
    """White space, sentence, white space."""
    body = text[start:end]
    if not has_letters(body):
        yield Part(start, end, False)
        return
    first = start + len(body) - len(body.lstrip())
    last = start + len(body.rstrip())
    if first > start:
        yield Part(start, first, False)
    for piece_start, piece_end in _clauses(text, first, last, language, fits):
        yield from _piece(text, piece_start, piece_end, piece_start > first, piece_end < last)
    if end > last:
        yield Part(last, end, False)


def _piece(text: str, start: int, end: int, is_cut_before: bool, is_cut_behind: bool) -> Iterator[Part]:
    """A clause, the white space behind it apart."""
    last = start + len(text[start:end].rstrip())
    if has_letters(text[start:last]):
        yield Part(start, last, True, is_cut_before, is_cut_behind)
        if last < end:
            yield Part(last, end, False)
    else:
        yield Part(start, end, False)


def _clauses(
    text: str, start: int, end: int, language: str | None, fits: Callable[[str], bool]
) -> list[tuple[int, int]]:
    """The stretch itself where it fits, else its halves, cut at the clause end that is nearest the middle."""
    if end - start < 2 or fits(text[start:end]):
        return [(start, end)]
    cut = _cut(text, start, end, language)
    return [*_clauses(text, start, cut, language, fits), *_clauses(text, cut, end, language, fits)]


def _cut(text: str, start: int, end: int, language: str | None) -> int:
    """A cut in the middle half of the stretch where there is a clause end in it, else anywhere, else in the middle.

    What stands in brackets or quotes is left together where there is another place.
    """
    middle, quarter = (start + end) / 2, (end - start) / 4
    places = [[match.end() for match in pattern.finditer(text, start, end)] for pattern in _clause_ends(language)]
    inside = _insides(text[start:end])
    for central, outside in ((True, True), (True, False), (False, False)):
        for found in places:
            near = [
                place for place in found
                if start < place < end
                and (not central or abs(place - middle) <= quarter)
                and not (outside and inside[place - start])
            ]  # fmt: skip
            if near:
                return min(near, key=lambda place: abs(place - middle))
    return int(middle)


@cache
def _clause_ends(language: str | None) -> tuple[re.Pattern[str], ...]:
    """Where a clause may end, the best first; behind it the next one begins. Chinese marks need no space."""
    surely, perhaps = (words.replace(" ", "|") for words in _BEGINNINGS.get(language or "", ("(?!)", "(?!)")))
    return (
        re.compile(rf"[.!?。！？…]{_CLOSING}\s+|(?<=[。！？])|\n+", re.IGNORECASE),
        re.compile(rf"[;；:：]{_CLOSING}\s+|(?<=[；：])"),
        re.compile(rf"[,，]{_CLOSING}\s+(?=(?:{surely}|{perhaps})\b)|\s[–—-]\s+|——|[—](?=\w)", re.IGNORECASE),
        re.compile(rf"\s+(?=(?:{surely})\b)", re.IGNORECASE),
        re.compile(rf"[,，、]{_CLOSING}\s+|(?<=[，、])"),
        re.compile(rf"\s+(?=(?:{perhaps})\b)", re.IGNORECASE),
        re.compile(r"\s+"),
    )


def _insides(text: str) -> list[bool]:
    """For each place in a text, and its end, whether it stands in brackets or quotes that are closed again."""
    steps = [0] * (len(text) + 1)
    for match in _ENCLOSED.finditer(text):
        steps[match.start() + 1] += 1
        steps[match.end()] -= 1
    return [depth > 0 for depth in accumulate(steps)]


# Scripts without spaces begin behind this range.
_WITHIN_WORD = re.compile(r"[0-9A-Za-z\u00c0-\u0dff]{2}")
_ENCLOSED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|“[^“”]*”|«[^«»]*»|「[^「」]*」|(?<!\w)\"[^\"]*\"(?!\w)")
