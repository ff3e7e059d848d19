"""Markdown as segments: markdown-it-py says where prose is; everything else stays as it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from nlpcli.text.markup import html
from nlpcli.text.markup.placeholders import with_placeholders
from nlpcli.text.markup.segments import Node, Piece, Pieces, Segment, Tag, TagKind, has_letters

# Front matter is settings, not prose.
_FRONT_MATTER = re.compile(r"\A---\r?\n.*?\r?\n(?:---|\.\.\.)\r?\n", re.DOTALL)
_INLINE = re.compile(
    r"""
    (?P<escape>\\[!-/:-@\[-`{-~])
    | (?P<code>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))
    | (?P<image>!\[(?:[^\[\]\\]|\\.)*\](?:\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+(?:"[^"]*"|'[^']*'))?\)|\[[^\[\]]*\])?)
    | (?P<autolink><[a-zA-Z][\w+.-]*:[^\s<>]*>|<[\w.+-]+@[\w.-]+>)
    | (?P<html></?[a-zA-Z][^<>]*>|<!--.*?-->)
    | (?P<note>\[\^[^\[\]\s]+\])
    | (?P<task>^\[[ xX]\]\s)
    | (?P<link_open>\[(?=(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*\](?:\(|\[)))
    | (?P<link_close>\](?:\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+(?:"[^"]*"|'[^']*'))?\)|\[[^\[\]]*\]))
    | (?P<mark>\*{1,3}|_{1,3}|~~)
    | (?P<entity>&(?:\#\d+|\#[xX][0-9a-fA-F]+|\w+);)
    | (?P<hard>(?:\ {2,}|\\)\n)
    """,
    re.VERBOSE | re.DOTALL,
)
_POINTS = ("image", "hard", "note", "task", "entity")


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def parse(text: str) -> Pieces:
    """The document."""
    return Pieces(segments(text))


def segments(text: str) -> list[Piece]:
    """The pieces of a document."""
    front = _FRONT_MATTER.match(text)
    head = front[0] if front else ""
    body = text[len(head) :]
    pieces: list[Piece] = [head] if head else []
    lines = body.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    end = 0
    for token in _parser().parse(body):
        place = _place(body, starts, end, token)
        if place is None:
            continue
        start, stop, breaks = place
        if start > end:
            pieces.append(body[end:start])
        pieces += html.pieces_of(body[start:stop]) if token.type == "html_block" else _prose(token.content, breaks)
        end = stop
    return [*pieces, body[end:]] if end < len(body) else pieces


def _place(body: str, starts: list[int], end: int, token: Token) -> tuple[int, int, list[str]] | None:
    """Where the prose of a token stands in the source, and what the source has for each of its line breaks.

    None where there is nothing to translate, or where the parser rewrote it: then it stays as it is.
    """
    if token.type not in ("inline", "html_block") or token.map is None or not has_letters(token.content):
        return None
    place = max(starts[token.map[0]], end)
    last = starts[min(token.map[1], len(starts) - 1)]
    begin = stop = -1
    breaks: list[str] = []
    for number, line in enumerate(token.content.rstrip("\n").split("\n")):
        found = body.find(line, place, last)
        if found < 0:
            return None
        if number == 0:
            begin = found
        else:
            # Marks of a quote or a list may stand between two lines.
            breaks.append(body[stop:found])
        place = stop = found + len(line)
    if token.type == "html_block" and any(break_.lstrip(" \t\r").replace("\r", "") != "\n" for break_ in breaks):
        return None  # HTML in a quote
    return begin, stop, breaks


def _prose(content: str, breaks: list[str]) -> list[Piece]:
    nodes = _paired_marks(_nodes(content))
    return [
        Segment(
            with_placeholders(_with_breaks(nodes, iter(breaks))),
            lambda nodes: "".join(_escape(n) if isinstance(n, str) else n.raw for n in nodes),
        )
    ]


def _with_breaks(nodes: list[Node], breaks: Iterator[str]) -> list[Node]:
    """Line breaks as the source has them, those of prose as tags of their own."""
    result: list[Node] = []
    for node in nodes:
        if isinstance(node, Tag):
            raw = re.sub("\n", lambda _: next(breaks), node.raw)
            result.append(Tag(raw, TagKind.BREAK if node.raw.endswith("\n") else node.kind))
            continue
        for number, line in enumerate(node.split("\n")):
            if number:
                result.append(Tag(next(breaks), TagKind.BREAK))
            if line:
                result.append(line)
    return result


def _nodes(content: str) -> list[Node]:
    nodes: list[Node] = []
    end = 0
    links: list[None] = []
    for match in _INLINE.finditer(content):
        kind = match.lastgroup
        if match.start() > end:
            nodes.append(content[end : match.start()])
        nodes.append(_node(kind or "", match, content, links))
        end = match.end()
    return [*nodes, content[end:]] if end < len(content) else nodes


def _node(kind: str, match: re.Match[str], content: str, links: list[None]) -> Node:
    raw = match[0]
    if match["code"] or match["autolink"]:
        return Tag(raw, TagKind.WORD)
    if match["link_open"]:
        links.append(None)
        return Tag(raw, TagKind.OPEN)
    if match["link_close"]:
        if links:
            links.pop()
            return Tag(raw, TagKind.CLOSE)
        return raw
    if match["html"]:
        closing = raw.startswith("</")
        alone = raw.endswith("/>") or raw.startswith("<!--") or re.match(r"<(br|img|hr)\b", raw)
        return Tag(raw, TagKind.POINT if alone else TagKind.CLOSE if closing else TagKind.OPEN)
    if match["mark"]:
        return _delimiter(match, content)
    if kind in _POINTS or any(match[name] for name in _POINTS):
        return Tag(raw, TagKind.POINT)
    return Tag(raw, TagKind.POINT) if match["escape"] else raw


def _delimiter(match: re.Match[str], content: str) -> Node:
    """`**` opens before a word and closes behind one; between spaces, and `_` inside a word, it is a character."""
    before = content[match.start() - 1 : match.start()]
    after = content[match.end() : match.end() + 1]
    opens, closes = bool(after.strip()), bool(before.strip())
    if match[0].startswith("_") and before.isalnum() and after.isalnum():
        return match[0]
    if opens and closes:
        # Between a word and a mark it closes; between a mark and a word it opens.
        opens = not before.isalnum() and not (before and before in ".,!?;:)。，！？；：）")
        closes = not opens
    if opens:
        return Tag(match[0], TagKind.OPEN)
    return Tag(match[0], TagKind.CLOSE) if closes else match[0]


def _paired_marks(nodes: list[Node]) -> list[Node]:
    """Delimiters that have no partner are characters; tags of HTML that have none stay where they are."""
    open_: list[int] = []
    paired = list(nodes)
    for index, node in enumerate(nodes):
        if isinstance(node, str) or node.kind not in (TagKind.OPEN, TagKind.CLOSE):
            continue
        if node.kind is TagKind.OPEN:
            open_.append(index)
            continue
        partner = next((place for place in reversed(open_) if _match(nodes[place], node)), None)
        if partner is None:
            paired[index] = _alone(node)
            continue
        for place in open_[open_.index(partner) + 1 :]:
            paired[place] = _alone(nodes[place])
        del open_[open_.index(partner) :]
    for place in open_:
        paired[place] = _alone(nodes[place])
    return paired


def _match(opening: Node, closing: Tag) -> bool:
    assert isinstance(opening, Tag)
    if closing.raw.startswith("]"):
        return opening.raw == "["
    if closing.raw.startswith("</"):
        return opening.raw[1:].split(">")[0].split()[0].lower() == closing.raw[2:-1].strip().lower()
    return opening.raw == closing.raw


def _alone(node: Node) -> Node:
    assert isinstance(node, Tag)
    return Tag(node.raw, TagKind.POINT) if node.raw.startswith("<") else node.raw


def _escape(text: str) -> str:
    """A translation must not start what the source did not have: a list, a quote, a table's cell, emphasis."""
    escaped = re.sub(r"([*`\[\]|<]|(?<!\w)_|_(?!\w))", r"\\\1", text)
    return re.sub(r"^(\s*)([-+#>]|\d+[.)])(?=\s)", lambda m: f"{m[1]}{m[2][:-1]}\\{m[2][-1]}", escaped)
