"""Figures with their intervals, one below the other, as PNG or SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nlpcli.errors import OutputError
from nlpcli.records.outputs import output_stream
from nlpcli.views.pictures import picture_style, printable, write_figure


class Intervals:
    """Collects figures and draws them."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._rows: list[tuple[str, float, Sequence[float] | None]] = []

    def add(self, name: str, number: float, interval: Sequence[float] | None) -> None:
        """One more figure."""
        self._rows.append((printable(name), number, interval))

    def save(self, path: Path) -> None:
        """Draw them, the first at the top.

        Raises:
            OutputError: there is none, or the file cannot be written.
        """
        if not self._rows:
            raise OutputError("there is no figure to draw; see the errors above")
        names = [name for name, _, _ in self._rows]
        with picture_style(names), output_stream(str(path), "") as stream:
            from matplotlib.figure import Figure

            figure = Figure(figsize=(8, 1.2 + 0.35 * len(names)), dpi=150, layout="constrained")
            axes = figure.add_subplot()
            for place, (_, number, interval) in enumerate(self._rows):
                axes.plot([number], [place], "o", color="C0")
                if interval is not None:
                    axes.plot(list(interval), [place, place], color="C0", alpha=0.5, linewidth=3)
            axes.set_yticks(range(len(names)), names)
            axes.invert_yaxis()
            axes.axvline(0, color="gray", linewidth=0.8)
            axes.grid(axis="x", alpha=0.25)
            axes.set_xlabel(self._title)
            write_figure(figure, stream, path)
