"""A text as pieces: literal ones, and segments of prose with tags inside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto


class TagKind(Enum):
    """What a tag does to the prose around it."""

    OPEN = auto()
    CLOSE = auto()
    POINT = auto()  # stands between words and is none: an image, a line break
    BREAK = auto()  # stands for a space between words: a line break of the source
    WORD = auto()  # stands for a word: code, a placeholder, an address


@dataclass(frozen=True, slots=True)
class Tag:
    """Something inside prose that is kept as it is; `raw` as the source wrote it."""

    raw: str
    kind: TagKind


Node = str | Tag


def _unchanged(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Segment:
    """Prose that is translated as a whole; `escape` writes plain text in the language of the markup."""

    nodes: tuple[Node, ...]
    escape: Callable[[str], str] = _unchanged


Piece = str | Segment

# Addresses, and the placeholders of common template languages: {name}, {{ name }}, ${name}, %s, %(name)d, %1$s, <0>.
_KEPT = re.compile(
    r"""
    (?:https?://|ftp://|www\.)[^\s<>"'()]*[^\s<>"'().,;:!?，。；：！？、）]
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
    | \{\{.*?\}\} | \$?\{[^{}\s]*\} | \$\([^()\s]+\)
    | %\([^()\s]+\)[#0\- +]*[\d.]*[a-zA-Z] | %(?:\d+\$)?[#0\-+]*[\d.]*(?:ll|l|h)?[sdifgeuxXcr@](?![a-z])
    | </?[\w.-]*\d[\w.-]*\s*/?>
    """,
    re.VERBOSE,
)


def with_placeholders(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """The nodes, with what must not be translated in their texts as tags of their own."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, Tag):
            found.append(node)
            continue
        end = 0
        for match in _KEPT.finditer(node):
            if match.start() > end:
                found.append(node[end : match.start()])
            found.append(Tag(match[0], TagKind.WORD))
            end = match.end()
        if end < len(node):
            found.append(node[end:])
    return tuple(found)


def has_letters(text: str) -> bool:
    """Whether there is anything to translate: numbers, rules and emoji are the same in every language."""
    return any(map(str.isalpha, text))


def plain(text: str) -> list[Piece]:
    """A text without markup: each line is prose, line ends stay."""
    return [piece for line in text.splitlines(keepends=True) for piece in _line(line)]


def _line(line: str) -> list[Piece]:
    prose = line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
    return [Segment(with_placeholders([prose])), line[len(prose) :]]
