"""SubRip subtitles: numbers and timings stay, the lines of a cue are one text and become as many again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nlpcli.text.markup.cues import dash_of, in_lines, speeches
from nlpcli.text.markup.partners import with_partners
from nlpcli.text.markup.placeholders import with_placeholders
from nlpcli.text.markup.segments import Node, Piece, Pieces, Segment, Tag, TagKind, has_prose

_TIMING = re.compile(r"[ \t]*\d{1,9}:\d\d:\d\d[,.]\d{1,9}[ \t]*-->[ \t]*\d{1,9}:\d\d:\d\d[,.]\d{1,9}")
# <i>, </font>, and what SubStation has: {\an8}.
_TAG = re.compile(r"(?P<tag></?(?P<name>[a-zA-Z]\w{0,20})(?:\s[^<>]{0,200})?>)|(?P<style>\{\\[^{}]{0,200}\})")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def parse(text: str) -> Pieces:
    """The document that a file of subtitles is."""
    return Pieces(_pieces(_LINE.findall(text)))


def _pieces(lines: Sequence[str]) -> Iterator[Piece]:
    cue: list[str] = []
    in_cue = False
    for line in lines:
        if not in_cue:
            yield line
            in_cue = bool(_TIMING.match(line))
        elif line.strip():
            cue.append(line)
        else:
            yield from _cue(cue)
            yield line
            cue, in_cue = [], False
    yield from _cue(cue)


def _cue(lines: Sequence[str]) -> Iterator[Piece]:
    for speech in speeches(lines):
        bodies = [line.rstrip("\r\n") for line in speech]
        dash = dash_of(bodies[0])
        whole = " ".join([bodies[0][len(dash) :].strip(), *(body.strip() for body in bodies[1:])])
        nodes = with_placeholders(with_partners(list(_nodes(whole)), _name))
        if not has_prose(nodes):
            yield from speech
            continue
        line_break = speech[0][len(bodies[0]) :] or "\n"
        yield dash
        yield Segment(nodes, in_lines(len(speech), line_break, str))
        yield speech[-1][len(bodies[-1]) :]


def _nodes(text: str) -> Iterator[Node]:
    end = 0
    for match in _TAG.finditer(text):
        yield text[end : match.start()]
        end = match.end()
        kind = TagKind.POINT if match["style"] else TagKind.CLOSE if match[0].startswith("</") else TagKind.OPEN
        yield Tag(match[0], kind)
    yield text[end:]


def _name(tag: Tag) -> str:
    match = _TAG.fullmatch(tag.raw)
    return (match["name"] or "").lower() if match else tag.raw
