"""Plain text as a document: each line is prose; line ends, indentation, columns, tags and escapes stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nlpcli.text.markup.exact import with_exact_spans
from nlpcli.text.markup.partners import apart, with_partners
from nlpcli.text.markup.placeholders import SEVERAL, with_placeholders
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

_ATTRIBUTE = r"""\s+[\w:.@-]{1,60}\s*=\s*(?:"[^"<>]{0,500}"|'[^'<>]{0,500}'|[^\s<>"'=]{1,500})"""
_TAG = re.compile(
    rf"(?P<br>\s?<[bB][rR]\s*/?>\s?)"
    rf"|<(?P<slash>/)?(?P<name>[A-Za-z][\w:.-]{{0,60}}|\d{{1,4}})(?:{_ATTRIBUTE}){{0,30}}\s*(?P<empty>/)?>"
)
# A line without one of these is prose as it stands.
_MARKED = re.compile(r"[{<%$#@\\/`&\t]|:[a-z_]|\w\.\w|www\.|mailto:| {2}")
# Columns, and escapes that programs write for the ends of lines and columns.
_SEPARATOR = re.compile(r"(\t[\t ]*| {3,}\t*|(?:\\[nrt])+)")
_BREAK = re.compile(r"([\t ]*[\r\n][\s]*|\t[\t ]*| {3,}|(?:\\[nrt])+)")
_SPACE = "&(?:nbsp|ensp|emsp|thinsp|#160|#[xX][aA]0);"
_REFERENCE = f"(?!{_SPACE})&(?:#\\d{{1,7}}|#[xX][0-9a-fA-F]{{1,6}}|[A-Za-z][A-Za-z0-9]{{1,30}});"
_MARKS = re.compile(
    rf"""(?P<quote>\\["'])|(?P<space>{_SPACE}|[ ]{{2}})|(?P<word>(?:(?<!\w)\w{{1,60}})?(?:{_REFERENCE}\w*)+)"""
)


def parse(text: str, number: str = SEVERAL) -> Pieces:
    """The document that a text without markup is; `number` as of `with_placeholders`."""
    return Pieces(piece for line in text.splitlines(keepends=True) for piece in pieces_of(line, number))


def pieces_of(line: str, number: str = SEVERAL) -> Iterator[Piece]:
    """The columns of a line and what stands between them."""
    prose = line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
    if not _MARKED.search(prose):
        yield Segment((prose,)) if has_letters(prose) else prose
        yield line[len(prose) :]
        return
    tagged = _with_words(with_partners(list(_with_tags(prose)), _name))
    column: list[Node] = []
    for node in with_placeholders(tagged, number=number):
        if isinstance(node, Tag):
            column.append(node)
            continue
        for place, part in enumerate(_SEPARATOR.split(node)):
            if place % 2:
                yield from _column(column)
                column = []
                yield part
            else:
                column += _with_marks(part)
    yield from _column(column)
    yield line[len(prose) :]


def nodes_of(text: str) -> list[Node]:
    """A text that is one piece, whatever columns and lines it has."""
    nodes: list[Node] = []
    for node in with_placeholders(_with_words(with_partners(list(_with_tags(text)), _name))):
        if isinstance(node, Tag):
            nodes.append(node)
            continue
        for number, part in enumerate(_BREAK.split(node)):
            nodes += [Tag(part, TagKind.BREAK)] if number % 2 else _with_marks(part)
    return with_exact_spans(with_partners(merged(nodes), _name), str)


def _column(nodes: Sequence[Node]) -> Iterator[Piece]:
    paired = with_partners(merged(nodes), _name)
    exact = with_exact_spans(paired, str)
    if has_prose(exact):
        yield from map(Segment, apart(exact))
    else:
        yield from (node if isinstance(node, str) or node.inside else node.raw for node in nodes)


def _with_tags(text: str) -> Iterator[Node]:
    end = 0
    for match in _TAG.finditer(text):
        yield text[end : match.start()]
        end = match.end()
        if match["br"]:
            kind = TagKind.BREAK
        elif match["empty"]:
            kind = TagKind.WORD
        else:
            kind = TagKind.CLOSE if match["slash"] else TagKind.OPEN
        yield Tag(match[0], kind)
    yield text[end:]


def _with_words(nodes: Sequence[Node]) -> Iterator[Node]:
    """A tag without a partner that stands like a word is one: the name of something to fill in."""
    for index, node in enumerate(nodes):
        if (
            isinstance(node, Tag)
            and node.kind is TagKind.EDGE
            and not (
                joined(nodes[max(0, index - 1) : index])[-1:].strip()
                or joined(nodes[index + 1 : index + 2])[:1].isalnum()
            )
        ):
            yield Tag(node.raw, TagKind.WORD)
        else:
            yield node


def _name(tag: Tag) -> str:
    match = _TAG.fullmatch(tag.raw)
    return (match["name"] or "br").lower() if match else tag.raw


def _with_marks(text: str) -> Iterator[Node]:
    """Escaped quotes, character references, and two spaces in a row."""
    end = 0
    opens = True
    for match in _MARKS.finditer(text):
        start = match.start()
        glued = text[start - 1 : start].isalnum() and text[match.end() : match.end() + 1].isalnum()
        yield text[end:start]
        end = match.end()
        if match["quote"]:
            kind = TagKind.POINT if glued else TagKind.OPEN if opens else TagKind.CLOSE
            opens = opens if glued else not opens
        else:
            kind = TagKind.BREAK if match["space"] else TagKind.WORD
        yield Tag(match[0], kind)
    yield text[end:]
