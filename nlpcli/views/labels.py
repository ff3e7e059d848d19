"""Labels, their scores and their shares on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.records.record import Record
from nlpcli.views.attribution.tokens import draw_why, written
from nlpcli.views.bars import bar
from nlpcli.views.by_width import ByWidth

if TYPE_CHECKING:
    from rich.console import RenderableType

_STYLES = {
    "very negative": "bold red",
    "negative": "red",
    "neutral": "blue",
    "positive": "green",
    "very positive": "bold green",
    "none": "dim",
}
_OTHER = "cyan"
# What stands for the label of a text in which there is nothing to read.
_EMPTY = "(empty)"
_LABEL_CELLS = 8
_SHARE_CELLS = 24
# From here on a text beside its label, or a count beside its bar, has room.
_WIDE, _WIDE_TALLY = 50, 75


def labelled_line(record: Record) -> str:
    """Label, score and text, separated by tabs; behind them the other scores, where they were asked for."""
    result = record.result or {}
    label, score = ("", "") if result["label"] is None else (result["label"], f"{result['score']:.4f}")
    columns = [label, score, " ".join(record.text.split())]
    if result.get("scores"):
        columns.append(" ".join(f"{label}={score:.4f}" for label, score in result["scores"].items()))
    if "why" in result:
        columns.append(written(result["why"]))
    return "\t".join(columns)


def tally_line(record: Record) -> str:
    """Label, count, share and mean score, separated by tabs."""
    result = record.result or {}
    score = "" if result["score"] is None else f"{result['score']:.4f}"
    share = "" if result["share"] is None else f"{result['share']:.4f}"
    return f"{result['label'] or ''}\t{result['count']}\t{share}\t{score}"


def draw_labelled(record: Record) -> RenderableType:
    """Label, score, bar and text; below it the other scores, where they were asked for."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    result = record.result or {}
    if result["label"] is None:
        return Text(f"{_EMPTY}  {' '.join(record.text.split())}", style="dim")
    style = _STYLES.get(result["label"], _OTHER)
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style=style, no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(style=style, no_wrap=True)
    grid.add_column(overflow="fold")
    text = Text(" ".join(record.text.split()))
    grid.add_row(_padded(result["label"], _LABEL_CELLS), f"{result['score']:.4f}", bar(result["score"]), text)
    narrow = Text.assemble((f"{result['label']} {result['score']:.4f}", style), "  ", text)
    for label, score in sorted(result.get("scores", {}).items(), key=lambda item: -item[1]):
        if label != result["label"]:
            grid.add_row(*(Text(cell, style="dim") for cell in (f"  {label}", f"{score:.4f}", bar(score))), "")
            narrow.append(f"\n  {label} {score:.4f}", style="dim")
    drawn = ByWidth(_WIDE, grid, narrow)
    if result.get("why") is None:
        return drawn
    return Group(drawn, *draw_why(record.text, result["why"]))


def draw_tally(record: Record) -> RenderableType:
    """Label, bar, share, count and mean score."""
    from rich.table import Table
    from rich.text import Text

    result = record.result or {}
    grid = Table.grid(padding=(0, 1))
    style = "dim" if result["label"] is None else _STYLES.get(result["label"], _OTHER)
    for column_style in (style, style, "", "", "dim"):
        grid.add_column(style=column_style, no_wrap=True)
    score = "" if result["score"] is None else f"mean score {result['score']:.4f}"
    label = result["label"] or _EMPTY
    share = "" if result["share"] is None else f"{result['share']:6.1%}"
    grid.add_row(
        _padded(label, _LABEL_CELLS + 4),
        bar(result["share"] or 0.0, _SHARE_CELLS),
        share,
        f"{result['count']:8,}",
        score,
    )
    narrow = Text.assemble((label, style), f" {share.strip()} {result['count']:,}  ", (score, "dim"))
    return ByWidth(_WIDE_TALLY, grid, narrow)


def _padded(label: str, cells: int) -> str:
    from rich.cells import cell_len

    return label + " " * (cells - cell_len(label))
