"""A map of texts: their vectors in the two directions of the largest variance (PCA), as PNG or SVG."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlpcli.errors import OutputError
from nlpcli.records.outputs import output_stream
from nlpcli.records.record import Record
from nlpcli.views.pictures import check_picture, picture_style, printable, write_figure

if TYPE_CHECKING:
    import numpy as np

    Vector = np.ndarray[Any, Any]

MOST_LABELS = 60
LABEL_CHARACTERS = 32
DOT_POINTS = 5.0


def check(path: Path) -> None:
    """Refuse what cannot be drawn, before any model is loaded.

    Raises:
        UsageError: the suffix is neither .png nor .svg.
        ExtraMissing: matplotlib is not installed.
    """
    check_picture("--plot", path)


class Scatter:
    """Collects all vectors (they are needed at once) and draws them."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._vectors: list[Vector] = []

    def add(self, text: str, vector: Vector) -> None:
        """One more point."""
        self._texts.append(printable(text))
        self._vectors.append(vector)

    def save(self, path: Path) -> None:
        """Draw the map.

        Raises:
            OutputError: there are fewer than two points, or the file cannot be written.
        """
        import numpy as np

        if len(self._vectors) < 2:
            raise OutputError("a map needs at least two texts")
        points, shares = principal_components(np.stack(self._vectors).astype(np.float32))
        with picture_style(self._texts), output_stream(str(path), "") as stream:
            write_figure(_draw(points, shares, self._texts), stream, path)


def plotted(records: Iterator[Record], path: Path) -> Iterator[Record]:
    """The records, whose vectors are kept for the picture that is drawn behind the last one."""
    scatter = Scatter()
    for record in records:
        if record.result is not None:
            scatter.add(record.text, record.result["embedding"])
        yield record
    scatter.save(path)


def principal_components(vectors: Vector) -> tuple[Vector, Vector]:
    """Coordinates (points, 2) in the two directions of the largest variance, and these directions' shares of it."""
    import numpy as np

    centred = vectors - vectors.mean(0)
    covariance = centred.T @ centred
    variances, directions = np.linalg.eigh(covariance)
    largest = directions[:, ::-1][:, :2]
    # An eigenvector's sign is arbitrary; fixed, the same input gives the same picture everywhere.
    largest = largest * np.sign(largest[np.abs(largest).argmax(0), np.arange(largest.shape[1])])
    shares = variances[::-1][:2] / max(float(variances.sum()), 1e-12)
    points = centred @ largest
    return (points, shares) if points.shape[1] == 2 else (np.pad(points, ((0, 0), (0, 1))), np.pad(shares, (0, 1)))


def _draw(points: Vector, shares: Vector, texts: list[str]) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    dot = DOT_POINTS if len(points) <= 1000 else DOT_POINTS / 2
    axes.scatter(points[:, 0], points[:, 1], s=dot**2, alpha=0.75, linewidths=0)
    axes.margins(0.12)
    axes.grid(alpha=0.25)
    axes.set_xlabel(f"first component ({shares[0]:.0%} of the variance)")
    axes.set_ylabel(f"second component ({shares[1]:.0%} of the variance)")
    if len(points) <= MOST_LABELS:
        _label_points(figure, axes, points, [_label(text) for text in texts])
    return figure


def _label_points(figure: Any, axes: Any, points: Vector, labels: list[str]) -> None:
    """A label beside each point, where it covers neither a point nor another label; where there is no room, none."""
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()  # sizes are known once everything has its place
    pixels = axes.transData.transform(points)
    dot = figure.dpi / 72 * DOT_POINTS / 2
    dots = [Bbox([centre - dot, centre + dot]) for centre in pixels]
    taken: list[Any] = []
    for place, (point, centre, label) in enumerate(zip(points, pixels, labels, strict=True)):
        text = axes.annotate(label, point, xytext=(0, 0), textcoords="offset points", fontsize=8)
        text.set_in_layout(False)
        size = text.get_window_extent()
        others = [box for number, box in enumerate(dots) if number != place] + taken
        free = (box for box in _boxes_around(centre, size.width, size.height, 1.4 * dot) if _is_free(box, axes, others))
        if (box := next(free, None)) is None:
            text.remove()
            continue
        taken.append(box)
        text.xyann = (box.min - size.min) * 72 / figure.dpi


def _boxes_around(centre: Vector, width: float, height: float, gap: float) -> Iterator[Any]:
    """Where a label can stand, best first: right, left, above, below, and the corners."""
    from matplotlib.transforms import Bbox

    middle = (centre[0] - width / 2, centre[1] - height / 2)
    across, along = width / 2 + gap, height / 2 + gap
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)):
        yield Bbox.from_bounds(middle[0] + x * across, middle[1] + y * along, width, height)


def _is_free(box: Any, axes: Any, others: list[Any]) -> bool:
    frame = axes.bbox
    inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
    return bool(inside and box.count_overlaps(others) == 0)


def _label(text: str) -> str:
    return text if len(text) <= LABEL_CHARACTERS else text[: LABEL_CHARACTERS - 1] + "…"
