"""SubRip subtitles as segments: numbers and timings stay, the lines of a cue are one text and become as many again."""

from __future__ import annotations

import re

from nlpcli.text.markup.html import paired
from nlpcli.text.markup.segments import Node, Piece, Segment, Tag, TagKind, with_placeholders

_TIMING = re.compile(r"^\s*\d+:\d\d:\d\d[,.]\d+\s*-->\s*\d+:\d\d:\d\d[,.]\d+.*$")
# <i>, </font>, and the positions of SubStation: {\an8}.
_TAG = re.compile(r"(</?[a-zA-Z][^<>]*>)|(\{\\[^{}]*\})")
_SPEAKER = re.compile(r"^\s*[-–—‐]\s*")


def segments(text: str) -> list[Piece]:
    """The pieces of a file of subtitles."""
    pieces: list[Piece] = []
    cue: list[str] = []
    in_cue = False
    for line in text.splitlines(keepends=True):
        if not in_cue:
            pieces.append(line)
            in_cue = bool(_TIMING.match(line))
        elif line.strip():
            cue.append(line)
        else:
            pieces += [*_cue(cue), line]
            cue, in_cue = [], False
    return [*pieces, *_cue(cue)]


def _cue(lines: list[str]) -> list[Piece]:
    """Lines of one speaker are one text; a dash starts the next speaker."""
    pieces: list[Piece] = []
    spoken: list[str] = []
    for line in lines:
        if _SPEAKER.match(line) and spoken:
            pieces += _speech(spoken)
            spoken = []
        spoken.append(line)
    return [*pieces, *(_speech(spoken) if spoken else [])]


def _speech(lines: list[str]) -> list[Piece]:
    dash = _SPEAKER.match(lines[0])
    start = dash[0] if dash else ""
    bodies = [line.rstrip("\r\n") for line in lines]
    end = lines[-1][len(bodies[-1]) :]
    break_ = lines[0][len(bodies[0]) :] or "\n"
    whole = " ".join([bodies[0][len(start) :].strip(), *(body.strip() for body in bodies[1:])])
    return [start, Segment(with_placeholders(paired(_nodes(whole))), _Breaker(len(lines), break_)), end]


def _nodes(text: str) -> list[Node]:
    nodes: list[Node] = []
    end = 0
    for match in _TAG.finditer(text):
        if match.start() > end:
            nodes.append(text[end : match.start()])
        kind = TagKind.POINT if match[2] else TagKind.CLOSE if match[0].startswith("</") else TagKind.OPEN
        nodes.append(Tag(match[0], kind))
        end = match.end()
    return [*nodes, text[end:]] if end < len(text) else nodes


class _Breaker:
    """Marks a segment whose translation becomes `lines` lines again (see `broken`)."""

    def __init__(self, lines: int, break_: str) -> None:
        self.lines = lines
        self.break_ = break_

    def __call__(self, text: str) -> str:
        return text

    def broken(self, text: str) -> str:
        """`text` in lines of about equal length, broken between words (anywhere where there are no spaces)."""
        words = re.findall(r"(?:<[^<>]*>|\{\\[^{}]*\}|[^\s<{]|[<{])+\s*", text) if " " in text else list(text)
        lines: list[str] = []
        for left in range(self.lines, 0, -1):
            target = sum(map(len, words)) / left
            count, length = 0, 0
            while count < len(words) - (left - 1) and (count == 0 or length + len(words[count]) / 2 <= target):
                length += len(words[count])
                count += 1
            lines.append("".join(words[:count] if left > 1 else words).strip())
            words = words[count:]
        return self.break_.join(line for line in lines if line)
