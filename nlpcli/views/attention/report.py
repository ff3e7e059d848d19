"""One text on the terminal: overview, the head that was chosen, alignment, links, verification."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from nlpcli.records.inspection import (
    TOLERANCE,
    AttentionMap,
    HeadSummary,
    Inspection,
    InspectionResult,
    Kind,
    LayerCheck,
)
from nlpcli.records.record import Record
from nlpcli.streams import columns
from nlpcli.views.attention.ablations import draw_ablations
from nlpcli.views.attention.alignment import draw_alignment
from nlpcli.views.attention.attribution import draw_attribution
from nlpcli.views.attention.comparison import draw_comparison
from nlpcli.views.attention.heat_map import Sides, draw_heat_map
from nlpcli.views.attention.labels import label, wrapped
from nlpcli.views.attention.overview import draw_overview

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.text import Text

TITLES = {
    Kind.SELF: "self-attention",
    Kind.DECODER: "decoder self-attention",
    Kind.CROSS: "cross-attention (output → input)",
}
# Patterns in which a head rests: others are shown first.
RESTING = frozenset({"first-token sink", "separators", "punctuation", "broad", "mixed"})
# Narrower, --verify says one digit of each difference.
_WIDE_TABLE = 56


def draw_inspection(record: Record) -> RenderableType:
    """The report in colors, or without where the terminal has none."""
    return _Report(inspection_of(record))


def render_inspection(record: Record) -> str:
    """The report as plain text, as wide as the terminal, or as COLUMNS says, or 80 columns."""
    return "\n".join(line.plain for line in report(inspection_of(record), columns(), colored=False))


def inspection_of(record: Record) -> Inspection:
    """What was found in the text of a record."""
    result = record.result
    assert isinstance(result, InspectionResult)
    return result.inspection


class _Report:
    """Draws itself as wide as the console is."""

    def __init__(self, inspection: Inspection) -> None:
        self._inspection = inspection

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        colored = console.color_system is not None and not console.no_color
        for line in report(self._inspection, options.max_width, colored):
            if line.cell_len <= options.max_width:
                line.no_wrap, line.overflow = True, "crop"
            yield line


def report(inspection: Inspection, width: int, colored: bool) -> Iterator[Text]:
    """The lines of a report, none wider than `width`."""
    for line in _lines(inspection, width, colored):
        if not colored:  # colors stand on spaces
            line.rstrip()
        yield line


def _lines(inspection: Inspection, width: int, colored: bool) -> Iterator[Text]:
    from rich.text import Text

    if inspection.checks:
        yield from _checks(inspection.checks, width, colored)
        return
    if not inspection.tokens:
        yield Text("(no tokens)")
        return
    if inspection.comparison is not None:
        yield from draw_comparison(inspection, inspection.comparison, width, colored)
        return
    if inspection.ablations is not None:
        yield from draw_ablations(inspection, inspection.ablations, width, colored)
        return
    chosen = chosen_head(inspection)
    for map_ in inspection.maps:
        own = [summary for summary in inspection.heads if summary.kind is map_.kind]
        yield from _title(inspection, map_, width, colored)
        if len(own) > 1:
            yield from draw_overview(map_, own, width, colored)
        yield Text()
    if inspection.attribution is not None:
        yield from draw_attribution(inspection.attribution, width, colored)
        return
    yield from _chosen_map(inspection, chosen, width, colored)
    if (cross := inspection.map_of(Kind.CROSS)) is not None:
        yield Text()
        heading = "alignment: the mean over the heads above, special tokens left out"
        yield from (Text(line, style="bold" if colored else "") for line in wrapped(heading, width))
        yield from draw_alignment(cross, width, colored)


def chosen_head(inspection: Inspection) -> HeadSummary:
    """The head to show: in the cross-attention where there is one, and rather one that does not merely rest."""
    kind = Kind.CROSS if inspection.map_of(Kind.CROSS) is not None else inspection.maps[0].kind
    own = [summary for summary in inspection.heads if summary.kind is kind]
    return max(own, key=interest)


def interest(summary: HeadSummary) -> tuple[bool, bool, float]:
    """What makes a head worth to be shown first: a sharp alignment, then whatever does something, then the rest."""
    aligned = summary.pattern == "monotone alignment"
    blur = summary.measures["relative_entropy"] or 0.0
    return aligned, summary.pattern not in RESTING, summary.strength * (1 - blur if aligned else 1)


def _title(inspection: Inspection, map_: AttentionMap, width: int, colored: bool) -> Iterator[Text]:
    tokens = f"{len(map_.queries)} tokens"
    if map_.kind is Kind.CROSS:
        tokens = f"{len(map_.queries)} × {len(map_.keys)} tokens"
    layers, heads = len(map_.layers), len(map_.heads)
    size = f"{_count(layers, 'layer')} × {_count(heads, 'head')}, {tokens}"
    yield from _beside(f"{inspection.model}  {TITLES[map_.kind]}", size, width, colored)


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _beside(title: str, details: str, width: int, colored: bool) -> Iterator[Text]:
    """A title and its details, in one line where they fit."""
    from rich.text import Text

    bold, dim = ("bold", "dim") if colored else ("", "")
    if cell_len(title) + len(details) + 2 <= width:
        yield Text.assemble((title, bold), "  ", (details, dim))
        return
    yield from (Text(line, style=bold) for line in wrapped(title, width))
    yield from (Text(line, style=dim) for line in wrapped(details, width))


def _chosen_map(inspection: Inspection, chosen: HeadSummary, width: int, colored: bool) -> Iterator[Text]:
    import numpy as np
    from rich.text import Text

    map_ = inspection.map_of(chosen.kind)
    assert map_ is not None
    rolled = next((other for other in inspection.maps if other.rollout is not None), None)
    if rolled is not None and rolled.rollout is not None:
        heading = f"attention rollout through layers 0 to {rolled.layers[-1]}"
        yield from (Text(line, style="bold" if colored else "") for line in wrapped(heading, width))
        reached = np.where(rolled.reached, rolled.rollout, np.nan)
        yield from draw_heat_map(reached, sides_of(rolled), width, colored)
        return
    yield from _heading(chosen, map_, width, colored)
    matrix = map_.drawn(map_.layers.index(chosen.layer), map_.heads.index(chosen.head))
    yield from draw_heat_map(matrix, sides_of(map_), width, colored)
    yield from _links(chosen, map_, width)


def sides_of(map_: AttentionMap) -> Sides:
    """Rows are queries, columns keys."""
    return Sides(tuple(token.shown for token in map_.queries), tuple(token.shown for token in map_.keys))


def _heading(chosen: HeadSummary, map_: AttentionMap, width: int, colored: bool) -> Iterator[Text]:
    what = "gradient × attention, " if map_.gradient is not None else ""
    title = f"{what}layer {chosen.layer}, head {chosen.head}: {chosen.pattern} {chosen.strength:.2f}"
    entropy, distance = chosen.measures["entropy"], chosen.measures["distance"]
    measures = f"entropy {entropy:.2f} bits" + ("" if distance is None else f", mean distance {distance:.1f} tokens")
    yield from _beside(title, measures, width, colored)


def _links(chosen: HeadSummary, map_: AttentionMap, width: int) -> Iterator[Text]:
    from rich.text import Text

    for link in chosen.links:
        query, key = label(map_.queries[link.query].shown), label(map_.keys[link.key].shown)
        line = f"{link.weight:.4f}  {query} [{link.query}] → {key} [{link.key}]"
        yield from map(Text, [line] if cell_len(line) <= width else wrapped(line, width))


def _checks(checks: Sequence[LayerCheck], width: int, colored: bool) -> Iterator[Text]:
    """A line per layer, and the largest difference of all."""
    from rich.text import Text

    wide = width >= _WIDE_TABLE
    heading = ("attention", "layer", "softmax", "× V", "× W^O") if wide else ("", "", "", "× V", "×W^O")
    yield Text(_row(heading, wide), style="bold" if colored else "")
    for check in checks:
        good = check.largest <= TOLERANCE
        found = [f"{value:.1e}" if wide else f"{value:.0e}" for value in (check.weights, check.heads, check.output)]
        mark = "" if good else "  differs" if wide else " ≠"
        row = _row((check.kind.value, str(check.layer), *found), wide)
        yield Text(row + mark, style=("" if good else "red") if colored else "")
    worst = max(check.largest for check in checks)
    verdict = "the layers compute the formula" if worst <= TOLERANCE else "the layers do not compute the formula"
    yield from _beside(f"largest difference {worst:.1e} (at most {TOLERANCE:.0e})", verdict, width, colored)


def _row(cells: tuple[str, ...], wide: bool) -> str:
    kind, layer, *found = cells
    if wide:
        return f"{kind:9} {layer:>5}  " + " ".join(f"{cell:>9}" for cell in found)
    return f"{kind:7} {layer:>2} " + " ".join(f"{cell:>5}" for cell in found)
