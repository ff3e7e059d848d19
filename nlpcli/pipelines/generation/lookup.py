"""Drafts without a model: what followed when the last tokens stood somewhere before (Saxena 2023, prompt lookup).

A text that copies (a summary, fields of a schema, code) repeats its prompt; several tokens of a draft are then read in
one step for little more than the time of one. What is taken is what would be written
anyway, but for ties in the last bits: several tokens at once are summed in another order than one.
"""

from __future__ import annotations

from collections.abc import Sequence

# So many last tokens must be the same.
_SIZE = 3
# Tokens of a draft: a step with 4 more takes half as long again, with 15 three times as long (SmolLM2, int8, VNNI).
_FIRST, _MOST = 4, 12
# Steps without a draft after one of which nothing was taken, doubled each time up to the last.
_PAUSES = (1, 2, 4, 8, 16, 32)


class Lookup:
    """The drafts of one text, as long and as often as they have been worth it in this text."""

    def __init__(self) -> None:
        self._followed: dict[tuple[int, ...], int] = {}
        self._known = _SIZE
        self._length = _FIRST
        self._failures = 0
        self._pause = 0

    def draft(self, tokens: Sequence[int], most: int) -> list[int]:
        """What may follow `tokens`, which were longer at every call: at most `most`, often nothing."""
        for end in range(self._known, len(tokens)):
            self._followed[tuple(tokens[end - _SIZE : end])] = end
        self._known = max(self._known, len(tokens))
        if self._pause:
            self._pause -= 1
            return []
        place = self._followed.get(tuple(tokens[-_SIZE:]))
        return [] if place is None else list(tokens[place : place + min(self._length, most)])

    def note(self, drafted: int, taken: int) -> None:
        """How many tokens of the last draft were those that the text has."""
        if taken == drafted:
            self._length = min(2 * self._length, _MOST)
        else:
            self._length = max(2, taken + 1)
        self._failures = 0 if taken else min(self._failures + 1, len(_PAUSES))
        self._pause = _PAUSES[self._failures - 1] if self._failures else 0
