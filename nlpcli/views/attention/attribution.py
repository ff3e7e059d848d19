"""Integrated gradients on a terminal: a bar for each token, to the right for the answer, to the left against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len

from nlpcli.records.attribution import Attribution
from nlpcli.views.attention.labels import fitted, label, wrapped
from nlpcli.views.attribution.tokens import in_words
from nlpcli.views.bars import bar

if TYPE_CHECKING:
    from rich.text import Text

_LABEL_CELLS = 20
_BAR_CELLS = 24


def draw_attribution(attribution: Attribution, width: int, colored: bool) -> Iterator[Text]:
    """What was explained, then a line for each token."""
    from rich.text import Text

    for heading in wrapped(in_words(attribution.fields), width):
        yield Text(heading, style="bold" if colored else "")
    labels = [label(share.text) for share in attribution.tokens]
    cells = min(_LABEL_CELLS, max(4, width // 3), max(map(cell_len, labels), default=1))
    largest = max((abs(share.score) for share in attribution.tokens), default=0.0)
    room = max(0, min(_BAR_CELLS, width - cells - 10))
    for name, share in zip(labels, attribution.tokens, strict=True):
        line = Text(f"{fitted(name, cells)} {share.score:+8.3f} ")
        drawn = bar(abs(share.score) / largest, room) if largest else ""
        style = "green" if share.score > 0 else "red"
        yield line.append(drawn.rstrip(), style=style if colored else "")
