"""Tags in words: what would come apart if it were translated travels as a whole.

`CO<sub>2</sub>` and `<b>F</b>ile` are one word each, a price in parts is one word, and the reference of a footnote
stays behind the word that it was glued to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from nlpcli.text.markup.segments import Inside, Node, Tag, TagKind, has_letters, merged

# 3.<sup>o</sup>, n.<sup>o</sup>, Ex.<sup>mo</sup>: an ending that is raised behind a point is in the word too.
_BEFORE_ENDING, _ENDING = re.compile(r"[^\W_]+\.\Z"), re.compile(r"[^\W\d_]{1,3}")
# What belongs to a number that is written in parts.
_AROUND_NUMBERS = "[](){}$€£¥%°"
_SHORTEST_STEM = 4
_LONGEST_ENDING = 3


class _Span(NamedTuple):
    """The nodes from an opening tag to its closing one, both counted in."""

    first: int
    last: int


def with_exact_spans(nodes: Sequence[Node], escape: Callable[[str], str]) -> list[Node]:
    """The nodes; spans inside words and spans without letters as one tag each. `escape` writes plain text."""
    if not any(isinstance(node, Tag) and node.kind is TagKind.OPEN for node in nodes):
        return merged(nodes)
    pieces = list(_cut(nodes))
    found: list[Node] = []
    done = 0
    for span in _exact(pieces):
        if span.first < done:
            continue
        first, last, kind = _widened(pieces, span, done)
        found += [*pieces[done:first], _whole(pieces[first : last + 1], kind, escape)]
        done = last + 1
    return merged([*found, *pieces[done:]])


def _cut(nodes: Sequence[Node]) -> Iterator[Node]:
    """Texts in words, white space, and single other characters."""
    for place, node in enumerate(nodes):
        if not isinstance(node, str):
            yield node
            continue
        abbreviated = _BEFORE_ENDING.search(node) if _is_raised_ending(nodes[place + 1 : place + 3]) else None
        yield from re.findall(r"[^\W_]+|\s+|[\W_]", node[: abbreviated.start()] if abbreviated else node)
        if abbreviated:
            yield abbreviated[0]


def _is_raised_ending(nodes: Sequence[Node]) -> bool:
    if len(nodes) < 2 or not isinstance(nodes[0], Tag) or not isinstance(nodes[1], str):
        return False
    return nodes[0].kind is TagKind.OPEN and bool(_ENDING.fullmatch(nodes[1])) and nodes[1].islower()


def _exact(pieces: Sequence[Node]) -> Iterator[_Span]:
    """The outermost spans that are exact, in order."""
    end = -1
    for span in sorted(_spans(pieces)):
        if span.first > end and _is_exact(pieces, span):
            end = span.last
            yield span


def _spans(pieces: Sequence[Node]) -> Iterator[_Span]:
    open_: list[int] = []
    for place, piece in enumerate(pieces):
        if isinstance(piece, str):
            continue
        if piece.kind is TagKind.OPEN:
            open_.append(place)
        elif piece.kind is TagKind.CLOSE and open_:
            yield _Span(open_.pop(), place)


_FARTHEST = 24  # pieces: a span that is longer is prose


def _is_exact(pieces: Sequence[Node], span: _Span) -> bool:
    if span.last - span.first > _FARTHEST:
        return False
    inside = pieces[span.first + 1 : span.last]
    texts = [piece for piece in inside if isinstance(piece, str)]
    if not texts or any(text.isspace() for text in texts):
        return False
    if any(isinstance(piece, Tag) and piece.kind not in (TagKind.OPEN, TagKind.CLOSE) for piece in inside):
        return False
    text = "".join(texts)
    if not any(map(str.isalnum, text)):
        return False
    if not has_letters(text):
        return True
    before, behind = _neighbor(pieces, span.first, -1), _neighbor(pieces, span.last, 1)
    if _is_in_word(before) and before.endswith("."):
        return True
    if not (before[-1:].isalnum() or behind[:1].isalnum()):
        return False
    # The ending of a linked word is part of its link: <a>house</a>s.
    return not (not before[-1:].isalnum() and len(text) >= _SHORTEST_STEM and len(behind) <= _LONGEST_ENDING)


def _neighbor(pieces: Sequence[Node], place: int, step: int) -> str:
    """The text next to a tag, past other tags that open or close there."""
    place += step
    while 0 <= place < len(pieces):
        piece = pieces[place]
        if isinstance(piece, str):
            return piece
        if piece.kind not in (TagKind.OPEN, TagKind.CLOSE):
            return ""
        place += step
    return ""


def _widened(pieces: Sequence[Node], span: _Span, low: int) -> tuple[int, int, TagKind]:
    """The span with what is glued to it, and whether it stands for a word or behind one."""
    first, last = span
    digits = not has_letters(_text(pieces[first : last + 1]))
    last = _grown(pieces, last, 1, digits, len(pieces))
    letters_behind = has_letters(_text(pieces[span.last : last + 1]))
    before = pieces[first - 1] if first > low else ""
    if digits and not letters_behind and isinstance(before, str) and _can_carry(before):
        return first, last, TagKind.POINT
    first = _grown(pieces, first, -1, digits, low)
    hangs = first > low and isinstance(pieces[first - 1], str) and has_letters(str(pieces[first - 1]))
    return first, last, TagKind.POINT if hangs else TagKind.WORD


def _can_carry(before: str) -> bool:
    """Whether a footnote can hang on it: a word of prose or the punctuation behind one."""
    return _is_prose_word(before) or (len(before) == 1 and before in ".,;:!?…\"'”’»")


def _is_prose_word(text: str) -> bool:
    """Letters, and enough of them, unlike CO, km, mc or x."""
    return len(text) >= _SHORTEST_STEM and text.isalpha() and text[1:].islower()


def _grown(pieces: Sequence[Node], place: int, step: int, digits: bool, limit: int) -> int:
    """How far the word goes on: letters and digits, for numbers their signs too, and whole spans between."""
    reached = place
    depth = 0
    for _ in range(_FARTHEST):
        place += step
        if not (0 <= place < len(pieces)) or (step < 0 and place < limit):
            break
        piece = pieces[place]
        if isinstance(piece, Tag):
            opens = piece.kind is (TagKind.OPEN if step > 0 else TagKind.CLOSE)
            closes = piece.kind is (TagKind.CLOSE if step > 0 else TagKind.OPEN)
            depth += opens - closes
            if depth < 0 or not (opens or closes):
                break
        elif not _goes_on(piece, digits) or (digits and step < 0 and _is_prose_word(piece)):
            break
        if depth == 0:
            reached = place
    return reached


def _goes_on(piece: str, digits: bool) -> bool:
    return _is_in_word(piece) or (digits and piece in _AROUND_NUMBERS)


def _is_in_word(piece: str) -> bool:
    """Whether it is one, or the part of one before a raised ending."""
    return piece.removesuffix(".").isalnum()


def _text(pieces: Sequence[Node]) -> str:
    return "".join(piece for piece in pieces if isinstance(piece, str))


def _whole(pieces: Sequence[Node], kind: TagKind, escape: Callable[[str], str]) -> Tag:
    raw = ""
    inside: list[Inside] = []
    for piece in pieces:
        if isinstance(piece, Tag):
            inside += [replace_place(part, len(raw)) for part in piece.inside]
        raw += escape(piece) if isinstance(piece, str) else piece.raw
    return Tag(raw, kind, tuple(inside))


def replace_place(part: Inside, shift: int) -> Inside:
    """The stretch, `shift` characters on."""
    return part._replace(start=part.start + shift, end=part.end + shift)
