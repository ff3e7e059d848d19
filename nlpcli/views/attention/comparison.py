"""Two inspections side by side on a terminal: how far apart each head is, and the head that differs most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nlpcli.records.inspection import Comparison, HeadDifference, HeadSummary, Inspection, Kind
from nlpcli.views.attention.heat_map import Sides, draw_heat_map
from nlpcli.views.attention.labels import fitted, label, wrapped
from nlpcli.views.attention.palette import blend, hexadecimal, letter_color

if TYPE_CHECKING:
    from rich.text import Text

_MOST_NAMED = 5
_CELLS = 3
_SIDE_BY_SIDE = 70
_SAME, _APART = (38, 38, 44), (230, 120, 20)


def draw_comparison(first: Inspection, comparison: Comparison, width: int, colored: bool) -> Iterator[Text]:
    """For each kind of attention a cell for each head with its distance in hundredths; then the heads most apart."""
    from rich.text import Text

    bold, dim = ("bold", "dim") if colored else ("", "")
    second = comparison.other
    heading = "difference of heads, in hundredths: 0 alike, 100 nothing in common"
    yield from (Text(line, style=bold) for line in wrapped(heading, width))
    for name, inspection in (("first", first), ("second", second)):
        text = " ".join(label(token.shown) for token in inspection.tokens)
        yield Text(fitted(f"{name:6} {inspection.model}: {text}", width).rstrip())
    if not comparison.heads:
        yield Text("no head is in both")
        return
    for kind in comparison.pairs:
        yield Text(kind.value, style=dim)
        yield from _grid([one for one in comparison.heads if one.first.kind is kind], width, colored)
    ranked = sorted(comparison.heads, key=lambda one: -(one.distance or 0.0))
    for one in ranked[:_MOST_NAMED]:
        line = f"{_named(one.first)}  {one.distance or 0.0:.2f}  {_pattern(one.first)} → {_pattern(one.second)}"
        yield from map(Text, wrapped(line, width))
    yield Text()
    yield from _both(first, second, ranked[0], width, colored)


def _named(summary: HeadSummary) -> str:
    return f"{summary.kind.value} layer {summary.layer}, head {summary.head}"


def _pattern(summary: HeadSummary) -> str:
    return f"{summary.pattern} {summary.strength:.2f}"


def _grid(heads: list[HeadDifference], width: int, colored: bool) -> Iterator[Text]:
    from rich.text import Text

    numbers = sorted({one.first.head for one in heads})
    by_place = {(one.first.layer, one.first.head): one for one in heads}
    per_band = max(1, (width - 4) // _CELLS)
    for start in range(0, len(numbers), per_band):
        band = numbers[start : start + per_band]
        yield Text("    " + "".join(f"{head:>2} " for head in band).rstrip(), style="dim" if colored else "")
        for layer in sorted({one.first.layer for one in heads}):
            line = Text(f"{layer:>3} ")
            for head in band:
                one = by_place.get((layer, head))
                share = None if one is None else one.distance
                text = "  ·" if share is None else f"{min(99, round(100 * share)):>2} "
                background = blend(_SAME, _APART, share or 0.0)
                style = f"{letter_color(background)} on {hexadecimal(background)}"
                line.append(text, style=style if colored else "")
            yield line


def _both(first: Inspection, second: Inspection, one: HeadDifference, width: int, colored: bool) -> Iterator[Text]:
    """The two matrices of a head, side by side where they have room."""
    from rich.text import Text

    beside = width >= _SIDE_BY_SIDE
    room = (width - 2) // 2 if beside else width
    sides = [
        [
            Text(fitted(f"{name}: {_named(own)}, {_pattern(own)}", room).rstrip(), style="bold" if colored else ""),
            *_matrix(inspection, own.kind, own, room, colored),
        ]
        for name, inspection, own in (("first", first, one.first), ("second", second, one.second))
    ]
    if not beside:
        yield from (line for side in sides for line in side)
        return
    for number in range(max(map(len, sides))):
        left, right = (side[number] if number < len(side) else Text() for side in sides)
        yield Text.assemble(left, " " * max(2, room + 2 - left.cell_len), right)


def _matrix(inspection: Inspection, kind: Kind, own: HeadSummary, width: int, colored: bool) -> list[Text]:
    map_ = inspection.map_of(kind)
    assert map_ is not None
    matrix = map_.drawn(map_.layers.index(own.layer), map_.heads.index(own.head))
    names = Sides(tuple(token.shown for token in map_.queries), tuple(token.shown for token in map_.keys))
    return draw_heat_map(matrix, names, width, colored)
