"""Markdown as a document: markdown-it-py says where prose is, and whether what is put back reads the same way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from nlpcli.text.markup import html
from nlpcli.text.markup.exact import with_exact_spans
from nlpcli.text.markup.markdown_inline import PUNCTUATION, Style, escaped, inline_nodes, name_of
from nlpcli.text.markup.markdown_writer import Context, Stretch, Writer, parser, signature
from nlpcli.text.markup.partners import with_partners
from nlpcli.text.markup.placeholders import with_placeholders
from nlpcli.text.markup.segments import (
    Node,
    Piece,
    Pieces,
    Segment,
    Tag,
    TagKind,
    has_letters,
    has_prose,
    joined,
    merged,
)

# Front matter is settings, not prose: YAML between ---, TOML between +++.
_FRONT_MATTER = re.compile(
    r"\A(?:---[ \t]*\r?\n(?:.*?\r?\n)??(?:---|\.\.\.)|\+\+\+[ \t]*\r?\n(?:.*?\r?\n)??\+\+\+)[ \t]*(?:\r?\n|\Z)",
    re.DOTALL,
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
# Lines in a paragraph that are none: containers, attributes of kramdown, tables of contents.
_LITERAL_LINE = re.compile(r"[ \t]*(?::{3,}.*|\{:[^{}]*\}|\[\[?(?:TOC|toc)\]?\]|\\?\[!\w+\][-+]?[ \t]*)$")
_ALERT = re.compile(r"\[!\w+\][-+]?[ \t]+")
_MATH_FENCE = re.compile(r"^[ \t>]*(?:\$\$|\\\[)")
_FOOTNOTE = re.compile(r"^([ \t>]*)\[(\^[^\[\]\s]{1,80})\]:", re.MULTILINE)


class _MarkdownPieces(Pieces):
    """A document whose blocks read after translating as they did before, whatever its parts read like by themselves."""

    def __init__(self, text: str) -> None:
        super().__init__(_pieces(text))
        self._text = text

    def write(self, translations: Sequence[Sequence[Node]], language: str) -> str:
        """As `Pieces.write`; a segment whose translation would change the blocks around it is kept, and told."""
        written = super().write(translations, language)
        expected = _blocks(self._text)
        if _blocks(written) == expected:
            return written
        own: list[Sequence[Node]] = [segment.nodes for segment in self.segments]
        chosen = list(own)

        def settle(places: range) -> None:
            trial = [translations[i] if i in places else nodes for i, nodes in enumerate(chosen)]
            if _blocks(super(_MarkdownPieces, self).write(trial, language)) == expected:
                chosen[:] = trial
            elif len(places) > 1:
                middle = places.start + len(places) // 2
                settle(range(places.start, middle))
                settle(range(middle, places.stop))

        settle(range(len(own)))
        written = super().write(chosen, language)
        self.kept += [joined(nodes) for nodes, source in zip(chosen, own, strict=True) if nodes is source]
        return written


def _blocks(text: str) -> list[tuple[Any, ...]]:
    """The blocks in order, with what marks each has inside."""
    return [
        (
            t.type,
            t.tag,
            t.level,
            t.markup,
            tuple(t.attrs.items()),
            Counter(filter(None, map(signature, t.children or ()))),
        )
        for t in parser().parse(text)
    ]


def parse(text: str) -> Pieces:
    """The document."""
    return _MarkdownPieces(text)


def _pieces(text: str) -> Iterator[Piece]:
    front = _FRONT_MATTER.match(text)
    end = front.end() if front else 0
    starts = [end, *(match.end() for match in _LINE.finditer(text, end))]
    # The parser takes the definition of a footnote for that of a link.
    masked = _FOOTNOTE.sub(r"\1(\2):", text)
    literal = _math_lines(text, starts)
    environment: dict[str, Any] = {}
    if end:
        yield text[:end]
    reached = end
    tokens = parser().parse(re.sub("\r\n?", "\n", masked[end:]), environment)
    for name in _FOOTNOTE.finditer(text):
        environment.setdefault("references", {})[normalizeReference(name[2])] = {"title": "", "href": name[2]}
    for before, token in pairwise([Token("", "", 0), *tokens]):
        if (block := _html_of(token, text, starts)) and block.start >= reached:
            yield text[reached : block.start]
            yield from html.pieces_of(text[block.start : block.end], lines=True)
            reached = block.end
        if token.type != "inline" or token.map is None or not has_letters(token.content):
            continue
        lines = _stretches(masked, starts, reached, token)
        if lines is None or lines[0].start < reached:
            continue
        context = Context(_kind_of(before), text, lines, environment)
        for group in _groups(text, lines, token.map[0], literal):
            yield text[reached : group[0].start]
            yield from _prose(group, context)
            reached = group[-1].end
    yield text[reached:]


def _html_of(token: Token, text: str, starts: Sequence[int]) -> Stretch | None:
    """Where a block of HTML stands; None where it has no letters or lies in a quote."""
    if token.type != "html_block" or token.map is None or not has_letters(token.content):
        return None
    start, end = starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
    start = text.find(token.content.split("\n")[0], start, end)
    return None if start < 0 or re.search(r"^[ \t]*>", text[start:end], re.MULTILINE) else Stretch(start, end)


def _math_lines(text: str, starts: Sequence[int]) -> frozenset[int]:
    """The numbers of the lines of formulas that have lines of their own."""
    found: set[int] = set()
    opened: tuple[int, str] | None = None
    for number, (start, end) in enumerate(pairwise(starts)):
        line = text[start:end].strip(" \t>\r\n")
        if opened is None:
            if _MATH_FENCE.match(line) and not re.search(r"(?:\$\$|\\\])$", line[2:]):
                opened = (number, r"\]" if line.startswith("\\") else "$$")
        elif line.endswith(opened[1]):
            found.update(range(opened[0], number + 1))
            opened = None
    return frozenset(found)


def _stretches(masked: str, starts: Sequence[int], reached: int, token: Token) -> list[Stretch] | None:
    """Where each line of a token stands in the source; None where the parser rewrote it: then it stays as it is."""
    assert token.map is not None
    found = []
    for number, line in enumerate(token.content.split("\n"), start=token.map[0]):
        if number + 1 >= len(starts):
            return None
        for spelling in (line, line.replace("|", "\\|")):
            start = masked.find(spelling, max(starts[number], reached), starts[number + 1])
            if start >= 0:
                found.append(Stretch(start, start + len(spelling)))
                break
        else:
            return None
    return found


def _groups(text: str, lines: Sequence[Stretch], first: int, literal: frozenset[int]) -> Iterator[list[Stretch]]:
    """Lines that are one text: not cut by lines that are no prose nor by hard breaks."""
    group: list[Stretch] = []
    for number, line in enumerate(lines):
        raw = text[line.start : line.end]
        if first + number in literal or _LITERAL_LINE.match(raw):
            yield from ([group] if group else [])
            group = []
            continue
        alert = _ALERT.match(raw) if number == 0 else None
        body = raw.rstrip(" \t")
        hard = number + 1 < len(lines) and (raw.endswith("  ") or _ends_with_backslash(raw))
        stop = len(body) - _ends_with_backslash(raw) if hard else len(body)
        group.append(Stretch(line.start + (alert.end() if alert else 0), line.start + stop))
        if hard:
            yield group
            group = []
    yield from ([group] if group else [])


def _ends_with_backslash(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _kind_of(before: Token) -> str:
    """What the text behind an opening token is: in a cell and in a heading no block begins."""
    if before.type == "heading_open":
        return before.markup[0]
    return "cell" if before.type in ("th_open", "td_open") else "block"


def _prose(group: Sequence[Stretch], context: Context) -> Iterator[Piece]:
    text = context.text
    breaks = [text[line.end : after.start] for line, after in pairwise(group)]
    raw = text[group[0].start : group[-1].end]
    content = "\n".join(text[line.start : line.end] for line in group)
    style = Style()
    defined = context.environment.get("references", {})
    nodes = with_partners(merged(inline_nodes(content, defined, style)), name_of)
    nodes = with_exact_spans(nodes, lambda part: escaped(part, PUNCTUATION))
    ready = with_placeholders(_with_breaks(nodes, breaks))
    if has_prose(ready) or any(isinstance(node, Tag) and node.inside for node in ready):
        yield Segment(ready, Writer(ready, raw, group, context, style))
    else:
        yield raw


def _with_breaks(nodes: Sequence[Node], breaks: Sequence[str]) -> Iterator[Node]:
    """Line breaks as the source has them, those of prose as tags of their own."""
    left = iter(breaks)
    for node in nodes:
        if isinstance(node, Tag):
            raw = re.sub("\n", lambda _: next(left), node.raw)
            yield node if raw == node.raw else Tag(raw, node.kind)
            continue
        for number, line in enumerate(node.split("\n")):
            if number:
                yield Tag(next(left), TagKind.BREAK)
            yield line
