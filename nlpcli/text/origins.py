"""Where each character of a rewritten text stands in the text that it was made of."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WORDS = re.compile(r"\w+|[^\w\s]")

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
    """Words are compared, and what stands between them belongs to none."""
    before, after = ([match.span() for match in _WORDS.finditer(text)] for text in (original, rewritten))
    words = [[text[slice(*span)] for span in spans] for text, spans in ((original, before), (rewritten, after))]
    places: list[Place] = [(0, 0)] * len(rewritten)
    for tag, a, b, c, d in SequenceMatcher(None, words[0], words[1], autojunk=False).get_opcodes():
        for number, (start, end) in enumerate(after[c:d]):
            if tag == "equal":
                first = before[a + number][0]
                places[start:end] = [(place, place + 1) for place in range(first, first + end - start)]
            elif a < b:
                places[start:end] = [(before[a][0], before[b - 1][1])] * (end - start)
    return places
