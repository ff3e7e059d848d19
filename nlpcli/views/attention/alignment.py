"""Which source tokens each output token rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from nlpcli.records.inspection import AttentionMap
from nlpcli.views.attention.labels import fitted, label
from nlpcli.views.bars import bar

if TYPE_CHECKING:
    import numpy as np
    from rich.text import Text

    Matrix = np.ndarray[Any, Any]

_LABEL_CELLS = 20
_BAR_CELLS = 12
# A second source token is named where it has this share.
_SECOND = 0.15
_LEAST_NAME = 3


def alignment(map_: AttentionMap) -> Matrix:
    """(outputs, sources): the mean over the layers and heads held, on the source's own words, rows summing to 1.

    What heads leave on the end of the sentence says nothing about the source, so special tokens are taken out.
    """
    import numpy as np

    mean: Matrix = map_.shown.mean((0, 1))
    words = np.array([not token.special for token in map_.keys])
    mean = mean * words if words.any() else mean
    totals = mean.sum(-1, keepdims=True)
    shares: Matrix = np.divide(mean, totals, out=np.zeros_like(mean), where=totals > 0)
    return shares


def draw_alignment(map_: AttentionMap, width: int, colored: bool) -> list[Text]:
    """A line for each output token: its strongest source token, the share and its bar, and the next one."""
    from rich.text import Text

    matrix = alignment(map_)
    cells = min(_LABEL_CELLS, max(7, (width - _BAR_CELLS - 12) // 3))
    outputs = [label(token.shown) for token in map_.queries]
    sources = [label(token.shown) for token in map_.keys]
    output_cells = min(cells, max(map(cell_len, outputs), default=1))
    source_cells = min(cells, max(map(cell_len, sources), default=1))
    lines = []
    for output, row, token in zip(outputs, matrix, map_.queries, strict=True):
        if token.special:
            continue
        order = (-row).argsort(kind="stable")
        best = int(order[0])
        line = Text(f"{fitted(output, output_cells)} ← {fitted(sources[best], source_cells)} {row[best]:.2f} ")
        room = max(0, min(_BAR_CELLS, width - line.cell_len))
        line.append(bar(float(row[best]), room), style="green" if colored else "")
        rest = width - line.cell_len - 6
        if len(order) > 1 and row[order[1]] >= _SECOND and rest >= _LEAST_NAME:
            second = fitted(sources[int(order[1])], min(rest, cell_len(sources[int(order[1])])))
            line.append(f" {second} {row[order[1]]:.2f}", style="dim" if colored else "")
        lines.append(line)
    return lines
