"""A text with structure as pieces: literal ones, and segments of prose with tags inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple, Protocol


class TagKind(Enum):
    """What a tag does to the prose around it."""

    OPEN = auto()
    CLOSE = auto()
    EDGE = auto()  # opens or closes without a partner in this prose: no other tag may pass it
    POINT = auto()  # stands between words and is none: an image, a line break
    BREAK = auto()  # stands for a space between words: a line break of the source
    WORD = auto()  # stands for a word, in the language of the markup: code, a formula
    TEXT = auto()  # stands for a word, in plain text: a placeholder, an address


@dataclass(frozen=True, slots=True)
class Tag:
    """Something inside prose that is kept as it is; `raw` as the source wrote it, with stretches of prose `inside`.

    `read_as`: what a model reads in its place, where that helps: a number for the # of a plural.
    """

    raw: str
    kind: TagKind
    inside: tuple[Inside, ...] = ()
    read_as: str = ""


Node = str | Tag


class Unwritable(Exception):
    """A translation that would be other markup, however it is escaped; `raw` stays instead."""

    def __init__(self, raw: str) -> None:
        super().__init__(raw)
        self.raw = raw


def joined(nodes: Sequence[Node]) -> str:
    """Text and tags in a row: how a segment is written where no character has a meaning of its own."""
    return "".join(node if isinstance(node, str) else node.raw for node in nodes)


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Prose that is translated as a whole; `write` gives plain text and tags in the language of the markup."""

    nodes: tuple[Node, ...]
    write: Callable[[Sequence[Node]], str] = joined


class Inside(NamedTuple):
    """A stretch of a tag, `start` to `end`, that is prose: an attribute, a branch of a plural."""

    start: int
    end: int
    segment: Segment


class Document(Protocol):
    """A text with structure, read once: its prose, and the same text with other prose in its place."""

    file: bytes | None
    """Where a document is no text: the file, once it has been written."""
    kept: list[str]
    """What stayed in its language, once the document has been written: nothing else would read the same."""

    @property
    def segments(self) -> Sequence[Segment]:
        """All prose, in order."""

    def write(self, translations: Sequence[Sequence[Node]], language: str) -> str:
        """The text with a translation for each of `segments`; `language`: the ISO code of what they are in."""


Localized = Callable[[str], str]
"""A literal that names the language of the document: ISO code → text."""
Piece = str | Segment | Tag | Localized


class Pieces:
    """A document of pieces in a row: literals stay, segments are replaced, tags have segments inside."""

    file: bytes | None = None

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = list(pieces)
        self.kept: list[str] = []
        self.segments: list[Segment] = [segment for piece in self._pieces for segment in _segments_of(piece)]

    def write(self, translations: Sequence[Sequence[Node]], language: str) -> str:
        """The text with a translation for each of `segments`."""
        found = {id(segment): nodes for segment, nodes in zip(self.segments, translations, strict=True)}
        self.kept = []
        return "".join(self._written(piece, found, language) for piece in self._pieces)

    def _written(self, piece: Piece, found: Mapping[int, Sequence[Node]], language: str) -> str:
        try:
            return _written(piece, found, language)
        except Unwritable as unwritable:
            self.kept.append(unwritable.raw)
            return unwritable.raw


def _segments_of(piece: Piece) -> Iterator[Segment]:
    if isinstance(piece, Segment):
        yield piece
        for node in piece.nodes:
            yield from _segments_of(node)
    elif isinstance(piece, Tag):
        for inside in piece.inside:
            yield from _segments_of(inside.segment)


def _written(piece: Piece, found: Mapping[int, Sequence[Node]], language: str) -> str:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Tag):
        return _raw(piece, found)
    return write(piece, found) if isinstance(piece, Segment) else piece(language)


def write(segment: Segment, found: Mapping[int, Sequence[Node]]) -> str:
    """A segment with its translation, and that of each segment inside it, by id."""
    nodes: list[Node] = []
    for node in found[id(segment)]:
        if isinstance(node, str):
            nodes.append(node)
        elif node.kind is TagKind.TEXT:
            nodes.append(_raw(node, found))
        else:
            nodes.append(Tag(_raw(node, found), node.kind) if node.inside else node)
    return segment.write(merged(nodes))


def _raw(tag: Tag, found: Mapping[int, Sequence[Node]]) -> str:
    text, end = "", 0
    for inside in tag.inside:
        text += tag.raw[end : inside.start] + write(inside.segment, found)
        end = inside.end
    return text + tag.raw[end:]


def merged(nodes: Iterable[Node]) -> list[Node]:
    """The nodes, texts in a row as one."""
    found: list[Node] = []
    for node in nodes:
        if found and isinstance(node, str) and isinstance(found[-1], str):
            found[-1] += node
        elif node != "":
            found.append(node)
    return found


def has_letters(text: str) -> bool:
    """Whether there is anything to translate: numbers, rules and emoji are the same in every language."""
    return any(map(str.isalpha, text))


def has_prose(nodes: Iterable[Node]) -> bool:
    """Whether there is anything to translate between the tags, or inside of a placeholder."""
    return any(
        has_letters(node) if isinstance(node, str) else node.kind is TagKind.TEXT and bool(node.inside)
        for node in nodes
    )
