"""Markdown as a document: markdown-it-py says where prose is, and whether what is put back reads the same way."""

from __future__ import annotations

import html as references
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from nlpcli.text.markup import html
from nlpcli.text.markup.exact import with_exact_spans
from nlpcli.text.markup.partners import with_partners
from nlpcli.text.markup.placeholders import with_placeholders
from nlpcli.text.markup.segments import (
    Inside,
    Node,
    Piece,
    Pieces,
    Segment,
    Tag,
    TagKind,
    Unwritable,
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
_LABEL = r"(?:[^\[\]\\]|\\.){0,500}"
_TITLE = r"""\s+(?:"[^"]{0,500}"|'[^']{0,500}'|\([^()]{0,500}\))"""
_ADDRESS = r"<[^<>\n]{0,500}>|[^()\s<]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,200}){0,10}"
_TARGET = rf"\(\s*(?:(?:{_ADDRESS})(?:{_TITLE})?\s*)?\)"
_INLINE = re.compile(
    rf"""
    (?P<math>(?<![\\$\w])\$\$(?!\$)[^$]{{1,2000}}?\$\$
      | (?<![\\$\w])\$(?![\s$])(?:[^$\\\n]|\\.){{0,500}}?(?<![\s\\])\$(?![\d$])
      | \\\([^\n]{{1,500}}?\\\) | \\\[.{{1,2000}}?\\\])
    | (?P<escape>\\[!-/:-@\[-`{{-~])
    | (?P<code>(?P<ticks>(?<!`)`+)(?!`))
    | (?P<image>!\[(?P<alt>{_LABEL})\](?:{_TARGET}|\[{_LABEL}\])?)
    | (?P<autolink><[a-zA-Z][\w+.-]{{1,31}}:[^\s<>]{{0,2000}}>|<[\w.+-]{{1,100}}@[\w.-]{{1,100}}>)
    | (?P<kept><(?P<name>kbd|code|samp|var|math|svg)\b[^<>]{{0,500}}>.{{0,2000}}?</(?P=name)>)
    | (?P<html></?[a-zA-Z][\w:-]*(?:\s(?:[^<>"']|"[^"]{{0,500}}"|'[^']{{0,500}}'){{0,500}})?/?>|<!--.{{0,2000}}?-->)
    | (?P<note>^\[\^[^\[\]\s]{{1,80}}\]:[ \t]*|\[\^[^\[\]\s]{{1,80}}\])
    | (?P<task>^\[[ xX]\]\s)
    | (?P<open>\[)
    | (?P<close>\](?P<tail>{_TARGET}|\[{_LABEL}\])?)
    | (?P<mark>\*{{1,3}}|_{{1,3}}|~~)
    | (?P<entity>&(?:\#\d{{1,7}}|\#[xX][0-9a-fA-F]{{1,6}}|[A-Za-z][A-Za-z0-9]{{1,30}});)
    """,
    re.VERBOSE | re.DOTALL,
)
_ALONE = re.compile(r"<(?:br|img|hr|input|wbr)\b|<!--|.*/>$", re.DOTALL)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_SIGNS = re.compile(r"([*_`\[\]<>|~$&\\#])")
_LINE_STARTS = re.compile(r"^([ \t]*)(?:([-+>=|:]|#(?=#{0,5}(?:\s|$)))|(\d{1,9})([.)])(?=\s|$))")


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
            Counter(filter(None, map(_signature, t.children or ()))),
        )
        for t in _parser().parse(text)
    ]


def parse(text: str) -> Pieces:
    """The document."""
    return _MarkdownPieces(text)


class _Stretch(NamedTuple):
    """A line of prose: `text[start:end]`."""

    start: int
    end: int


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
    tokens = _parser().parse(re.sub("\r\n?", "\n", masked[end:]), environment)
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
        context = _Context(_kind_of(before), text, lines, environment)
        for group in _groups(text, lines, token.map[0], literal):
            yield text[reached : group[0].start]
            yield from _prose(group, context)
            reached = group[-1].end
    yield text[reached:]


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _html_of(token: Token, text: str, starts: Sequence[int]) -> _Stretch | None:
    """Where a block of HTML stands; None where it has no letters or lies in a quote."""
    if token.type != "html_block" or token.map is None or not has_letters(token.content):
        return None
    start, end = starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
    start = text.find(token.content.split("\n")[0], start, end)
    return None if start < 0 or re.search(r"^[ \t]*>", text[start:end], re.MULTILINE) else _Stretch(start, end)


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


def _stretches(masked: str, starts: Sequence[int], reached: int, token: Token) -> list[_Stretch] | None:
    """Where each line of a token stands in the source; None where the parser rewrote it: then it stays as it is."""
    assert token.map is not None
    found = []
    for number, line in enumerate(token.content.split("\n"), start=token.map[0]):
        if number + 1 >= len(starts):
            return None
        for spelling in (line, line.replace("|", "\\|")):
            start = masked.find(spelling, max(starts[number], reached), starts[number + 1])
            if start >= 0:
                found.append(_Stretch(start, start + len(spelling)))
                break
        else:
            return None
    return found


def _groups(text: str, lines: Sequence[_Stretch], first: int, literal: frozenset[int]) -> Iterator[list[_Stretch]]:
    """Lines that are one text: not cut by lines that are no prose nor by hard breaks."""
    group: list[_Stretch] = []
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
        group.append(_Stretch(line.start + (alert.end() if alert else 0), line.start + stop))
        if hard:
            yield group
            group = []
    yield from ([group] if group else [])


def _ends_with_backslash(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


class _Context(NamedTuple):
    """The block that prose stands in: "cell", "block" or the sign of a heading; its lines, and what links lead to."""

    kind: str
    text: str
    lines: Sequence[_Stretch]
    environment: Mapping[str, Any]

    def source(self) -> str:
        """The block as the parser sees it: without the marks of quotes and lists before its lines."""
        return "\n".join(self.text[line.start : line.end] for line in self.lines)

    def start_of_line(self) -> int:
        """Where the line begins that the block begins in."""
        start = self.lines[0].start
        return max(self.text.rfind("\n", 0, start), self.text.rfind("\r", 0, start)) + 1

    def with_group(self, group: Sequence[_Stretch], written: str) -> str:
        """The block with other text for some of its lines."""
        before = [self.text[line.start : line.end] for line in self.lines if line.end < group[0].start]
        behind = [self.text[line.start : line.end] for line in self.lines if line.start > group[-1].end]
        same = [line for line in self.lines if not (line.end < group[0].start or line.start > group[-1].end)]
        head = self.text[same[0].start : group[0].start]
        tail = self.text[group[-1].end : same[-1].end]
        return "\n".join([*before, head + written + tail, *behind])


def _kind_of(before: Token) -> str:
    """What the text behind an opening token is: in a cell and in a heading no block begins."""
    if before.type == "heading_open":
        return before.markup[0]
    return "cell" if before.type in ("th_open", "td_open") else "block"


def _prose(group: Sequence[_Stretch], context: _Context) -> Iterator[Piece]:
    text = context.text
    breaks = [text[line.end : after.start] for line, after in pairwise(group)]
    raw = text[group[0].start : group[-1].end]
    content = "\n".join(text[line.start : line.end] for line in group)
    style = _Style()
    defined = context.environment.get("references", {})
    nodes = with_partners(merged(_nodes(content, defined, style)), _name)
    nodes = with_exact_spans(nodes, lambda part: _escaped(part, _PUNCTUATION))
    ready = with_placeholders(_with_breaks(nodes, breaks))
    if has_prose(ready) or any(isinstance(node, Tag) and node.inside for node in ready):
        yield Segment(ready, _Writer(ready, raw, group, context, style))
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


class _Style:
    """How the source wrote what it need not have written so: escapes and references; links without a target."""

    def __init__(self) -> None:
        self._spelling: dict[str, str] = {}
        self._bare: set[str] = set()
        # By the id of the tag that names the target: the text that needs none, and the tag as the source has it.
        self.links: dict[int, tuple[str, Tag]] = {}

    def noted(self, text: str) -> str:
        """Text whose characters are written as they are."""
        self._bare.update(text)
        return text

    def note(self, character: str, spelling: str) -> None:
        """A character that is written otherwise."""
        self._spelling.setdefault(character, spelling)

    @property
    def spelling(self) -> dict[str, str]:
        """Character → how it is written, where it is always written so."""
        return {character: spelled for character, spelled in self._spelling.items() if character not in self._bare}


def _nodes(content: str, defined: Mapping[str, Any], style: _Style) -> Iterator[Node]:
    found: list[Node] = []
    open_: list[int] = []
    end = 0
    fences = _fences(content)
    for match in _INLINE.finditer(content):
        if match.start() < end:
            continue
        found.append(style.noted(content[end : match.start()]))
        end = match.end()
        if match["code"]:
            end = fences.get(match.start(), end)
            found.append(Tag(content[match.start() : end], TagKind.WORD) if end > match.end() else match[0])
        elif match["open"]:
            open_.append(len(found))
            found.append("[")
        elif match["close"]:
            found.append(_closed(match, found, open_, defined, style))
        else:
            found.append(_node(match, content, style))
    return iter([*found, style.noted(content[end:])])


def _fences(content: str) -> dict[int, int]:
    """Start → end of each code span; a run of ticks is closed by the next one of the same length."""
    runs = [(match.start(), match.end()) for match in re.finditer("`+", content)]
    behind: dict[int, list[int]] = {}
    for number in range(len(runs) - 1, -1, -1):
        behind.setdefault(runs[number][1] - runs[number][0], []).append(number)
    spans: dict[int, int] = {}
    last = -1
    for number, (start, end) in enumerate(runs):
        same = behind[end - start]
        while same and same[-1] <= number:
            same.pop()
        if number <= last:
            continue
        if same:
            last = same[-1]
            spans[start] = runs[last][1]
    return spans


def _closed(
    match: re.Match[str], found: list[Node], open_: list[int], defined: Mapping[str, Any], style: _Style
) -> Node:
    """The end of a link, where there is one that begins and something that it leads to."""
    if not open_:
        return match[0]
    place = open_.pop()
    label = joined(found[place + 1 :])
    tail = match["tail"] or ""
    if not tail.startswith("("):
        name = tail[1:-1] or label
        if normalizeReference(name) not in defined:
            return match[0]
        closing = Tag(f"][{name}]", TagKind.CLOSE)
        style.links[id(closing)] = label, Tag(f"]{tail}", TagKind.CLOSE)
    else:
        closing = Tag(f"]{tail}", TagKind.CLOSE)
    found[place] = Tag("[", TagKind.OPEN)
    return closing


def _node(match: re.Match[str], content: str, style: _Style) -> Node:
    raw = match[0]
    if match["escape"] or match["entity"]:
        character = raw[1:] if match["escape"] else references.unescape(raw)
        if len(character) != 1 or not character.isprintable():
            return Tag(raw, TagKind.BREAK if character.isspace() else TagKind.POINT)
        if character.isspace():
            return Tag(raw, TagKind.BREAK)
        style.note(character, raw)
        return character
    if match["image"]:
        return Tag(raw, TagKind.POINT, tuple(_alternative(match)))
    if match["math"] or match["autolink"] or match["kept"]:
        return Tag(raw, TagKind.WORD)
    if match["html"]:
        kind = TagKind.POINT if _ALONE.match(raw) else TagKind.CLOSE if raw.startswith("</") else TagKind.OPEN
        return html.tag(raw, kind)
    if match["mark"]:
        return _delimiter(match, content)
    return Tag(raw, TagKind.POINT)


def _alternative(match: re.Match[str]) -> Iterator[Inside]:
    start, end = match.span("alt")
    nodes = with_placeholders([match["alt"]])
    if has_prose(nodes) and not re.search(r"[*_`\[\]<\\&!\n]", match["alt"]):
        first = match.start()
        yield Inside(start - first, end - first, Segment(nodes, _alternative_text))


def _alternative_text(nodes: Sequence[Node]) -> str:
    return "".join(_escaped(node, _SIGNS) if isinstance(node, str) else node.raw for node in nodes)


def _delimiter(match: re.Match[str], content: str) -> Node:
    """Whether a run opens or closes emphasis: CommonMark's left- and right-flanking runs."""
    before = content[match.start() - 1 : match.start()] or " "
    after = content[match.end() : match.end() + 1] or " "
    spaced_before, spaced_after = before.isspace(), after.isspace()
    sign_before, sign_after = _is_sign(before), _is_sign(after)
    left = not spaced_after and (not sign_after or spaced_before or sign_before)
    right = not spaced_before and (not sign_before or spaced_after or sign_after)
    if match[0].startswith("_"):
        left, right = left and (not right or sign_before), right and (not left or sign_after)
    if left and right:
        left = sign_before and not sign_after
        right = not left
    return Tag(match[0], TagKind.OPEN if left else TagKind.CLOSE) if left or right else match[0]


def _is_sign(character: str) -> bool:
    return not character.isalnum() and not character.isspace()


def _name(tag: Tag) -> str:
    """What an opening tag and its closing one have in common."""
    if tag.raw.startswith("]"):
        return "["
    return html.name(tag) if tag.raw.startswith("<") else tag.raw


class _Writer:
    """Writes a translation so that it reads like its source to the parser, with as few escapes as it takes."""

    def __init__(
        self, nodes: Sequence[Node], raw: str, group: Sequence[_Stretch], context: _Context, style: _Style
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
        inline: Counter[Any] = Counter(_signature(child) for child in children)
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


def _signature(token: Token) -> tuple[Any, ...]:
    if token.type in ("text", "softbreak"):
        return ()
    content = token.content if token.type == "code_inline" else ""
    return token.type, token.markup, tuple(token.attrs.items()), content, token.level


def _parsed(source: str, context: _Context) -> list[Token]:
    environment: MutableMapping[str, Any] = {"references": dict(context.environment.get("references", {}))}
    if context.kind == "cell":
        # A row may go without bars at its ends.
        bar = "|" if "|" in context.text[context.start_of_line() : context.lines[0].start] else ""
        source = f"|a|\n|-|\n{bar}{source}{bar}"
    elif context.kind == "#":
        source = f"# {source}"
    elif context.kind in "=-":
        source = f"{source}\n{context.kind * 3}"
    return _parser().parse(source, environment)


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


def _escaped(text: str, signs: re.Pattern[str]) -> str:
    return signs.sub(r"\\\1", text)


def _bare(text: str, at_start: bool) -> str:  # noqa: ARG001
    return text


def _at_starts(text: str, at_start: bool) -> str:
    """What begins a list, a quote, a heading or a rule at the start of a line begins none."""
    return (
        _LINE_STARTS.sub(lambda m: f"{m[1]}\\{m[2]}" if m[2] else f"{m[1]}{m[3]}\\{m[4]}", text) if at_start else text
    )


def _signs(text: str, at_start: bool) -> str:
    escaped = _escaped(text, _SIGNS)
    return _at_starts(escaped, at_start)


def _all(text: str, at_start: bool) -> str:  # noqa: ARG001
    return _escaped(text, _PUNCTUATION)
