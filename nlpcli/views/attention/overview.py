"""All heads at a glance: a cell per layer and head with the letter and the color of its pattern."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nlpcli.records.inspection import AttentionMap, HeadSummary
from nlpcli.views.attention.labels import wrapped
from nlpcli.views.attention.palette import PATTERNS, Color, blend, hexadecimal, letter_color

if TYPE_CHECKING:
    from rich.text import Text

# Columns of a head: three where all fit side by side.
_WIDE, _NARROW = 3, 2
_NUMBER_CELLS = 4
# Without colors a pattern that holds this much of the weight has a capital letter.
_STRONG = 0.7
_FAINT: Color = (38, 38, 44)


def draw_overview(map_: AttentionMap, summaries: Sequence[HeadSummary], width: int, colored: bool) -> list[Text]:
    """Rows are layers, columns heads; heads that do not fit the width go on below. Then what the letters mean."""
    by_place = {(summary.layer, summary.head): summary for summary in summaries}
    cells = _WIDE if _NUMBER_CELLS + _WIDE * len(map_.heads) <= width else _NARROW
    per_band = max(1, (width - _NUMBER_CELLS) // cells)
    lines: list[Text] = []
    for start in range(0, len(map_.heads), per_band):
        lines += _band(map_.layers, map_.heads[start : start + per_band], by_place, cells, colored)
    return [*lines, *_legend(summaries, width, colored)]


def _band(
    layers: Sequence[int],
    heads: Sequence[int],
    summaries: dict[tuple[int, int], HeadSummary],
    cells: int,
    colored: bool,
) -> Iterator[Text]:
    from rich.text import Text

    for numbers in _head_numbers(heads, cells):
        yield Text(" " * _NUMBER_CELLS + numbers, style="dim" if colored else "")
    for layer in layers:
        line = Text.assemble((f"{layer:>{_NUMBER_CELLS - 1}} ", "dim" if colored else ""))
        for head in heads:
            line.append_text(_cell(summaries[layer, head], cells, colored))
        yield line


def _head_numbers(heads: Sequence[int], cells: int) -> list[str]:
    """One line, or tens above units where numbers of two digits would touch."""
    if cells == _NARROW and max(heads) > 9:
        tens = "".join(f"{head // 10 or '':>{cells}}" for head in heads)
        return [tens, "".join(f"{head % 10:>{cells}}" for head in heads)]
    return ["".join(f"{head:>2}" + " " * (cells - 2) for head in heads).rstrip()]


def _cell(summary: HeadSummary, cells: int, colored: bool) -> Text:
    from rich.text import Text

    letter, color = PATTERNS[summary.pattern]
    letter = letter if colored or summary.strength >= _STRONG else letter.lower()
    text = f" {letter}" + " " * (cells - 2)
    if not colored:
        return Text(text)
    background = blend(_FAINT, color, 0.35 + 0.65 * summary.strength)
    return Text(text, style=f"{letter_color(background)} on {hexadecimal(background)}")


def _legend(summaries: Sequence[HeadSummary], width: int, colored: bool) -> Iterator[Text]:
    """The patterns that occur, the most frequent first, with their counts."""
    from rich.text import Text

    counts = Counter(summary.pattern for summary in summaries)
    order = list(PATTERNS)
    line = Text()
    for pattern, count in sorted(counts.items(), key=lambda item: (-item[1], order.index(item[0]))):
        letter, color = PATTERNS[pattern]
        style = f"{letter_color(color)} on {hexadecimal(color)}" if colored else ""
        entry = Text.assemble((f" {letter} " if colored else letter, style), f" {pattern} {count}")
        if line.cell_len and line.cell_len + 3 + entry.cell_len > width:
            yield line
            line = Text()
        line = Text.assemble(line, "   " if line.cell_len else "", entry)
    note = f"(a capital: strength at least {_STRONG})"
    if colored:
        yield line
    elif line.cell_len + 3 + len(note) <= width:
        yield line.append(f"   {note}")
    else:
        yield line
        yield from map(Text, wrapped(note, width))
