"""WebVTT subtitles: header, notes, styles, regions, timings and settings stay; the lines of a cue are one text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from nlpcli.text.markup import html
from nlpcli.text.markup.cues import DASH, dash_of, in_lines, speeches
from nlpcli.text.markup.partners import with_partners
from nlpcli.text.markup.placeholders import with_placeholders
from nlpcli.text.markup.segments import Node, Piece, Pieces, Segment, Tag, TagKind, has_prose, merged

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_TAG = re.compile(r"</?[^<>]{0,200}>")
_TIME = re.compile(r"<[\d:.]+>")
# A voice begins what somebody else says.
_SPEAKER = re.compile(rf"(?:{DASH.pattern})|\s*<v[.\s]")


def parse(text: str) -> Pieces:
    """The document that a file of subtitles is."""
    return Pieces(_pieces(_LINE.findall(text)))


def _pieces(lines: Sequence[str]) -> Iterator[Piece]:
    block: list[str] = []
    for line in lines:
        if line.strip():
            block.append(line)
            continue
        yield from _block(block)
        yield line
        block = []
    yield from _block(block)


def _block(lines: Sequence[str]) -> Iterator[Piece]:
    timing = next((number for number, line in enumerate(lines[:2]) if "-->" in line), None)
    if timing is None:
        yield from lines
        return
    yield from lines[: timing + 1]
    for speech in speeches(lines[timing + 1 :], _SPEAKER):
        yield from _speech(speech)


def _speech(lines: Sequence[str]) -> Iterator[Piece]:
    bodies = [line.rstrip("\r\n") for line in lines]
    dash = dash_of(bodies[0])
    whole = " ".join([bodies[0][len(dash) :].strip(), *(body.strip() for body in bodies[1:])])
    style: dict[str, str] = {}
    nodes = with_placeholders(with_partners(merged(_nodes(whole, style)), _name))
    if not has_prose(nodes):
        yield from lines
        return
    yield dash
    escape = partial(html.escaped, style=style, quote="")
    yield Segment(nodes, in_lines(len(lines), lines[0][len(bodies[0]) :] or "\n", escape))
    yield lines[-1][len(bodies[-1]) :]


def _nodes(text: str, style: dict[str, str]) -> Iterator[Node]:
    end = 0
    for match in _TAG.finditer(text):
        yield from html.text_nodes(text[end : match.start()], style)
        end = match.end()
        if _TIME.fullmatch(match[0]):
            kind = TagKind.POINT
        else:
            kind = TagKind.CLOSE if match[0].startswith("</") else TagKind.OPEN
        yield Tag(match[0], kind)
    yield from html.text_nodes(text[end:], style)


def _name(tag: Tag) -> str:
    found = re.match(r"</?([a-zA-Z]*)", tag.raw)
    return found[1].lower() if found else tag.raw
