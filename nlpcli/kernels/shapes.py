"""Few shapes: oneDNN keeps compiled code for every shape that it has seen, so that the rows of a batch are rounded up.

Few row counts keep a long stream's memory flat (docs/decisions/0004).
"""

from __future__ import annotations


def rounded_rows(count: int) -> int:
    """At most four counts between a power of two and the next."""
    step = 1 << max(0, count.bit_length() - 3)
    return -(-count // step) * step
