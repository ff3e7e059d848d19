"""HTML → tags, texts and everything else, as the tokenizer of the HTML standard cuts it; each with its place.

The standard library's parser cuts other than browsers do, differently in each version of Python, and in quadratic time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple


def names(text: str) -> frozenset[str]:
    """The words of a text, for tables of names."""
    return frozenset(text.split())


_SPACE = r" \t\n\f\r"
_TAG = re.compile(rf"</?([a-zA-Z][^{_SPACE}/>]*)")
_ATTRIBUTE = re.compile(
    rf"""[{_SPACE}/]*(?P<name>=?[^{_SPACE}/>=]*)"""
    rf"""(?:[{_SPACE}]*=[{_SPACE}]*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?!["'])(?P<bare>[^{_SPACE}>]*)))?"""
)
_UNCLOSED_QUOTE = re.compile(rf"""[{_SPACE}]*=[{_SPACE}]*["']""")
# Template languages: their tags are nobody's HTML, and quotes and signs in them mean something else.
_TEMPLATE = re.compile(r"\{\{[^{}]{0,500}\}\}\}?|\{%[^{}]{0,500}?%\}|\{#[^{}]{0,500}?#\}")
_SPECIAL = re.compile(r"<(?=[a-zA-Z/!?%])|\{(?=[{%#])")
# Their content is text to a browser, up to their own end tag; in the first two character references count.
RCDATA = frozenset({"title", "textarea"})
_RAW = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes", "noscript"})
VOID = names("area base br col embed hr img input link meta param source track wbr")
# Vector graphics and formulas have rules of their own.
FOREIGN = frozenset({"svg", "math"})
_EMPTY_COMMENT = re.compile("<!---?>")
_COMMENT_END = re.compile("--!?>")
_SCRIPT_STATE = re.compile(r"<!--|-->|<(/?)script(?=[ \t\n\f\r/>])", re.IGNORECASE)


class Kind(Enum):
    """What a token is."""

    TEXT = auto()
    START = auto()
    END = auto()
    RAW = auto()  # the content of a script, a style sheet
    TEMPLATE = auto()
    OTHER = auto()  # a comment, a doctype, a processing instruction


class Attribute(NamedTuple):
    """The value of an attribute is `source[start:end]`; `quote` is what stands around it, empty for nothing."""

    name: str
    start: int
    end: int
    quote: str


class Token(NamedTuple):
    """`source[start:end]`; names in lower case."""

    kind: Kind
    start: int
    end: int
    name: str = ""
    attributes: tuple[Attribute, ...] = ()


def tokens(source: str) -> Iterator[Token]:
    """All of `source`, in order and without gaps."""
    finder = _Finder(source)
    place = 0
    while place < len(source):
        for token in finder.next(place):
            yield token
            place = token.end


class _Finder:
    """Knows what is not there behind a place, so that nothing is looked for twice in vain."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._missing: set[str] = set()
        self._foreign: list[str] = []

    def next(self, place: int) -> Iterator[Token]:
        found = self._special(place)
        start = found.start if found else len(self._source)
        if start > place:
            yield Token(Kind.TEXT, place, start)
        if found:
            yield found
            if found.kind is Kind.START:
                yield from self._content(found)

    def _special(self, place: int) -> Token | None:
        for match in _SPECIAL.finditer(self._source, place):
            start = match.start()
            if match[0] == "{":
                template = _TEMPLATE.match(self._source, start)
                token = Token(Kind.TEMPLATE, start, template.end()) if template else None
            else:
                token = self._tag(start) or self._other(start)
            if token is not None:
                return token
        return None

    def _tag(self, start: int) -> Token | None:
        match = _TAG.match(self._source, start)
        if match is None:
            return None
        attributes: list[Attribute] = []
        place = match.end()
        while (found := _ATTRIBUTE.match(self._source, place)) and found.end() > place:
            place = found.end()
            if found["name"]:
                attributes.append(_attribute(found))
            if _UNCLOSED_QUOTE.match(self._source, place):
                place = len(self._source)
        if not self._source.startswith(">", place):
            return Token(Kind.OTHER, start, len(self._source))  # broken off at the end of the file
        name = match[1].lower()
        closing = self._source[start + 1] == "/"
        if name in FOREIGN:
            self._enter_or_leave(name, closing, self._source[place - 1] == "/")
        return Token(Kind.END if closing else Kind.START, start, place + 1, name, tuple(attributes))

    def _enter_or_leave(self, name: str, closing: bool, empty: bool) -> None:
        """Counts the elements of the outermost kind of foreign content: inside it nothing is raw text."""
        if name == (self._foreign[:1] or [name])[0]:
            if closing:
                self._foreign = self._foreign[1:]
            elif not empty:
                self._foreign = [*self._foreign, name]

    def _other(self, start: int) -> Token | None:
        source = self._source
        if source.startswith("<!--", start):
            short = _EMPTY_COMMENT.match(source, start)
            end = short.end() if short else self._behind_comment(start + 4)
        elif source.startswith("<![CDATA[", start):
            end = self._behind("]]>", start)
        elif source.startswith(("<?php", "<?="), start) and (end := self._behind("?>", start)) < len(source) + 1:
            pass
        elif source.startswith("<%", start):
            end = self._behind("%>", start)
            return Token(Kind.TEMPLATE, start, end) if end <= len(source) else None
        else:
            end = self._behind(">", start)
        return Token(Kind.OTHER, start, min(end, len(source)))

    def _behind(self, mark: str, place: int) -> int:
        """Behind the next `mark`, or behind the end of the source."""
        found = -1 if mark in self._missing else self._source.find(mark, place)
        if found < 0:
            self._missing.add(mark)
            return len(self._source) + 1
        return found + len(mark)

    def _behind_comment(self, place: int) -> int:
        found = None if "--" in self._missing else _COMMENT_END.search(self._source, place)
        if found is None:
            self._missing.add("--")
            return len(self._source)
        return found.end()

    def _content(self, tag: Token) -> Iterator[Token]:
        """What a browser takes for text up to the end tag of the element."""
        if self._foreign or tag.name not in _RAW | RCDATA | {"plaintext"}:
            return
        end = self._end_of(tag)
        if end > tag.end:
            yield Token(Kind.TEXT if tag.name in RCDATA else Kind.RAW, tag.end, end, tag.name)

    def _end_of(self, tag: Token) -> int:
        if tag.name == "script":
            return self._end_of_script(tag.end)
        if tag.name == "plaintext" or tag.name in self._missing:
            return len(self._source)
        pattern = re.compile(rf"</{tag.name}(?=[{_SPACE}/>])", re.IGNORECASE)
        match = pattern.search(self._source, tag.end)
        if match is None:
            self._missing.add(tag.name)
        return match.start() if match else len(self._source)

    def _end_of_script(self, place: int) -> int:
        """A script inside a comment inside a script does not end it (HTML standard, script data escaped state)."""
        in_comment = nested = False
        for match in _SCRIPT_STATE.finditer(self._source, place):
            if match[0] == "<!--":
                in_comment = True
            elif match[0] == "-->":
                in_comment = nested = False
            elif match[1] and not nested:
                return match.start()
            else:
                nested = in_comment and not match[1]
        return len(self._source)


def _attribute(found: re.Match[str]) -> Attribute:
    group = next((name for name in ("double", "single", "bare") if found[name] is not None), "name")
    quote = {"double": '"', "single": "'"}.get(group, "")
    start, end = found.span(group)
    return Attribute(found["name"].lower(), start if group != "name" else end, end, quote)
