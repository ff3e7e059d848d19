"""Sentences with tags inside, which are taken out before the translation (`tag_transfer` puts them back).

Words that must stay (placeholders, code, addresses, terms of a glossary) are replaced by stand-ins that models copy.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile, zip_longest
from typing import NamedTuple

from nlpcli.text.clauses import Part
from nlpcli.text.markup.segments import Node, Tag, TagKind, has_letters

# Made-up names, in the order in which they are tried; all of 15 sentences in two directions kept each of them.
STAND_INS: tuple[Callable[[int], str], ...] = (
    lambda number: f"K{number}K",
    lambda number: f"XQ{number}Z",
    lambda number: f"Zx{number}b",
)


_WORDS = frozenset({TagKind.WORD, TagKind.TEXT})


class Link(NamedTuple):
    """A stretch of a translation and the stretch of the source that it came from, in characters."""

    start: int
    end: int
    source_start: int
    source_end: int


class Mark(NamedTuple):
    """A tag inside a sentence, before its character `place`."""

    place: int
    tag: Tag


@dataclass(slots=True)
class Sentence:
    """What is translated as a whole: its text with stand-ins, what these stand for, its tags.

    `is_cut_before`, `is_cut_behind`: it is a part of a sentence, see `clauses.Part`.
    """

    text: str
    words: dict[str, Node] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    is_cut_before: bool = False
    is_cut_behind: bool = False

    @property
    def reads_plainly(self) -> bool:
        """Whether a model reads words and numbers alone."""
        return not self.marks and all(map(str.isdigit, self.words))

    @property
    def is_plain(self) -> bool:
        """Whether its translation is used as it comes."""
        return not self.words and not self.marks


class Prose(NamedTuple):
    """A segment with its words replaced: text, stand-ins in the order of the text, and tags by their place in it."""

    text: str
    words: dict[str, Node]
    marks: list[Mark]


def with_stand_ins(
    nodes: Sequence[Node], glossary: Callable[[str], list[tuple[str, str | None]]], scheme: int
) -> Prose:
    """The text of a segment; `glossary` cuts plain text into pieces, each with its translation where that is given."""
    pieces: list[str] = []
    words: dict[str, Node] = {}
    marks: list[Mark] = []
    length = 0

    def add(text: str) -> None:
        nonlocal length
        pieces.append(text)
        length += len(text)

    def stand_in(node: Node) -> None:
        read_as = node.read_as if isinstance(node, Tag) and scheme == 0 else ""
        word = read_as or STAND_INS[scheme](len(words) + 1)
        words[word] = node
        add(word)

    for node in nodes:
        if isinstance(node, str):
            for piece, translation in glossary(node):
                add(piece) if translation is None else stand_in(translation)
        elif node.kind in _WORDS:
            stand_in(node)
        else:
            marks.append(Mark(length, node))
            add(" " if node.kind is TagKind.BREAK else "")
    return Prose("".join(pieces), words, marks)


def sentences_of(prose: Prose, parts: Sequence[Part]) -> Iterator[Node | Sentence]:
    """Literal nodes and sentences, in order; tags at the edge of a sentence that they span whole are literal."""
    closes = _partners(prose.marks)
    places = places_of(prose.text, prose.words)
    starts = list(places)
    index = 0
    for part in parts:
        within = starts[bisect_left(starts, part.start) : bisect_left(starts, part.end)]
        words = {places[place]: prose.words[places[place]] for place in within}
        text = prose.text[part.start : part.end]
        if not part.is_sentence or not has_letters("".join(_between(text, words))):
            count = _marks_before(prose.marks, index, part.end)
            yield from _gap(prose, part, prose.marks[index : index + count], words)
            index += count
            continue
        literal, inside = _marks_of(prose.marks, index, part, closes)
        yield from (mark.tag for mark in literal)
        marks = [Mark(mark.place - part.start, mark.tag) for mark in inside]
        yield Sentence(text, words, marks, part.is_cut_before, part.is_cut_behind)
        index += len(literal) + len(inside)
    yield from (mark.tag for mark in prose.marks[index:])


def places_of(text: str, words: Iterable[str]) -> dict[int, str]:
    """Where each stand-in is, in the order of the text."""
    places, end = {}, 0
    for word in words:
        start = text.index(word, end)
        places[start] = word
        end = start + len(word)
    return places


def _marks_before(marks: Sequence[Mark], index: int, place: int) -> int:
    return sum(1 for _ in takewhile(lambda mark: mark.place < place, islice(marks, index, None)))


def _marks_of(
    marks: Sequence[Mark], index: int, part: Part, closes: Mapping[int, int]
) -> tuple[list[Mark], list[Mark]]:
    """The tags before a sentence, and those in it; one that is opened in it is closed in it."""
    literal: list[Mark] = []
    inside: list[Mark] = []
    open_ = 0
    for number, mark in enumerate(islice(marks, index, None), start=index):
        kind = mark.tag.kind
        if mark.place > part.end or (mark.place == part.end and not (kind is TagKind.CLOSE and open_)):
            break
        spans_whole = kind is not TagKind.OPEN or not part.start < closes.get(number, -1) < part.end
        if mark.place == part.start and not inside and spans_whole:
            literal.append(mark)
            continue
        inside.append(mark)
        open_ += (kind is TagKind.OPEN) - (kind is TagKind.CLOSE)
    return literal, inside


def _gap(prose: Prose, part: Part, marks: Sequence[Mark], words: Mapping[str, Node]) -> Iterator[Node]:
    """What lies between sentences, with its tags and its words."""
    start = part.start
    for mark in marks:
        yield from restored(prose.text[start : mark.place], words)
        yield mark.tag
        start = mark.place + (mark.tag.kind is TagKind.BREAK)
    yield from restored(prose.text[start : part.end], words)


def _partners(marks: Sequence[Mark]) -> dict[int, int]:
    """Index of an opening tag → place of the tag that closes it."""
    open_: list[int] = []
    partners: dict[int, int] = {}
    for index, mark in enumerate(marks):
        if mark.tag.kind is TagKind.OPEN:
            open_.append(index)
        elif mark.tag.kind is TagKind.CLOSE and open_:
            partners[open_.pop()] = mark.place
    return partners


def keeps_words(sentence: Sentence, translation: str) -> bool:
    """Whether every stand-in came through, once."""
    return all(translation.count(word) == 1 for word in sentence.words)


def restored(text: str, words: Mapping[str, Node]) -> Iterator[Node]:
    """The text, and in it what its stand-ins stand for."""
    found = re.findall("|".join(map(re.escape, words)), text) if words else []
    for between, word in zip_longest(_between(text, words), found):
        if between:
            yield between
        if word is not None:
            yield words[word]


def _between(text: str, words: Iterable[str]) -> list[str]:
    pattern = "|".join(map(re.escape, words))
    return re.split(pattern, text) if pattern else [text]


def with_other_words(sentence: Sentence, scheme: int) -> Sentence:
    """The same sentence with other stand-ins; tags move with the text."""
    text, words, marks = "", dict[str, Node](), list(sentence.marks)
    rest, done = sentence.text, 0
    moved = [mark.place for mark in marks]
    for number, word in enumerate(sentence.words, start=1):
        other = STAND_INS[scheme](number)
        before, _, rest = rest.partition(word)
        done += len(before) + len(word)
        text += before + other
        words[other] = sentence.words[word]
        shift = len(text) - done
        moved = [mark.place + shift if mark.place >= done else place for mark, place in zip(marks, moved, strict=True)]
    text += rest
    moved_marks = [Mark(place, mark.tag) for place, mark in zip(moved, marks, strict=True)]
    return replace(sentence, text=text, words=words, marks=moved_marks)


def cut_at_words(sentence: Sentence) -> Iterator[Node]:
    """The sentence in pieces, in order: the texts between stand-ins and tags are to be translated one by one."""
    places: list[tuple[int, int, Node]] = [(mark.place, mark.place, mark.tag) for mark in sentence.marks]
    places += [
        (place, place + len(word), sentence.words[word])
        for place, word in places_of(sentence.text, sentence.words).items()
    ]
    end = 0
    for start, stop, node in sorted(places, key=lambda place: place[0]):
        if start > end:
            yield sentence.text[end:start]
        yield node if isinstance(node, Tag) else Tag(node, TagKind.TEXT)
        end = max(end, stop + (isinstance(node, Tag) and node.kind is TagKind.BREAK))
    if end < len(sentence.text):
        yield sentence.text[end:]
