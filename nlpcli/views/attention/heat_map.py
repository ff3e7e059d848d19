"""A token × token matrix that fits the width of a terminal.

Cells are square: two columns for a token where they fit, else one column and half a line (half blocks). Where even that
is too wide, neighboring tokens share a cell, which shows the largest of their weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from nlpcli.views.attention.labels import fitted, label, right_fitted, short_label, stacked, wrapped
from nlpcli.views.attention.palette import SHADES, color_of, hexadecimal, shade_of

if TYPE_CHECKING:
    import numpy as np
    from rich.text import Text

    Matrix = np.ndarray[Any, Any]

_LABEL_CELLS = 14
_DENSE_LABEL_CELLS = 10
_STACKED_ROWS = 7
_SCALE_CELLS = 16
_UPPER_HALF, _LOWER_HALF = "▀", "▄"
# With more rows than this, half a line each is read better than a whole one.
_MOST_WHOLE_ROWS = 40


@dataclass(frozen=True, slots=True)
class Sides:
    """The tokens of the rows and of the columns, as texts."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]


def draw_heat_map(matrix: Matrix, sides: Sides, width: int, colored: bool) -> list[Text]:
    """The lines of the picture and of its scale. `matrix` is (rows, columns): not negative, and NaN where a row could
    not look, which is left blank.
    """
    import numpy as np

    largest = float(np.nan_to_num(matrix).max(initial=0.0))
    row_cells = min(_LABEL_CELLS, max((cell_len(label(text)) for text in sides.rows), default=1), width // 4)
    if 2 * len(sides.columns) + row_cells + 1 <= width and (len(sides.rows) <= _MOST_WHOLE_ROWS or not colored):
        lines = _whole_cells(matrix, sides, row_cells, largest, colored)
        return [*lines, *_scale(largest, 1, width, colored)]
    row_cells = min(row_cells, _DENSE_LABEL_CELLS)
    matrix, groups = _pooled(matrix, _columns_of_dense(sides, row_cells, width, colored))
    dense = _half_cells if colored else _one_column_cells
    lines = dense(matrix, sides, groups, row_cells, largest)
    return [*lines, *_column_key(sides, groups, width), *_scale(largest, groups, width, colored)]


def _columns_of_dense(sides: Sides, row_cells: int, width: int, colored: bool) -> int:
    numbered = row_cells + _digits(sides) + 2
    return max(1, width - (2 * numbered if colored else numbered))


def _digits(sides: Sides) -> int:
    return len(str(max(len(sides.rows), len(sides.columns), 1) - 1))


def _pooled(matrix: Matrix, columns: int) -> tuple[Matrix, int]:
    """The matrix with at most `columns` columns: the largest of `groups` × `groups` neighbors in each cell."""
    import numpy as np

    groups = -(-matrix.shape[1] // columns)
    if groups == 1:
        return matrix, 1
    padding = [(0, -size % groups) for size in matrix.shape]
    padded = np.pad(np.nan_to_num(matrix, nan=-1.0), padding, constant_values=-1.0)
    rows, columns = padded.shape
    largest = padded.reshape(rows // groups, groups, columns // groups, groups).max((1, 3))
    return np.where(largest < 0, np.nan, largest), groups


def _whole_cells(matrix: Matrix, sides: Sides, row_cells: int, largest: float, colored: bool) -> list[Text]:
    """Two columns and a line for each cell; the names of the columns are written downwards."""
    from rich.text import Text

    names = [short_label(text) for text in sides.columns]
    height = min(_STACKED_ROWS, max(map(len, names), default=0))
    stacks = [stacked(name, height) for name in names]
    dim = "dim" if colored else ""
    lines = [Text(" " * (row_cells + 1) + "".join(stack[row] for stack in stacks), style=dim) for row in range(height)]
    for row, text in enumerate(sides.rows):
        line = Text(right_fitted(label(text), row_cells) + " ")
        for column in range(len(sides.columns)):
            line.append_text(_cell(float(matrix[row, column]), largest, colored))
        if not colored:
            line.rstrip()
        lines.append(line)
    return lines


def _cell(weight: float, largest: float, colored: bool) -> Text:
    from rich.text import Text

    if weight != weight:
        return Text("  ")
    shade = shade_of(weight, largest)
    if colored:
        return Text("  ", style=f"on {hexadecimal(color_of(shade))}")
    return Text(_shade(shade) * 2)


def _shade(shade: float) -> str:
    return SHADES[min(len(SHADES) - 1, int(shade * len(SHADES)))]


def _half_cells(matrix: Matrix, sides: Sides, groups: int, row_cells: int, largest: float) -> list[Text]:
    """A line shows two rows: the upper one named at the left, the lower one at the right."""
    from rich.text import Text

    digits = _digits(sides)
    numbered = row_cells + digits + 2
    lines = _column_numbers(sides, groups, len(matrix[0]) if len(matrix) else 0, numbered, "dim")
    for row in range(0, len(matrix), 2):
        line = Text(_row_label(sides, row * groups, row_cells, digits) + " ")
        for column in range(matrix.shape[1]):
            line.append_text(_two_halves(matrix, row, column, largest))
        if row + 1 < len(matrix):
            lower = (row + 1) * groups
            line.append(f" {lower:>{digits}} {fitted(label(sides.rows[lower]), row_cells)}", style="dim")
        lines.append(line)
    return lines


def _two_halves(matrix: Matrix, row: int, column: int, largest: float) -> Text:
    from rich.text import Text

    colors = [
        hexadecimal(color_of(shade_of(float(matrix[place, column]), largest)))
        if place < len(matrix) and matrix[place, column] == matrix[place, column]
        else None
        for place in (row, row + 1)
    ]
    upper, lower = colors
    if upper is None and lower is None:
        return Text(" ")
    if upper is None:
        return Text(_LOWER_HALF, style=f"{lower}")
    return Text(_UPPER_HALF, style=upper if lower is None else f"{upper} on {lower}")


def _one_column_cells(matrix: Matrix, sides: Sides, groups: int, row_cells: int, largest: float) -> list[Text]:
    """A column and a line for each cell, in shades of characters."""
    from rich.text import Text

    digits = _digits(sides)
    lines = _column_numbers(sides, groups, len(matrix[0]) if len(matrix) else 0, row_cells + digits + 2, "")
    for row in range(len(matrix)):
        shades = "".join(
            _shade(shade_of(float(weight), largest)) if weight == weight else " " for weight in matrix[row]
        )
        lines.append(Text(_row_label(sides, row * groups, row_cells, digits) + " " + shades))
    return lines


def _row_label(sides: Sides, row: int, row_cells: int, digits: int) -> str:
    return f"{right_fitted(label(sides.rows[row]), row_cells)} {row:>{digits}}"


def _column_numbers(sides: Sides, groups: int, count: int, start: int, style: str) -> list[Text]:
    """The numbers of the columns, written downwards."""
    from rich.text import Text

    digits = _digits(sides)
    numbers = [f"{column * groups:>{digits}}" for column in range(count)]
    return [Text(" " * start + "".join(number[row] for number in numbers), style=style) for row in range(digits)]


def _column_key(sides: Sides, groups: int, width: int) -> list[Text]:
    """Which numbers are which tokens, where the rows do not say it."""
    from rich.text import Text

    if sides.rows == sides.columns:
        return []
    lines, line = [], "columns:"
    for number, text in enumerate(sides.columns):
        if number % groups:
            continue
        entry = f" {number} {label(text)}"
        if cell_len(line) + cell_len(entry) > width:
            lines.append(line)
            line = "        "
        line += entry
    return [Text(text, style="dim") for text in [*lines, line]]


def _scale(largest: float, groups: int, width: int, colored: bool) -> list[Text]:
    """What colors and shades mean."""
    from rich.text import Text

    dim = "dim" if colored else ""
    line = Text("0 ")
    if colored:
        for step in range(_SCALE_CELLS):
            line.append(" ", style=f"on {hexadecimal(color_of(step / (_SCALE_CELLS - 1)))}")
    else:
        line.append("".join(shade * 3 for shade in SHADES))
    line.append(f" {_number(largest)}")
    notes = ["by square root"]
    if line.cell_len + 2 + len(notes[0]) <= width:
        line.append(f"  {notes.pop()}", style=dim)
    if groups > 1:
        notes += wrapped(f"each cell: the largest of {groups} × {groups} tokens", width)
    return [line, *(Text(note, style=dim) for note in notes)]


def _number(weight: float) -> str:
    return f"{weight:.2f}" if weight >= 0.01 or weight == 0 else f"{weight:.1e}"
