"""Notices what a translation leaves out: words of the source that no piece of the translation looked at."""

from __future__ import annotations

from collections.abc import Sequence

# A piece that gets less than this of the attention of every piece of the translation was not looked at.
_LOOKED_AT = 0.1
# So many pieces in a row. In 997 translations of FLORES dev the longest stretches are 8 and 7, both of them
# brackets that the model did leave out; the next is 5.
_SHORTEST_GAP = 9
# Only a translation that is short for its source is looked into: 1 in 100 of FLORES dev is shorter than this.
_SHORT = 0.8


def may_leave_out(source_tokens: int, target_tokens: int) -> bool:
    """Whether a translation is so short that looking at its attention is worth the time; without `</s>`."""
    return source_tokens >= _SHORTEST_GAP and target_tokens < _SHORT * source_tokens


def left_out(looked_at: Sequence[float], offsets: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Start and end in the text of the longest stretch that nothing looked at, None where none is long.

    `looked_at` is the most attention that each token of the source got, `</s>` left out; `offsets` are their places.
    """
    longest = start = length = 0
    for place, weight in enumerate(looked_at):
        length = length + 1 if weight < _LOOKED_AT else 0
        if length > longest:
            longest, start = length, place + 1 - length
    if longest < _SHORTEST_GAP:
        return None
    return offsets[start][0], offsets[start + longest - 1][1]
