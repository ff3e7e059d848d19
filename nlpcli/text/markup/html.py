"""HTML as segments: read by the standard library's parser, every byte outside of prose kept as it was written."""

from __future__ import annotations

import html
from html.parser import HTMLParser

from nlpcli.text.markup.segments import Node, Piece, Segment, Tag, TagKind, has_letters, with_placeholders

# Tags inside of a sentence; every other tag ends the prose before it.
INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "label",
        "mark",
        "q",
        "s",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
    ]
)
_POINTS = frozenset({"img", "br", "wbr"})
# Names and code: kept whole, as words of the sentence.
_WORDS = frozenset({"code", "kbd", "samp", "math", "svg", "var"})
# Whatever is inside is no prose.
_SKIPPED = frozenset({"script", "style", "pre", "textarea", "template", "object", "iframe", "noscript"})


def segments(text: str) -> list[Piece]:
    """The pieces of a page or a fragment; visible attributes stay as they are."""
    reader = _Reader(text)
    reader.feed(text)
    reader.close()
    return reader.finish()


class _Reader(HTMLParser):
    """Collects pieces; each call of a handler owns the source from the end of the one before it."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self._source = source
        self._line_starts = [0, *(i + 1 for i, character in enumerate(source) if character == "\n")]
        self._pieces: list[Piece] = []
        self._nodes: list[Node] = []
        self._open: list[str] = []
        self._skipping: list[str] = []
        self._skipped_as_word = False
        self._kept = 0  # where what is being kept whole begins

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._line_starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raw = self.get_starttag_text() or ""
        if self._skipping:
            if tag == self._skipping[-1]:
                self._skipping.append(tag)
            return
        no_translate = dict(attrs).get("translate") == "no" or "notranslate" in (dict(attrs).get("class") or "").split()
        if tag in _SKIPPED or tag in _WORDS or (no_translate and tag not in _POINTS):
            self._skipped_as_word = tag in _WORDS or tag in INLINE
            if not self._skipped_as_word:
                self._end_segment()
            self._skipping, self._kept = [tag], self._offset()
        elif tag in INLINE:
            self._open.append(tag)
            self._nodes.append(Tag(raw, TagKind.OPEN))
        elif tag in _POINTS:
            self._point(tag, raw)
        else:
            self._literal(raw)

    def _point(self, tag: str, raw: str) -> None:
        if tag == "br" and not self._open:
            self._literal(raw)
        else:
            self._nodes.append(Tag(raw, TagKind.BREAK if tag == "br" else TagKind.POINT))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        raw = self.get_starttag_text() or ""
        if self._skipping:
            return
        if tag in INLINE or tag in _POINTS:
            self._point(tag, raw)
        else:
            self._literal(raw)

    def handle_endtag(self, tag: str) -> None:
        start = self._offset()
        end = self._source.find(">", start) + 1 or len(self._source)
        if self._skipping:
            if tag == self._skipping[-1]:
                self._skipping.pop()
                if not self._skipping:
                    self._keep(self._source[self._kept : end])
            return
        raw = self._source[start:end]
        if tag in self._open:
            # What was left open inside of it is a matter of the browser: these tags become points.
            while self._open.pop() != tag:
                pass
            self._nodes.append(Tag(raw, TagKind.CLOSE))
        elif tag in INLINE:
            self._nodes.append(Tag(raw, TagKind.POINT))
        else:
            self._literal(raw)

    def _keep(self, raw: str) -> None:
        if self._skipped_as_word:
            self._nodes.append(Tag(raw, TagKind.WORD))
        else:
            self._literal(raw)

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._nodes.append(data)

    def handle_entityref(self, name: str) -> None:
        self._reference(f"&{name};" if self._source.startswith(f"&{name};", self._offset()) else f"&{name}")

    def handle_charref(self, name: str) -> None:
        self._reference(f"&#{name};" if self._source.startswith(f"&#{name};", self._offset()) else f"&#{name}")

    def _reference(self, raw: str) -> None:
        if self._skipping:
            return
        text = html.unescape(raw)
        if text.isspace():
            self._nodes.append(Tag(raw, TagKind.BREAK))
        else:
            self._nodes.append(text if text.isprintable() else Tag(raw, TagKind.POINT))

    def handle_comment(self, data: str) -> None:
        self._other(f"<!--{data}-->", "-->")

    def handle_decl(self, decl: str) -> None:
        self._other(f"<!{decl}>", ">")

    def unknown_decl(self, data: str) -> None:
        self._other(f"<![{data}]>", ">")

    def handle_pi(self, data: str) -> None:
        self._other(f"<?{data}>", ">")

    def _other(self, raw: str, end: str) -> None:
        if self._skipping:
            return
        start = self._offset()
        if not self._source.startswith(raw, start):
            stop = self._source.find(end, start)
            raw = self._source[start : stop + len(end) if stop >= 0 else len(self._source)]
        self._literal(raw)

    def _literal(self, raw: str) -> None:
        self._end_segment()
        self._pieces.append(raw)

    def _end_segment(self) -> None:
        nodes = _merged(self._nodes)
        self._nodes, self._open = [], []
        if any(isinstance(node, str) and has_letters(node) for node in nodes):
            self._pieces.append(Segment(with_placeholders(_collapsed(paired(nodes))), _escape))
        else:
            self._pieces += [_escape(node) if isinstance(node, str) else node.raw for node in nodes]

    def finish(self) -> list[Piece]:
        """All pieces, once the source is read."""
        if self._skipping:
            self._keep(self._source[self._kept :])
        self._end_segment()
        return self._pieces


def _merged(nodes: list[Node]) -> list[Node]:
    merged: list[Node] = []
    for node in nodes:
        if merged and isinstance(node, str) and isinstance(merged[-1], str):
            merged[-1] += node
        else:
            merged.append(node)
    return merged


def paired(nodes: list[Node]) -> list[Node]:
    """Opening tags without an end, and ends without a beginning, as points: they cannot be moved around text."""
    open_: list[int] = []
    result = list(nodes)
    for index, node in enumerate(nodes):
        if isinstance(node, str):
            continue
        if node.kind is TagKind.OPEN:
            open_.append(index)
        elif node.kind is TagKind.CLOSE:
            name = _name(node.raw)
            while open_ and _name(nodes[open_[-1]].raw) != name:  # type: ignore[union-attr]
                place = open_.pop()
                result[place] = Tag(nodes[place].raw, TagKind.POINT)  # type: ignore[union-attr]
            if open_:
                open_.pop()
            else:
                result[index] = Tag(node.raw, TagKind.POINT)
    for place in open_:
        result[place] = Tag(nodes[place].raw, TagKind.POINT)  # type: ignore[union-attr]
    return result


def _name(raw: str) -> str:
    return raw.strip("</>").split()[0].split("/")[0].lower()


def _collapsed(nodes: list[Node]) -> list[Node]:
    """White space inside prose as a browser shows it: one space; at the ends of the segment it stays as it is."""
    collapsed: list[Node] = []
    for index, node in enumerate(nodes):
        if isinstance(node, Tag):
            collapsed.append(node)
            continue
        head = node[: len(node) - len(node.lstrip())] if index == 0 else ""
        tail = node[len(node.rstrip()) :] if index == len(nodes) - 1 else ""
        body = node[len(head) : len(node) - len(tail)]
        spaced = " ".join(body.split())
        before = " " if body[:1].isspace() else ""
        after = " " if body[-1:].isspace() and spaced else ""
        collapsed.append(f"{head}{before}{spaced}{after}{tail}")
    return collapsed


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
