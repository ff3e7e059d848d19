"""Word documents (.docx), opened and saved by python-docx: paragraphs are prose, everything around them stays.

A paragraph is a row of runs, each with a format. Where a format ends and another begins a tag stands, as in HTML.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any
from zipfile import ZipFile

from nlpcli.errors import ExtraMissing, InputBroken
from nlpcli.text.markup.exact import with_exact_spans
from nlpcli.text.markup.partners import with_partners
from nlpcli.text.markup.placeholders import with_placeholders
from nlpcli.text.markup.segments import Node, Segment, Tag, TagKind, has_prose, joined, merged

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARTS = ("document.main+xml", "template.main+xml", "header+xml", "footer+xml", "footnotes+xml", "endnotes+xml")
# Around runs; what stands between words; what of a format says nothing of how a text looks; what a checker left.
_CONTAINERS = frozenset({"hyperlink", "ins", "smartTag"})
_POINTS = frozenset({"drawing", "footnoteReference", "endnoteReference", "pict", "sym", "object", "AlternateContent"})
_UNSEEN = ("lang", "noProof")
# What is read as a tree of some ten times its size; what lies beside it, such as pictures, beyond the size of the file.
_MOST_XML, _MOST_BYTES, _MOST_ENTRIES = 1 << 26, 1 << 28, 10_000
_LEFTOVERS = frozenset({"proofErr", "lastRenderedPageBreak"})
_SPACES = {"tab": "\t", "br": " ", "cr": " ", "noBreakHyphen": "-"}
# Signs that no text has: they make the name of a tag.
_TAG = re.compile("(\ue000[^\ue001]*\ue001)")


def parse(data: bytes) -> WordDocument:
    """The document.

    Raises:
        ExtraMissing: python-docx is not installed.
        InputBroken: the data are no document of Word.
    """
    return WordDocument(data)


class WordDocument:
    """Body, tables, headers, footers, text boxes and notes; `file` is the document, once it has been written."""

    def __init__(self, data: bytes) -> None:
        try:
            import docx
        except ImportError as error:
            raise ExtraMissing("reading docx", "docx") from error
        self.file: bytes | None = None
        self.kept: list[str] = []
        _refuse_bombs(data)
        try:
            self._document = docx.Document(io.BytesIO(data))
            self._styles = self._document.styles.element
            self._parts = [(part, _element_of(part)) for part in self._package.iter_parts() if _has_text(part)]
        except Exception as error:
            raise InputBroken(f"no document of Word (.docx): {error}; see whether Word opens it") from error
        for _, element in self._parts:
            _refuse_entities(element)
        self._paragraphs = [_Paragraph(p) for _, element in self._parts for p in element.iter(f"{_W}p")]

    @property
    def _package(self) -> Any:
        return self._document.part.package

    @property
    def text(self) -> str:
        """A line for each paragraph that has text."""
        return "\n".join(text for paragraph in self._paragraphs if (text := paragraph.text).strip())

    @property
    def segments(self) -> Sequence[Segment]:
        """The prose, in the order of the paragraphs."""
        return [part for paragraph in self._paragraphs for part in paragraph.parts if isinstance(part, Segment)]

    def write(self, translations: Sequence[Sequence[Node]], language: str) -> str:
        """The text with other prose; `file` has it with its formats."""
        left = iter(translations)
        for paragraph in self._paragraphs:
            paragraph.fill([next(left) if isinstance(part, Segment) else [part] for part in paragraph.parts], language)
        for element in self._styles.iter(f"{_W}lang"):
            element.set(f"{_W}val", language)
        for part, element in self._parts:
            _put_back(part, element)
        content = io.BytesIO()
        self._document.save(content)
        self.file = content.getvalue()
        return self.text


def _refuse_bombs(data: bytes) -> None:
    """A few bytes of an archive may stand for any number; no more of an entry is read than it says it has.

    Raises:
        InputBroken: its entries are too many, or too large for a document.
    """
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except Exception:  # noqa: BLE001 - python-docx says what is wrong with it
        return
    xml = sum(entry.file_size for entry in entries if entry.filename.endswith((".xml", ".rels")))
    size = sum(entry.file_size for entry in entries)
    if xml > _MOST_XML or size > _MOST_BYTES + 2 * len(data) or len(entries) > _MOST_ENTRIES:
        raise InputBroken(
            f"no document of Word (.docx): it unpacks to {len(entries):,} entries of {size >> 20:,} MiB, as only a file"
            " made to exhaust memory does; ask whoever sent it"
        )


def _has_text(part: Any) -> bool:
    return bool(part.content_type.endswith(_PARTS))


def _element_of(part: Any) -> Any:
    from docx.oxml.parser import parse_xml

    element = getattr(part, "element", None)
    return parse_xml(part.blob) if element is None else element


def _refuse_entities(element: Any) -> None:
    """The format has none: text behind one would be lost. Raises InputBroken where a part declares its own."""
    if element.getroottree().docinfo.internalDTD is not None:
        raise InputBroken("no document of Word (.docx): it has a DOCTYPE, as Word writes none; ask whoever sent it")


def _put_back(part: Any, element: Any) -> None:
    """python-docx keeps the parts that it does not know, such as notes, as bytes."""
    from docx.opc.oxml import serialize_part_xml

    if getattr(part, "element", None) is None:
        part._blob = serialize_part_xml(element)


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""


class _Paragraph:
    """One paragraph: its text with tags, and what each tag stands for."""

    def __init__(self, element: Any) -> None:
        self._element = element
        self._numbers: dict[int, str] = {}
        self._things: dict[str, Any] = {}  # name of a tag → the element, or the run of whose format it is
        runs = [run for run in element.iter(f"{_W}r") if next(run.iterancestors(f"{_W}p")) is element]
        lengths: Counter[str] = Counter()
        self._formats: dict[str, Any] = {}
        for run in runs:
            key = _format_key(run)
            self._formats.setdefault(key, run)
            lengths[key] += sum(len(text.text or "") for text in run.iterchildren(f"{_W}t"))
        self._plain = lengths.most_common(1)[0][0] if lengths else ""
        nodes = list(self._nodes(element))
        self._is_prose = has_prose(nodes)
        self.parts: list[Segment | Node] = list(_segments(nodes)) if self._is_prose else []
        self.text = self._text_of(joined(nodes))

    def _nodes(self, parent: Any) -> Iterator[Node]:
        """Text and tags of what lies in `parent`; a format opens and closes inside of one container."""
        current = self._plain
        for child in parent:
            name = _name(child)
            if name == "pPr" or name in _LEFTOVERS:
                continue
            key = _format_key(child) if name == "r" else self._plain
            if key != current and current != self._plain:
                yield self._tag("/f", self._formats[current], TagKind.CLOSE)
            if key not in (current, self._plain):
                yield self._tag("f", self._formats[key], TagKind.OPEN)
            current = key
            if name == "r":
                yield from self._run(child)
            elif name in _CONTAINERS:
                yield self._tag("c", child, TagKind.OPEN)
                yield from self._nodes(child)
                yield self._tag("/c", child, TagKind.CLOSE)
            else:
                yield self._tag("e", child, TagKind.EDGE)
        if current != self._plain:
            yield self._tag("/f", self._formats[current], TagKind.CLOSE)

    def _run(self, run: Any) -> Iterator[Node]:
        for child in run:
            name = _name(child)
            if name == "rPr" or name in _LEFTOVERS:
                continue
            if name == "t":
                yield _TAG.sub("", child.text or "")
            else:
                yield self._tag("r", child, TagKind.POINT if name in _POINTS else TagKind.EDGE)

    def _tag(self, sign: str, thing: Any, kind: TagKind) -> Tag:
        number = self._numbers.setdefault(id(thing), str(len(self._numbers)))
        self._things[number] = thing
        return Tag(f"\ue000{sign}{number}\ue001", kind)

    def _text_of(self, written: str) -> str:
        """The text alone; a tab is one, and a line break a space."""
        names = {number: _name(thing) for number, thing in self._things.items()}
        signs = {f"\ue000r{number}\ue001": _SPACES[name] for number, name in names.items() if name in _SPACES}
        return _TAG.sub(lambda tag: signs.get(tag[0], ""), written)

    def fill(self, parts: Sequence[Sequence[Node]], language: str) -> None:
        """Put other text into the paragraph."""
        if not self._is_prose:
            return
        pieces = [piece for part in parts for node in part for piece in _TAG.split(joined([node])) if piece]
        self.text = self._text_of("".join(pieces))
        properties = self._element.find(f"{_W}pPr")
        filled = list(self._filled(pieces, language))
        for container in {id(parent): parent for parent, _ in filled}.values():
            for child in list(container):
                container.remove(child)
        if properties is not None:
            self._element.append(properties)
        for parent, child in filled:
            parent.append(child)

    def _filled(self, pieces: Sequence[str], language: str) -> Iterator[tuple[Any, Any]]:
        """Elements in order, each with the one that it goes into."""
        into = [self._element]
        formats: list[Any] = []
        for piece in pieces:
            if not _TAG.fullmatch(piece):
                yield into[-1], self._new_run(formats, piece, language)
                continue
            sign, element = piece[1:-1].rstrip("0123456789"), self._things[piece.strip("\ue000\ue001/cefr")]
            if sign == "f":
                formats.append(element)
            elif sign == "/f":
                formats = [known for known in formats if known is not element]
            elif sign == "/c":
                into.pop()
            else:
                yield into[-1], _run_around(element) if sign == "r" else element
                into += [element] if sign == "c" else []

    def _new_run(self, formats: Sequence[Any], text: str, language: str) -> Any:
        from docx.oxml.parser import OxmlElement

        run = OxmlElement("w:r")
        like = formats[-1] if formats else self._formats.get(self._plain)
        if like is not None and (properties := like.find(f"{_W}rPr")) is not None:
            run.append(deepcopy(properties))
            for lang in run.iter(f"{_W}lang"):
                lang.set(f"{_W}val", language)
        written = OxmlElement("w:t")
        written.text = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
        written.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        run.append(written)
        return run


def _run_around(element: Any) -> Any:
    """A run of its own for something that stood in one, in the same format."""
    from docx.oxml.parser import OxmlElement

    run = OxmlElement("w:r")
    parent = element.getparent()
    properties = parent.find(f"{_W}rPr") if parent is not None else None
    if properties is not None:
        run.append(deepcopy(properties))
    run.append(element)
    return run


def _format_key(run: Any) -> str:
    """Runs with the same key look alike."""
    from lxml.etree import tostring

    properties = run.find(f"{_W}rPr")
    if properties is None:
        return ""
    return "".join(sorted(tostring(child).decode() for child in properties if _name(child) not in _UNSEEN))


def _segments(nodes: Sequence[Node]) -> Iterator[Segment | Node]:
    """The prose between what no word may pass: tabs, line breaks, fields, bookmarks."""
    part: list[Node] = []
    for node in [*with_partners(merged(nodes), _pair), Tag("", TagKind.EDGE)]:
        if isinstance(node, str) or node.kind is not TagKind.EDGE:
            part.append(node)
            continue
        ready = with_placeholders(with_exact_spans(with_partners(part, _pair), str))
        yield from [Segment(ready)] if has_prose(ready) else part
        yield node
        part = []


def _pair(tag: Tag) -> str:
    return tag.raw.replace("/", "")
