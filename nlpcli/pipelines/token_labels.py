"""Labels of tokens → entities: BIO, BILOU (or BIOES) and plain labels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_OUTSIDE = frozenset({"O", "o", "OUT", "OUTSIDE", "0", "_", "NONE"})
# Begin; inside or middle; last or end; unit or single.
_PREFIXED = re.compile(r"([BIMLEUS])[-_](.+)", re.DOTALL)
_ENDS = frozenset("LEUS")
_BEGINS = frozenset("BUS")


class Move(NamedTuple):
    """What one label says of its token: `type` is None outside of entities."""

    type: str | None
    begins: bool = False
    ends: bool = False


OUTSIDE = Move(None)


class Run(NamedTuple):
    """An entity: tokens `first` up to, not including, `end`."""

    first: int
    end: int
    type: str


def moves_of(labels: Sequence[str]) -> list[Move]:
    """What each label of a model says.

    Prefixes are read as such where every label but that of the outside has one.
    """
    named = [label for label in labels if label not in _OUTSIDE]
    prefixed = all(_PREFIXED.fullmatch(label) for label in named)
    return [_move(label, prefixed) for label in labels]


def _move(label: str, prefixed: bool) -> Move:
    if label in _OUTSIDE:
        return OUTSIDE
    match = _PREFIXED.fullmatch(label) if prefixed else None
    if match is None:
        return Move(label)
    return Move(match[2], match[1] in _BEGINS, match[1] in _ENDS)


def runs(moves: Sequence[Move]) -> Iterator[Run]:
    """The entities that a row of moves makes; what continues nothing, or another type, begins one."""
    first: int | None = None
    open_type: str | None = None
    for place, move in enumerate(moves):
        if first is not None and open_type is not None and (move.begins or move.type != open_type):
            yield Run(first, place, open_type)
            first = None
        open_type = move.type
        if move.type is None:
            continue
        first = place if first is None else first
        if move.ends:
            yield Run(first, place + 1, move.type)
            first = open_type = None
    if first is not None and open_type is not None:
        yield Run(first, len(moves), open_type)
