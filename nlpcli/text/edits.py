"""Replacements in a text, and where the places of the old text are in the new one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple


class Edit(NamedTuple):
    """The stretch from `start` to `end` becomes `new`."""

    start: int
    end: int
    new: str


class Edited:
    """A text after its edits, which do not overlap; of those that do, the first one counts."""

    def __init__(self, text: str, edits: Iterable[Edit]) -> None:
        self.edits = _apart(sorted(edits))
        pieces, end = [], 0
        for edit in self.edits:
            pieces += [text[end : edit.start], edit.new]
            end = edit.end
        self.text = "".join([*pieces, text[end:]])
        self._starts = [edit.start for edit in self.edits]
        self._shifts = [0, *accumulate(len(edit.new) - (edit.end - edit.start) for edit in self.edits)]

    def place(self, place: int) -> int:
        """Where a place of the old text is now; what stood inside a replaced stretch is behind its replacement."""
        count = bisect_right(self._starts, place - 1)
        if count and place < self.edits[count - 1].end:
            place = self.edits[count - 1].end
        return place + self._shifts[count]


def _apart(edits: Sequence[Edit]) -> list[Edit]:
    kept: list[Edit] = []
    for edit in edits:
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return kept
