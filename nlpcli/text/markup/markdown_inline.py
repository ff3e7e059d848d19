"""Inline Markdown as nodes: emphasis, links, code spans, references, escapes, and how the source spelled them."""

from __future__ import annotations

import html as references
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markdown_it.common.utils import normalizeReference

from nlpcli.text.markup import html
from nlpcli.text.markup.placeholders import with_placeholders
from nlpcli.text.markup.segments import Inside, Node, Segment, Tag, TagKind, has_prose, joined

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
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
SIGNS = re.compile(r"([*_`\[\]<>|~$&\\#])")


class Style:
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


def inline_nodes(content: str, defined: Mapping[str, Any], style: Style) -> Iterator[Node]:
    """Text and tags of the prose of one block; `defined`: what links can lead to; `style` learns its spelling."""
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
    match: re.Match[str], found: list[Node], open_: list[int], defined: Mapping[str, Any], style: Style
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


def _node(match: re.Match[str], content: str, style: Style) -> Node:
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
    return "".join(escaped(node, SIGNS) if isinstance(node, str) else node.raw for node in nodes)


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


def name_of(tag: Tag) -> str:
    """What an opening tag and its closing one have in common."""
    if tag.raw.startswith("]"):
        return "["
    return html.name(tag) if tag.raw.startswith("<") else tag.raw


def escaped(text: str, signs: re.Pattern[str]) -> str:
    """A backslash before each of the signs."""
    return signs.sub(r"\\\1", text)
