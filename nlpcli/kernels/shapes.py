"""Few shapes: what is made anew for every batch is rounded up (docs/decisions/0004)."""

from __future__ import annotations


def rounded_rows(count: int) -> int:
    """At most four counts between a power of two and the next (docs/decisions/0004)."""
    step = 1 << max(0, count.bit_length() - 3)
    return -(-count // step) * step
