"""Drafts without a model: what followed when the last tokens stood somewhere before (Saxena 2023, prompt lookup).

A text that copies (a summary, fields of a schema, code) repeats its prompt; several tokens of a draft are then read in
one step for the time of two. What is taken is what would be written anyway, to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence

# So many last tokens must be the same.
_SIZE = 3
# Steps without a draft after one of which nothing was taken, doubled each time up to the last.
_PAUSES = (1, 2, 4, 8, 16, 32)


class Lookup:
    """The drafts of one text, as long and as often as they have been worth it in this text."""

    def __init__(self) -> None:
        self._followed: dict[tuple[int, ...], int] = {}
        self._known = _SIZE
        self._next: int | None = None
        self.hits = 0
        """How often the first token of a draft was the next of the text."""
        self._failures = 0
        self._pause = 0

    def draft(self, tokens: Sequence[int], most: int) -> list[int]:
        """What may follow `tokens`, which were longer at every call: at most `most`, often nothing."""
        self.hits += self._next is not None and self._next == tokens[-1]
        self._next = None
        for end in range(self._known, len(tokens)):
            self._followed[tuple(tokens[end - _SIZE : end])] = end
        self._known = max(self._known, len(tokens))
        if self._pause:
            self._pause -= 1
            return []
        place = self._followed.get(tuple(tokens[-_SIZE:]))
        if place is None:
            return []
        self._next = tokens[place]
        return list(tokens[place : place + most])

    def note(self, taken: int) -> None:
        """How many tokens of the last draft were those that the text has."""
        self.hits += taken > 0
        self._next = None
        self._failures = 0 if taken else min(self._failures + 1, len(_PAUSES))
        self._pause = _PAUSES[self._failures - 1] if self._failures else 0
