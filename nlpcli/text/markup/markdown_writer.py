"""Writing prose back into a block of Markdown, so that the parser reads it as it read the source."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from nlpcli.text.markup.markdown_inline import PUNCTUATION, SIGNS, Style, escaped
from nlpcli.text.markup.segments import Node, Tag, TagKind, Unwritable, joined

_LINE_STARTS = re.compile(r"^([ \t]*)(?:([-+>=|:]|#(?=#{0,5}(?:\s|$)))|(\d{1,9})([.)])(?=\s|$))")


@cache
def parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


class Stretch(NamedTuple):
    """A line of prose: `text[start:end]`."""

    start: int
    end: int


class Context(NamedTuple):
    """The block that prose stands in: "cell", "block" or the sign of a heading; its lines, and what links lead to."""

    kind: str
    text: str
    lines: Sequence[Stretch]
    environment: Mapping[str, Any]

    def source(self) -> str:
        """The block as the parser sees it: without the marks of quotes and lists before its lines."""
        return "\n".join(self.text[line.start : line.end] for line in self.lines)

    def start_of_line(self) -> int:
        """Where the line begins that the block begins in."""
        start = self.lines[0].start
        return max(self.text.rfind("\n", 0, start), self.text.rfind("\r", 0, start)) + 1

    def with_group(self, group: Sequence[Stretch], written: str) -> str:
        """The block with other text for some of its lines."""
        before = [self.text[line.start : line.end] for line in self.lines if line.end < group[0].start]
        behind = [self.text[line.start : line.end] for line in self.lines if line.start > group[-1].end]
        same = [line for line in self.lines if not (line.end < group[0].start or line.start > group[-1].end)]
        head = self.text[same[0].start : group[0].start]
        tail = self.text[group[-1].end : same[-1].end]
        return "\n".join([*before, head + written + tail, *behind])


class Writer:
    """Writes a translation so that it reads like its source to the parser, with as few escapes as it takes."""

    def __init__(
        self, nodes: Sequence[Node], raw: str, group: Sequence[Stretch], context: Context, style: Style
    ) -> None:
        self._nodes = nodes
        self._raw = raw
        self._group = group
        self._context = context
        self._style = style

    def __call__(self, nodes: Sequence[Node]) -> str:
        expected = self._reading(self._context.source(), self._nodes)
        for spelled in (nodes, _apart(nodes), _apart(_around_words(nodes))):
            for escape in (_bare, _at_starts, _signs, _all):
                written = self._written(spelled, escape, parsed=True)
                if self._reading(self._context.with_group(self._group, written), spelled) == expected:
                    return self._written(spelled, escape, parsed=False)
        raise Unwritable(self._raw)

    def _written(self, nodes: Sequence[Node], escape: Callable[[str, bool], str], parsed: bool) -> str:
        pieces: list[str] = []
        at_start = True
        opened = 0
        for node in nodes:
            if isinstance(node, Tag):
                if node.raw == "[":
                    opened = len(pieces) + 1
                if id(node) in self._style.links:
                    label, short = self._style.links[id(node)]
                    node = short if "".join(pieces[opened:]) == label else node
                raw = re.sub(r"(?s)[\r\n].*", "\n", node.raw) if parsed and node.kind is TagKind.BREAK else node.raw
                at_start = node.kind is TagKind.BREAK and bool(re.search(r"[\r\n]", raw))
                pieces.append(raw)
            elif node:
                pieces.append(self._spelled(re.sub(r"[\r\n]+", " ", node), escape, at_start))
                at_start = False
        return "".join(pieces)

    def _spelled(self, text: str, escape: Callable[[str, bool], str], at_start: bool) -> str:
        spelling = self._style.spelling
        if self._context.kind == "cell":
            spelling = {"|": "\\|"} | spelling
        found: list[str] = []
        plain = ""
        for character in text:
            if character in spelling:
                found += [escape(plain, at_start and not found), spelling[character]]
                plain = ""
            else:
                plain += character
        return "".join([*found, escape(plain, at_start and not found)])

    def _reading(self, source: str, nodes: Sequence[Node]) -> tuple[Any, ...]:
        """What the parser makes of the block, the prose itself left out."""
        tokens = _parsed(source, self._context)
        blocks = [(t.type, t.tag, t.markup, tuple(t.attrs.items())) for t in tokens]
        children = [child for token in tokens for child in token.children or ()]
        inline: Counter[Any] = Counter(signature(child) for child in children)
        text = Counter("".join(child.content for child in children if child.type == "text"))
        text.subtract(Counter("".join(_plain(node) for node in nodes)))
        for character in [c for c in text if c.isspace() or not text[c]]:
            del text[character]
        return blocks, {key: count for key, count in inline.items() if key}, dict(text)


def _plain(node: Node) -> str:
    """What a node is as text; a placeholder is text too."""
    if isinstance(node, str):
        return node
    return node.raw if node.kind is TagKind.TEXT else ""


def signature(token: Token) -> tuple[Any, ...]:
    """What distinguishes a mark inside a block; nothing for text."""
    if token.type in ("text", "softbreak"):
        return ()
    content = token.content if token.type == "code_inline" else ""
    return token.type, token.markup, tuple(token.attrs.items()), content, token.level


def _parsed(source: str, context: Context) -> list[Token]:
    environment: MutableMapping[str, Any] = {"references": dict(context.environment.get("references", {}))}
    if context.kind == "cell":
        # A row may go without bars at its ends.
        bar = "|" if "|" in context.text[context.start_of_line() : context.lines[0].start] else ""
        source = f"|a|\n|-|\n{bar}{source}{bar}"
    elif context.kind == "#":
        source = f"# {source}"
    elif context.kind in "=-":
        source = f"{source}\n{context.kind * 3}"
    return parser().parse(source, environment)


def _apart(nodes: Sequence[Node]) -> list[Node]:
    """The nodes with spaces around what they mark, without which a mark in a word is none."""
    found: list[Node] = []
    for before, node in zip(["", *nodes], nodes, strict=False):
        opens = isinstance(node, Tag) and node.kind is TagKind.OPEN
        closed = isinstance(before, Tag) and before.kind is TagKind.CLOSE
        left, right = joined([before])[-1:], joined([node])[:1]
        if (opens and left.isalnum()) or (closed and right.isalnum()):
            found.append(" ")
        found.append(node)
    return found


def _around_words(nodes: Sequence[Node]) -> list[Node]:
    """The nodes; marks around nothing, which would be none, around the next word."""
    found: list[Node] = []
    for node in nodes:
        before = found[-2:] if len(found) > 1 else ["", ""]
        kinds = [tag.kind if isinstance(tag, Tag) else None for tag in before]
        if isinstance(node, str) and kinds == [TagKind.OPEN, TagKind.CLOSE] and (word := re.search(r"\w+", node)):
            found[-2:] = [node[: word.start()], before[0], word[0], before[1], node[word.end() :]]
        else:
            found.append(node)
    return found


def _bare(text: str, at_start: bool) -> str:  # noqa: ARG001
    return text


def _at_starts(text: str, at_start: bool) -> str:
    """What begins a list, a quote, a heading or a rule at the start of a line begins none."""
    return (
        _LINE_STARTS.sub(lambda m: f"{m[1]}\\{m[2]}" if m[2] else f"{m[1]}{m[3]}\\{m[4]}", text) if at_start else text
    )


def _signs(text: str, at_start: bool) -> str:
    return _at_starts(escaped(text, SIGNS), at_start)


def _all(text: str, at_start: bool) -> str:  # noqa: ARG001
    return escaped(text, PUNCTUATION)
