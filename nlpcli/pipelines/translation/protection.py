"""Stretches of a sentence that a model does not see: stand-ins and tags take their place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from nlpcli.pipelines.translation.inline import STAND_INS, Link, Mark, Sentence, with_other_words
from nlpcli.text.edits import Edit, Edited
from nlpcli.text.markup.segments import Node, Tag, TagKind, merged

# Characters of the private use area around the number of a stand-in that has no name yet.
_NAMELESS = "\ue000{}\ue001"


class Protection(NamedTuple):
    """From `start` to `end` a sentence says `raw`, which goes through as a stand-in (WORD) or a tag of another kind."""

    start: int
    end: int
    raw: str
    kind: TagKind = TagKind.WORD


@dataclass(frozen=True, slots=True)
class PlainTag(Tag):
    """A tag that is text, and written as such."""


def edited(sentence: Sentence, edits: Iterable[Edit]) -> Sentence:
    """The sentence after some edits, its tags where they belong."""
    new = Edited(sentence.text, edits)
    marks = [Mark(new.place(mark.place), mark.tag) for mark in sentence.marks]
    return replace(sentence, text=new.text, marks=marks)


def moved(links: Sequence[Link], changes: Edited) -> list[Link]:
    """The links of a translation after edits of it."""
    return [Link(changes.place(link.start), changes.place(link.end), *link[2:]) for link in links]


def protected(
    sentence: Sentence, protections: Sequence[Protection], edits: Sequence[Edit] = (), scheme: int | None = None
) -> Sentence:
    """The sentence with its protections in place and after some `edits`.

    All its stand-ins are those of `scheme`; None: of the first that the text does not use itself.
    """
    changes, words, tags = list(edits), dict[str, Node](sentence.words), []
    for number, (start, end, raw, kind) in enumerate(protections):
        if kind is TagKind.WORD:
            name = _NAMELESS.format(number)
            words[name] = Tag(raw, TagKind.TEXT)
            changes.append(Edit(start, end, name))
        else:
            # What closes does so before anything else begins or ends there.
            tags.append((start, 0 if kind is TagKind.CLOSE else 2, Mark(start, PlainTag(raw, kind))))
            if start < end:
                changes.append(Edit(start, end, " " if kind is TagKind.BREAK else ""))
    tags += [(mark.place, 1, mark) for mark in sentence.marks]
    marks = [mark for _, _, mark in sorted(tags, key=lambda tag: tag[:2])]
    new = edited(replace(sentence, marks=marks), changes)
    if not words:
        return new
    ordered = dict(sorted(words.items(), key=lambda word: new.text.index(word[0])))
    return with_other_words(replace(new, words=ordered), _free_scheme(sentence) if scheme is None else scheme)


def without_plain_tags(nodes: Iterable[Node]) -> list[Node]:
    """The nodes, tags that are text as text."""
    return merged(node.raw if isinstance(node, PlainTag) else node for node in nodes)


def _free_scheme(sentence: Sentence) -> int:
    for scheme, stand_in in enumerate(STAND_INS):
        first = stand_in(1)
        if first in sentence.words or first not in sentence.text:
            return scheme
    return 0


def fences_of(sentence: Sentence) -> list[int]:
    """Places that no protection may reach across: those of tags, and the edges of stand-ins."""
    places = [mark.place for mark in sentence.marks]
    for word in sentence.words:
        start = sentence.text.index(word)
        places += [start, start + len(word)]
    return sorted(places)
