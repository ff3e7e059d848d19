"""HTML as a document: what a person reads in it, on the page and in attributes; every other byte as it was written."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from nlpcli.text.markup.exact import with_exact_spans
from nlpcli.text.markup.html_tokens import FOREIGN, VOID, Attribute, Kind, Token, names, tokens
from nlpcli.text.markup.partners import apart, with_partners
from nlpcli.text.markup.placeholders import TOKEN, with_placeholders
from nlpcli.text.markup.segments import (
    Inside,
    Node,
    Piece,
    Pieces,
    Segment,
    Tag,
    TagKind,
    has_prose,
    merged,
)

# Tags inside of a sentence; every other tag ends the prose before it.
INLINE = names(
    "a abbr acronym b bdi bdo big cite data del dfn em font i ins label mark nobr q ruby s small span strike strong sub"
    " sup time tt u"
)
# Names and code: kept whole, as words of the sentence.
_WORDS = frozenset({"code", "kbd", "samp", "var"}) | FOREIGN
# Whatever is inside is no prose.
_SKIPPED = frozenset({"script", "style", "pre", "template", "object", "iframe", "noscript"})
# Elements whose end tag may be missing: another one of the kind ends them, and so does the end of what they lie in.
_IMPLIED_ENDS = frozenset({"p", "li", "dt", "dd", "tr", "td", "th", "option", "optgroup", "thead", "tbody", "tfoot"})
_PARENTS = names(
    "article aside blockquote body datalist details div dl fieldset footer form header html main nav ol section select"
    " table tbody tfoot thead tr ul"
)
_READ = names("alt aria-description aria-label aria-placeholder aria-roledescription aria-valuetext placeholder title")
_META = frozenset({"description", "og:title", "og:description", "twitter:title", "twitter:description"})
_BUTTONS = frozenset({"button", "submit", "reset"})
_SPACE = " \t\n\f\r"
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[a-zA-Z][a-zA-Z0-9]*;?)")
_CLOSED_REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);|&[a-zA-Z]+(?![a-zA-Z0-9=;])")
_LINE_BREAK = re.compile(r"([ \t]*[\r\n\f][ \t\n\f\r]*)")
_OUTPUT = re.compile(r"\{\{|<%=|<%-|<\?=|<\?php\s+echo\b")


def parse(text: str) -> Pieces:
    """The document that a page or a fragment is."""
    return Pieces(pieces_of(text))


def pieces_of(text: str, lines: bool = False) -> list[Piece]:
    """The pieces of a page or a fragment; with `lines` every line break is kept, though no browser shows it."""
    reader = _Reader(text, lines)
    for token in tokens(text):
        reader.read(token)
    return reader.finish()


def tag(raw: str, kind: TagKind) -> Tag:
    """A tag that stands in another markup, with the attributes that people read."""
    token = next(iter(tokens(raw)), None)
    if token is None or token.kind is not Kind.START:
        return Tag(raw, kind)
    return Tag(raw, kind, tuple(_prose_in(raw, token, _first_of_each(token.attributes))))


class _Reader:
    """Collects pieces from tokens, in order; what it has read of a segment waits until the segment ends."""

    def __init__(self, source: str, lines: bool) -> None:
        self._source = source
        self._lines = lines
        self._pieces: list[Piece] = []
        self._waiting: list[tuple[Token, list[Node]]] = []
        self._style: dict[str, str] = {}
        self._skipped: list[str] = []
        self._skipped_from = 0
        self._movable = True

    def read(self, token: Token) -> None:
        if self._skipped and self._still_skipped(token):
            return
        raw = self._source[token.start : token.end]
        if token.kind is Kind.TEXT:
            self._text(token, raw)
        elif token.kind is Kind.START:
            self._start(token, raw)
        elif token.kind is Kind.END:
            if token.name in INLINE:
                self._wait(token, Tag(raw, TagKind.CLOSE))
            else:
                self._literal(raw)
        elif token.kind is Kind.RAW:
            self._literal(raw)
        else:
            self._wait(token, Tag(raw, _kind_of_other(token, raw)))

    def _still_skipped(self, token: Token) -> bool:
        """Goes through an element that is kept whole; False where it ended before `token`."""
        element = self._skipped[0]
        if element in FOREIGN and token.name != element:
            return True
        if token.kind is Kind.START and token.name not in VOID:
            if element in _IMPLIED_ENDS and token.name == element and len(self._skipped) == 1:
                self._keep(token.start)
                return False
            self._skipped.append(token.name)
            self._movable = self._movable and token.name in INLINE | _WORDS
        elif token.kind is Kind.END:
            if element in _IMPLIED_ENDS and token.name in _PARENTS and token.name not in self._skipped:
                self._keep(token.start)
                return False
            self._movable = self._movable and token.name == self._skipped[-1]
            if token.name in self._skipped:
                del self._skipped[len(self._skipped) - 1 - self._skipped[::-1].index(token.name) :]
            if not self._skipped:
                self._keep(token.end, element)
        return True

    def _keep(self, end: int, closed: str = "") -> None:
        """The element up to `end` as it is: a word where it is whole, `closed` by its own tag, with no blocks in it."""
        self._skipped = []
        start = self._skipped_from
        raw = self._source[start:end]
        if self._movable and closed in _WORDS | INLINE:
            inside = tuple(_prose_of_drawing(raw)) if closed == "svg" else ()
            self._wait(Token(Kind.OTHER, start, end), Tag(raw, TagKind.WORD, inside))
        else:
            self._literal(raw)

    def _start(self, token: Token, raw: str) -> None:
        attributes = _first_of_each(token.attributes)
        empty = token.name in VOID or (token.name in FOREIGN and raw.endswith("/>"))
        if not empty and (token.name in _SKIPPED | _WORDS or self._is_kept(attributes)):
            self._skipped, self._skipped_from, self._movable = [token.name], token.start, True
            return
        if token.name == "html":
            self._end_segment()
            self._pieces += self._with_language(token, attributes)
            return
        inside = () if self._is_kept(attributes) else tuple(_prose_in(self._source, token, attributes))
        if TOKEN.fullmatch(raw) and raw[1:-1] not in self._closed:
            self._wait(token, Tag(raw, TagKind.WORD))
        elif token.name in INLINE:
            self._wait(token, Tag(raw, TagKind.OPEN, inside))
        elif token.name in ("img", "wbr") or token.name in FOREIGN:
            self._wait(token, Tag(raw, TagKind.POINT, inside))
        else:
            self._end_segment()
            self._pieces.append(Tag(raw, TagKind.POINT, inside))

    @cached_property
    def _closed(self) -> frozenset[str]:
        """The names of elements with capital letters that something closes."""
        return frozenset(re.findall(r"</([A-Z][A-Z_0-9]*)", self._source))

    def _is_kept(self, attributes: Mapping[str, Attribute]) -> bool:
        def value(name: str) -> str:
            attribute = attributes.get(name)
            return self._source[attribute.start : attribute.end].lower() if attribute else ""

        return value("translate") == "no" or "notranslate" in value("class").split()

    def _with_language(self, token: Token, attributes: Mapping[str, Attribute]) -> Iterator[Piece]:
        end = token.start
        for attribute in attributes.values():
            if attribute.name in ("lang", "xml:lang") and attribute.end > attribute.start:
                yield self._source[end : attribute.start]
                yield str
                end = attribute.end
        yield self._source[end : token.end]

    def _text(self, token: Token, raw: str) -> None:
        if token.name == "textarea":
            # White space counts there.
            self._end_segment()
            for line in re.split(r"(\r\n|[\r\n])", raw):
                style: dict[str, str] = {}
                nodes = with_placeholders(merged(text_nodes(line, style)))
                self._pieces.append(Segment(nodes, _writer(line, style, "")) if has_prose(nodes) else line)
        else:
            self._waiting.append((token, list(text_nodes(raw, self._style))))

    def _wait(self, token: Token, tag: Tag) -> None:
        self._waiting.append((token, [tag]))

    def _literal(self, raw: str) -> None:
        self._end_segment()
        self._pieces.append(raw)

    def _end_segment(self) -> None:
        if not self._waiting:
            return
        waiting, style = self._waiting, self._style
        self._waiting, self._style = [], {}
        nodes = with_partners(merged(node for _, found in waiting for node in found), name)
        nodes = with_exact_spans(nodes, lambda text: escaped(text, style, ""))
        ready = with_placeholders(with_breaks(nodes) if self._lines else _collapsed(nodes))
        if not has_prose(ready):
            for token, found in waiting:
                tag = found[0] if found else ""
                raw = self._source[token.start : token.end]
                self._pieces.append(tag if isinstance(tag, Tag) and tag.inside else raw)
            return
        for part in apart(ready):
            self._pieces.append(Segment(part, _writer(_written(part, style, ""), style, "")))

    def finish(self) -> list[Piece]:
        """All pieces, once the source is read."""
        if self._skipped:
            self._keep(len(self._source))
        self._end_segment()
        return self._pieces


def _prose_in(source: str, token: Token, attributes: Mapping[str, Attribute]) -> Iterator[Inside]:
    for attribute in attributes.values():
        if not _is_read(token.name, attribute.name, attributes, source):
            continue
        raw = source[attribute.start : attribute.end]
        style: dict[str, str] = {}
        nodes = with_placeholders(merged(_attribute_nodes(raw, style)))
        if has_prose(nodes):
            write = _writer(raw, style, attribute.quote or "=")
            yield Inside(attribute.start - token.start, attribute.end - token.start, Segment(nodes, write))


def _prose_of_drawing(raw: str) -> Iterator[Inside]:
    """What people read of a drawing in SVG: its title, what describes it, and its texts."""
    if _UNTRANSLATED.search(raw):
        return
    for match in _TEXT_OF_DRAWING.finditer(raw):
        text = match["text"].strip(_SPACE)
        start = match.start("text") + match["text"].index(text)
        style: dict[str, str] = {}
        nodes = with_placeholders(merged(_attribute_nodes(text, style)))
        if has_prose(nodes):
            yield Inside(start, start + len(text), Segment(nodes, _writer(text, style, "")))


_TEXT_OF_DRAWING = re.compile(r"<(?:title|desc|text|tspan|textPath)(?:\s[^<>]*)?>(?P<text>[^<>]+)")
_UNTRANSLATED = re.compile(r"""translate=["']?no|notranslate|<!|<style|<script""", re.IGNORECASE)


def _kind_of_other(token: Token, raw: str) -> TagKind:
    """What a template prints is a word; what it decides stays where it is, and so do tags that it writes."""
    if re.search(r".<[a-zA-Z/!]", raw, re.DOTALL) and not raw.startswith("<!--"):
        return TagKind.EDGE
    if _OUTPUT.match(raw):
        return TagKind.WORD
    return TagKind.EDGE if token.kind is Kind.TEMPLATE or raw.startswith("<?") else TagKind.POINT


def _first_of_each(attributes: Sequence[Attribute]) -> dict[str, Attribute]:
    """By name; a browser takes the first of two."""
    found: dict[str, Attribute] = {}
    for attribute in attributes:
        found.setdefault(attribute.name, attribute)
    return found


def _is_read(tag: str, name: str, attributes: Mapping[str, Attribute], source: str) -> bool:
    """Whether a person reads the attribute."""

    def value(of: str) -> str:
        return source[attributes[of].start : attributes[of].end].lower() if of in attributes else ""

    if tag == "meta":
        return name == "content" and bool({value("name"), value("property")} & _META)
    if tag == "input" and name == "value":
        return value("type") in _BUTTONS
    if tag == "input" and name == "alt":
        return value("type") == "image"
    if name == "label":
        return tag in ("optgroup", "option", "track")
    return name in _READ and tag not in ("link", "style", "script")


def text_nodes(raw: str, style: dict[str, str]) -> Iterator[Node]:
    """Text with its character references resolved; `style` is told which characters were written as references."""
    return _resolved(raw, _REFERENCE, style)


def _attribute_nodes(raw: str, style: dict[str, str]) -> Iterator[Node]:
    for node in _resolved(raw, _CLOSED_REFERENCE, style):
        if isinstance(node, Tag):
            yield node
            continue
        yield from with_breaks([node])


def _resolved(raw: str, pattern: re.Pattern[str], style: dict[str, str]) -> Iterator[Node]:
    end = 0
    for match in pattern.finditer(raw):
        text = html.unescape(match[0])
        if text == match[0]:
            continue
        yield _noted(raw[end : match.start()], style)
        end = match.end()
        if text.isspace():
            yield Tag(match[0], TagKind.BREAK)
        elif not text.isprintable():
            yield Tag(match[0], TagKind.POINT)
        else:
            if len(text) == 1 and match[0].endswith(";"):
                style.setdefault(text, match[0])
            yield text
    yield _noted(raw[end:], style)


def _noted(text: str, style: dict[str, str]) -> str:
    if ">" in text:
        style.setdefault(">", ">")
    return text


def _writer(raw: str, style: Mapping[str, str], quote: str) -> Callable[[Sequence[Node]], str]:
    """Writes a segment where `raw` stood; what has no text any more would change the tree, so it stays."""

    def write(nodes: Sequence[Node]) -> str:
        text = "".join(node for node in nodes if isinstance(node, str))
        if not text.strip(_SPACE + "\0") and not any(isinstance(n, Tag) and n.kind is TagKind.WORD for n in nodes):
            return raw
        written = _written(nodes, style, quote)
        return f'"{written}"' if quote == "=" else written

    return write


def _written(nodes: Sequence[Node], style: Mapping[str, str], quote: str) -> str:
    return "".join(escaped(node, style, quote) if isinstance(node, str) else node.raw for node in nodes)


def escaped(text: str, style: Mapping[str, str], quote: str) -> str:
    """Plain text as HTML, in the style of the source; `quote` is what stands around it in an attribute."""
    must = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "", '"': "&quot;" if quote in ('"', "=") else '"', "'": "'"}
    if quote == "'":
        must["'"] = "&#39;"
    return "".join(style.get(character) or must.get(character, character) for character in text)


def name(tag: Tag) -> str:
    found = re.match(r"</?([^\s/>]*)", tag.raw)
    return found[1].lower() if found else ""


def with_breaks(nodes: Sequence[Node]) -> Iterator[Node]:
    """White space with a line break in it as a tag of its own."""
    for node in nodes:
        if isinstance(node, Tag):
            yield node
            continue
        for number, part in enumerate(_LINE_BREAK.split(node)):
            yield Tag(part, TagKind.BREAK) if number % 2 else part


def _collapsed(nodes: Sequence[Node]) -> list[Node]:
    """White space inside prose as a browser shows it: one space; at the ends of the segment it stays as it is."""
    collapsed: list[Node] = []
    for index, node in enumerate(nodes):
        if isinstance(node, Tag):
            collapsed.append(node)
            continue
        head = node[: len(node) - len(node.lstrip(_SPACE))] if index == 0 else ""
        tail = node[len(node.rstrip(_SPACE)) :] if index == len(nodes) - 1 else ""
        body = node[len(head) : len(node) - len(tail)]
        collapsed.append(head + re.sub(f"[{_SPACE}]+", " ", body) + tail)
    return collapsed
