"""XLIFF 1.2 and 2.x, read by expat: what has no target gets one; every other byte stays as it was written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, NoReturn
from xml.parsers import expat

from nlpcli.errors import InputBroken, quoted
from nlpcli.text.markup import plain
from nlpcli.text.markup.partners import with_partners
from nlpcli.text.markup.segments import Node, Piece, Pieces, Segment, Tag, TagKind, has_prose, merged

# Inline codes: around text; in the place of a word; the native codes that they hold are no text.
_AROUND = frozenset({"g", "pc", "mrk", "sub"})
_WORDS = frozenset({"x", "ph", "cp"})
_OPENING = frozenset({"bpt", "bx", "sc", "sm"})
_CLOSING = frozenset({"ept", "ex", "ec", "em"})
_HOLDERS = frozenset({"bpt", "ept", "it", "ph"})
# A target that somebody still has to write, whatever it holds.
_TO_DO = frozenset({"new", "needs-translation", "initial"})
_UNITS = frozenset({"trans-unit", "segment"})
_DECLARED = re.compile(r"(<\?xml[^>]*?encoding\s*=\s*[\"'])([\w.-]+)")


class _Event(NamedTuple):
    """The start (`name`, attributes) or the end of an element, or text; `start` in bytes."""

    kind: str
    start: int
    name: str = ""
    attributes: dict[str, str] = {}  # noqa: RUF012 - never changed
    text: str = ""


@dataclass(slots=True)
class _Unit:
    """A unit of translation: the events that it, its source and its target begin with, counted in the list of all."""

    is_kept: bool
    segment: int
    source: range = field(default_factory=lambda: range(0))
    behind: int = 0  # where the source ends, in events
    target: range = field(default_factory=lambda: range(0))


def parse(text: str) -> Pieces:
    """The document.

    Raises:
        InputBroken: it is no XML, or has entities of its own.
    """
    text = _DECLARED.sub(lambda found: found[0] if found[2].lower() == "utf-8" else f"{found[1]}UTF-8", text, count=1)
    data = text.encode()
    events = _events(data)
    edits = [edit for unit in _units(events) for edit in _edits(unit, events, data)]
    edits += _languages(events, data)
    return Pieces(_with_edits(data, sorted(edits, key=lambda edit: edit[:2])))


def _with_edits(data: bytes, edits: Sequence[tuple[int, int, list[Piece]]]) -> Iterator[Piece]:
    reached = 0
    for start, end, pieces in edits:
        yield data[reached:start].decode()
        yield from pieces
        reached = end
    yield data[reached:].decode()


def _events(data: bytes) -> list[_Event]:
    parser = expat.ParserCreate("utf-8")
    events: list[_Event] = []

    def add(kind: str, name: str = "", attributes: dict[str, str] | None = None, text: str = "") -> None:
        events.append(_Event(kind, parser.CurrentByteIndex, name.rpartition(":")[2], attributes or {}, text))

    parser.StartElementHandler = lambda name, attributes: add("start", name, attributes)
    parser.EndElementHandler = lambda name: add("end", name)
    parser.CharacterDataHandler = lambda text: add("text", text=text)
    parser.CommentHandler = parser.StartCdataSectionHandler = parser.EndCdataSectionHandler = lambda *_: add("other")
    parser.ProcessingInstructionHandler = lambda *_: add("other")
    parser.EntityDeclHandler = parser.SkippedEntityHandler = _refuse_entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise InputBroken(f"broken XML: {error}; mend the file there") from error
    events.append(_Event("end of file", len(data)))
    return events


def _refuse_entity(name: str, *_: object) -> NoReturn:
    """What an entity stands for has no place in the file where a target could stand, and may be anywhere."""
    raise InputBroken(
        f"the entity {quoted(name)} of its own DOCTYPE is not read; write what it stands for in its place"
    )


def _units(events: Sequence[_Event]) -> Iterator[_Unit]:
    """Units with a source, in order; `translate="no"` counts for all that lies in it."""
    above: list[tuple[str, bool]] = []
    unit: _Unit | None = None
    for number, event in enumerate(events):
        parent, kept = above[-1] if above else ("", False)
        if event.kind == "start":
            kept = {"no": True, "yes": False}.get(event.attributes.get("translate", ""), kept)
            if event.name in _UNITS:
                unit = _Unit(kept, number)
            elif unit and parent in _UNITS and event.name in ("source", "target", "seg-source"):
                _note(unit, events, number)
            above.append((event.name, kept))
        elif event.kind == "end":
            above.pop()
            if event.name in _UNITS and unit:
                if unit.source:
                    yield unit
                unit = None


def _note(unit: _Unit, events: Sequence[_Event], number: int) -> None:
    end = _end_of(events, number)
    if events[number].name == "target":
        unit.target = range(number, end + 1)
        return
    if events[number].name == "source":
        unit.source = range(number, end + 1)
    unit.behind = end + 1


def _end_of(events: Sequence[_Event], number: int) -> int:
    depth = 0
    while True:
        depth += (events[number].kind == "start") - (events[number].kind == "end")
        if depth == 0:
            return number
        number += 1


def _edits(unit: _Unit, events: Sequence[_Event], data: bytes) -> Iterator[tuple[int, int, list[Piece]]]:
    """Where the target goes, and the state of what it is in."""
    segment = events[unit.segment]
    is_old = segment.name == "trans-unit"
    target = events[unit.target.start] if unit.target else None
    state = (target.attributes if is_old and target else segment.attributes).get("state", "")
    has_text = any(events[n].kind == "text" and events[n].text.strip() for n in unit.target)
    nodes = _nodes(events[unit.source.start + 1 : unit.source.stop], data)
    if unit.is_kept or segment.attributes.get("approved") == "yes" or not has_prose(nodes):
        return
    if has_text and state not in _TO_DO:
        return
    piece = Segment(tuple(nodes), _written)
    tag = _raw(events, unit.source.start, data)
    prefix = tag[1:].partition("source")[0]
    if target is None:
        start = end = events[unit.behind].start
        indent = _space_before(events[unit.source.start].start, data)
        opening = _with_state(f"{indent}<{prefix}target") + ">" if is_old else f"{indent}<{prefix}target>"
    else:
        start, end = target.start, events[unit.target.stop].start
        opening = _raw(events, unit.target.start, data).removesuffix("/>").removesuffix(">").rstrip()
        opening = (_with_state(opening) if is_old else opening) + ">"
    yield start, end, [opening, piece, f"</{prefix}target>"]
    if not is_old:
        raw = _raw(events, unit.segment, data)
        yield segment.start, events[unit.segment + 1].start, [_with_state(raw.removesuffix(">")) + ">"]


def _space_before(place: int, data: bytes) -> str:
    start = place
    while data[start - 1 : start].isspace():
        start -= 1
    return data[start:place].decode()


def _with_state(opening: str) -> str:
    changed, count = re.subn(r"(\sstate\s*=\s*)(?:\"[^\"]*\"|'[^']*')", r'\1"translated"', opening)
    return changed if count else f'{opening} state="translated"'


def _raw(events: Sequence[_Event], number: int, data: bytes) -> str:
    """An event as the source wrote it."""
    return data[events[number].start : events[number + 1].start].decode()


def _nodes(events: Sequence[_Event], data: bytes) -> list[Node]:
    """What is in a source; `events` ends with the end of it."""
    nodes: list[Node] = []
    holder: tuple[str, int, int] | None = None
    depth = 0
    for event, after in pairwise(events):
        raw = data[event.start : after.start].decode()
        if holder is not None:
            depth += (event.kind == "start") - (event.kind == "end")
            if depth == 0:
                nodes.append(Tag(data[holder[1] : after.start].decode(), _kind(holder[0])))
                holder = None
        elif event.kind == "text":
            nodes.append(event.text)
        elif event.kind == "start" and (
            event.name in _HOLDERS | _WORDS | _OPENING | _CLOSING or event.attributes.get("translate") == "no"
        ):
            holder, depth = (event.name, event.start, 0), 1
        elif event.kind in ("start", "end"):
            nodes.append(Tag(raw, TagKind.OPEN if event.kind == "start" else TagKind.CLOSE))
        elif raw:
            nodes.append(Tag(raw, TagKind.POINT))
    found: list[Node] = []
    for node in merged(nodes):
        found += [node] if isinstance(node, Tag) else map(_as_xml, plain.nodes_of(node))
    return with_partners(merged(found), _name)


def _kind(name: str) -> TagKind:
    if name in _OPENING:
        return TagKind.OPEN
    if name in _CLOSING:
        return TagKind.CLOSE
    return TagKind.POINT if name == "it" else TagKind.WORD


def _name(tag: Tag) -> str:
    """Codes that open and those that close have different names: the nearest belong together."""
    found = re.match(r"</?(?:[\w.-]+:)?([\w.-]+)", tag.raw)
    name = found[1] if found else tag.raw
    return "code" if name in _OPENING | _CLOSING else name


def _as_xml(node: Node) -> Node:
    """Tags that are text to XML, as text."""
    if isinstance(node, str) or node.kind is TagKind.TEXT:
        return node
    return Tag(_escaped(node.raw), node.kind, node.inside)


def _written(nodes: Sequence[Node]) -> str:
    return "".join(_escaped(node) if isinstance(node, str) else node.raw for node in nodes)


def _escaped(text: str) -> str:
    clean = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _languages(events: Sequence[_Event], data: bytes) -> Iterator[tuple[int, int, list[Piece]]]:
    """The language of the targets, in `file` (1.2) or at the top (2.x); `pt-BR` is `pt` enough."""
    version = next((event.attributes.get("version", "") for event in events if event.name == "xliff"), "")
    element, attribute = ("file", "target-language") if version.startswith("1") else ("xliff", "trgLang")
    for number, event in enumerate(events):
        if event.kind != "start" or event.name != element:
            continue
        raw = _raw(events, number, data)
        found = re.search(rf"""\s{attribute}\s*=\s*(["'])(.*?)\1""", raw)
        if found:
            start = event.start + len(raw[: found.start(2)].encode())
            yield start, start + len(found[2].encode()), [_same_or(found[2])]
        else:
            place = len(raw.removesuffix(">").removesuffix("/"))
            start = event.start + len(raw[:place].encode())
            yield start, start, [f' {attribute}="', str, '"']


def _same_or(old: str) -> Callable[[str], str]:
    return lambda language: old if old.split("-")[0].lower() == language else language
