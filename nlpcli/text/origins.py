"""Where each character of a rewritten text stands in the text that it was made of."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_PARTS = re.compile(r"\s+|\w+|.", re.DOTALL)

Place = tuple[int, int]


class Origins:
    """Places of `rewritten`, as places of `original`, in code points."""

    def __init__(self, original: str, rewritten: str) -> None:
        self._same = original == rewritten
        self._places: list[Place] = [] if self._same else list(_places(original, rewritten))

    def place(self, start: int, end: int) -> Place | None:
        """The stretch that was rewritten to what stands from `start` to `end`; None: nothing was."""
        if self._same:
            return (start, end) if start < end else None
        found = [place for place in self._places[start:end] if place[0] < place[1]]
        return (min(place[0] for place in found), max(place[1] for place in found)) if found else None


def _places(original: str, rewritten: str) -> list[Place]:
    """Words first: characters of long texts are compared only within what differs."""
    before, after = ([match[0] for match in _PARTS.finditer(text)] for text in (original, rewritten))
    starts = [0]
    for part in before:
        starts.append(starts[-1] + len(part))
    places: list[Place] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        start, end, length = starts[a], starts[b], sum(map(len, after[c:d]))
        places += [(start + n, start + n + 1) for n in range(length)] if tag == "equal" else [(start, end)] * length
    return places
