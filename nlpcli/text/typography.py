"""Quotes, apostrophes, dashes, ellipses: straight for a model that knows no others, then as the writer has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from nlpcli.text.edits import Edit

_OPENING, _CLOSING = "“„‟«‹", "”»›"
# What has to be looked at: everything that is typographic, and the straight marks that go with it.
TYPOGRAPHIC = re.compile("[“”„‟«»‹›‘’‚‛–—―‒‐‑…]")
_MARK = re.compile(
    r"""
    (?P<alone>(?<!\S)[“”„‟‹›‘’‚‛…‐‑'"](?!\S))
  | (?P<open_guillemet>[«‹](?=\S)|«\s(?=\S)) | (?P<close_guillemet>(?<=\S)[»›]|(?<=\S)\s»)
  | (?P<double>["“”„‟»›])
  | (?P<straight_pair>(?<![\w'])'(?=[^\s'])(?=[^'"‘’“”\n]*[^\s'"‘’“”]'(?!\w)))
  | (?P<single>[‘’‚‛'])
  | (?P<spaced>(?<=\S)[ ](?:[–—―‒]|--?)[ ](?=\S))
  | (?P<loose>(?<=[^\W\d])[—―][ ]?(?=[^\W\d]) | (?<=[^\W\d])[ ]?[—―](?=[^\W\d]))
  | (?P<attached>(?<=\w)[–—―‒‐‑-](?=\w))
  | (?P<ellipsis>…)
    """,
    re.VERBOSE,
)
# How a language writes “outer” and ‘inner’ quotes, where not as English does (CLDR, delimiters).
_QUOTES_OF = {
    "de": "„“‚‘", "cs": "„“‚‘", "sk": "„“‚‘", "sl": "„“‚‘", "bg": "„“‚‘", "et": "„“‚‘", "lt": "„“‚‘", "is": "„“‚‘",
    "pl": "„”‚’", "ro": "„”«»", "hu": "„”»«", "hr": "„”‚’", "sr": "„”‚’", "sv": "””’’", "fi": "””’’",
    "ru": "«»„“", "uk": "«»„“", "be": "«»„“", "el": "«»“”", "no": "«»‘’", "nb": "«»‘’", "nn": "«»‘’",
    "ja": "「」『』", "zh-hant": "「」『』",
}  # fmt: skip
_ENGLISH = "“”‘’"
_QUOTE = re.compile('"')
_SPACED = re.compile(r"(?<=\S) --? (?=\S)")
_ATTACHED = re.compile(r"(?<=\w)-(?=\w)")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)|(?<=s)'(?=\s)")
_ELLIPSIS = re.compile(r"\.\.\.")


class Mark(NamedTuple):
    """A mark as the writer wrote it; `start` and `end` where it has a place in a straight text."""

    raw: str
    opens: bool = False
    start: int = 0
    end: int = 0


@dataclass(slots=True)
class Style:
    """The marks of a straightened sentence, by kind, in order."""

    quotes: list[Mark] = field(default_factory=list)
    spaced: list[Mark] = field(default_factory=list)
    attached: list[Mark] = field(default_factory=list)
    ellipses: list[Mark] = field(default_factory=list)
    apostrophe: str = "'"


class Restored(NamedTuple):
    """What puts the style back into a translation, and the marks that have no place in it."""

    edits: list[Edit]
    lost: list[Mark]


def straighten(text: str) -> tuple[list[Edit], Style]:
    """The edits that make a sentence straight, and its style; marks that stand alone are left as they are."""
    style, edits = Style(), []
    open_single = 0
    for match in _MARK.finditer(text):
        kind, raw = match.lastgroup or "", match[0]
        if kind == "alone":
            continue
        if kind == "single" and raw != "'":
            kind = _single_kind(text, match, open_single)
            open_single += {"opening": 1, "closing": -1}.get(kind, 0)
            if kind == "symbol":
                continue
        elif kind == "straight_pair":
            kind, open_single = "opening", open_single + 1
        elif kind == "single":
            closes = open_single > 0 and not text[match.end() : match.end() + 1].isalnum()
            kind, open_single = ("closing", open_single - 1) if closes else ("apostrophe", open_single)
        new = _straight(kind, raw)
        if new != raw:
            edits.append(Edit(match.start(), match.end(), new))
        _note(style, kind, Mark(raw, _opens(kind, text, match)))
    return edits, style


def _single_kind(text: str, match: re.Match[str], open_single: int) -> str:
    before, behind = text[: match.start()][-1:], text[match.end() : match.end() + 1]
    if before.isalpha() and behind.isalpha():
        return "apostrophe"
    if match[0] in "‘‚‛" and not before.isalnum() and re.search(r"\S[’'](?!\w)", text[match.end() :]):
        return "opening"
    if open_single and not behind.isalnum():
        return "closing"
    return "apostrophe" if before == "s" and match[0] == "’" and not behind.isalnum() else "symbol"


def _straight(kind: str, raw: str) -> str:
    if kind in ("open_guillemet", "close_guillemet", "double", "opening", "closing"):
        return '"'
    if kind == "spaced":
        return raw if "--" in raw else " - "
    return {"attached": "-", "loose": " - ", "ellipsis": "...", "apostrophe": "'"}[kind]


def _opens(kind: str, text: str, match: re.Match[str]) -> bool:
    if kind == "double":
        before = text[: match.start()][-1:]
        return not before or before.isspace() or before in "([{-–—"
    return kind in ("open_guillemet", "opening")


def _note(style: Style, kind: str, mark: Mark) -> None:
    if kind == "apostrophe":
        style.apostrophe = mark.raw if mark.raw != "'" else style.apostrophe
        return
    lists = {"spaced": style.spaced, "loose": style.spaced, "attached": style.attached, "ellipsis": style.ellipses}
    lists.get(kind, style.quotes).append(mark)


def restore(translation: str, style: Style, source: str, target: str) -> Restored:
    """The writer's marks for a translation of the straight `source` into the language `target`."""
    edits: list[Edit] = []
    lost: list[Mark] = []
    quotes = _located(_QUOTE, source, style.quotes)
    found = [match.span() for match in _QUOTE.finditer(translation)]
    if len(found) == len(quotes):
        edits += [Edit(*span, raw) for span, raw in zip(found, quotes_of(quotes, target), strict=True)]
    else:
        lost += quotes
    _in_order(_SPACED, translation, _located(_SPACED, source, style.spaced), edits, lost)
    _attached(translation, _located(_ATTACHED, source, style.attached), source, edits, lost)
    _in_order(_ELLIPSIS, translation, _located(_ELLIPSIS, source, style.ellipses), edits, lost)
    if style.apostrophe != "'":
        edits += [Edit(*match.span(), style.apostrophe) for match in _APOSTROPHE.finditer(translation)]
    return Restored([edit for edit in edits if translation[edit.start : edit.end] != edit.new], lost)


def _located(pattern: re.Pattern[str], source: str, marks: Sequence[Mark]) -> list[Mark]:
    """The marks with their places in a straight text; none where some of them went another way."""
    if not marks:
        return []
    places = [match.span() for match in pattern.finditer(source)]
    if len(places) != len(marks):
        return []
    return [mark._replace(start=start, end=end) for mark, (start, end) in zip(marks, places, strict=True)]


def quotes_of(marks: Sequence[Mark], target: str) -> list[str]:
    """How each quote is written in a language: curly ones in its own way, others as the writer has them."""
    own = _QUOTES_OF.get(target)
    if own is None or not all(mark.raw in _ENGLISH for mark in marks):
        return [mark.raw for mark in marks]
    return [own[_ENGLISH.index(mark.raw)] for mark in marks]


def _in_order(pattern: re.Pattern[str], text: str, marks: Sequence[Mark], edits: list[Edit], lost: list[Mark]) -> None:
    found = [match.span() for match in pattern.finditer(text)]
    written = {mark.raw for mark in marks}
    if not found or not marks:
        lost += [mark for mark in marks if TYPOGRAPHIC.search(mark.raw)]
    elif len(found) == len(marks):
        edits += [Edit(*span, mark.raw) for span, mark in zip(found, marks, strict=True)]
    elif len(written) == 1:
        edits += [Edit(*span, marks[0].raw) for span in found]
        lost += marks[len(found) :] if TYPOGRAPHIC.search(marks[0].raw) else []
    else:
        lost += [mark for mark in marks if TYPOGRAPHIC.search(mark.raw)]


def _attached(text: str, marks: Sequence[Mark], source: str, edits: list[Edit], lost: list[Mark]) -> None:
    if not any(TYPOGRAPHIC.search(mark.raw) for mark in marks):
        return
    found = [match.span() for match in _ATTACHED.finditer(text)]
    if len(found) == len(marks):
        edits += [Edit(*span, mark.raw) for span, mark in zip(found, marks, strict=True)]
        return
    taken: set[int] = set()
    for mark in marks:
        place = _same_neighbors(text, mark, source, found, taken)
        if place is not None:
            taken.add(place)
            edits.append(Edit(*found[place], mark.raw))
        elif TYPOGRAPHIC.search(mark.raw):
            lost.append(mark)


def _same_neighbors(
    text: str, mark: Mark, source: str, found: Sequence[tuple[int, int]], taken: Iterable[int]
) -> int | None:
    """A hyphen of the translation that has the same characters on both sides."""
    around = source[mark.start - 1 : mark.start] + source[mark.end : mark.end + 1]
    for number, (start, end) in enumerate(found):
        if number not in taken and text[start - 1 : start] + text[end : end + 1] == around:
            return number
    return None


_STOPS_BEHIND_QUOTE = re.compile(r"\"(\.\.\.|…)")


def with_stops_in_quotes(text: str, source: str) -> str:
    """An ellipsis before the quote that ends a speech, where the source has it there: `"wait..."`, not `"wait"...`."""
    within = len(re.findall(r'(?:\.\.\.|…)"', source))
    if not within or _STOPS_BEHIND_QUOTE.search(source):
        return text
    return _STOPS_BEHIND_QUOTE.sub(r'\1"', text, count=within)
