"""Bars of block characters."""

from __future__ import annotations

BAR_CELLS = 12
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(share: float, cells: int = BAR_CELLS) -> str:
    """A bar of `cells` cells for a share of 0 to 1, to an eighth of a cell."""
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(cells)
