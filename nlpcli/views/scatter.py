"""A map of texts: their vectors in the two directions of the largest variance (PCA), as PNG or SVG."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlpcli.errors import ExtraMissing, OutputError, UsageError
from nlpcli.records.outputs import output_stream

if TYPE_CHECKING:
    import numpy as np

    Vector = np.ndarray[Any, Any]

log = logging.getLogger(__name__)

FORMATS = {".png": "png", ".svg": "svg"}
MOST_LABELS = 60
LABEL_CHARACTERS = 32
# matplotlib's own font has no CJK characters; these are the usual ones on Linux, macOS and Windows.
CJK_FONTS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei",
             "WenQuanYi Micro Hei", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "SimHei")  # fmt: skip


def check(path: Path) -> None:
    """Refuse what cannot be drawn, before any model is loaded.

    Raises:
        UsageError: the suffix is neither .png nor .svg.
        ExtraMissing: matplotlib is not installed.
    """
    from importlib.util import find_spec

    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"--plot draws .png or .svg, not {path.name}")
    if find_spec("matplotlib") is None:
        raise ExtraMissing("--plot", "plot")


class Scatter:
    """Collects all vectors (they are needed at once) and draws them."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._vectors: list[Vector] = []

    def add(self, text: str, vector: Vector) -> None:
        """One more point."""
        self._texts.append(" ".join(text.split()))
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
        figure = _draw(points, shares, self._texts)
        with output_stream(str(path), "") as stream:
            figure.savefig(stream, format=FORMATS[path.suffix.lower()], metadata=_without_date(path))


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
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    settings: Any = {
        "font.family": _fonts(texts),
        "svg.fonttype": "none",
        "svg.hashsalt": "nlpcli",
        "text.parse_math": False,
    }
    with rc_context(settings):
        figure = Figure(figsize=(9, 7), dpi=150, layout="constrained")
        axes = figure.add_subplot()
        axes.scatter(points[:, 0], points[:, 1], s=28 if len(points) <= 1000 else 6, alpha=0.75, linewidths=0)
        axes.margins(0.12)
        axes.grid(alpha=0.25)
        axes.set_xlabel(f"first component ({shares[0]:.0%} of the variance)")
        axes.set_ylabel(f"second component ({shares[1]:.0%} of the variance)")
        if len(points) <= MOST_LABELS:
            for (x, y), text in zip(points, texts, strict=True):
                axes.annotate(_label(text), (x, y), xytext=(5, 4), textcoords="offset points", fontsize=8)
        # The font settings are read when text is laid out.
        figure.draw_without_rendering()
    return figure


def _label(text: str) -> str:
    return text if len(text) <= LABEL_CHARACTERS else text[: LABEL_CHARACTERS - 1] + "…"


def _fonts(texts: list[str]) -> list[str]:
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    fonts = [name for name in CJK_FONTS if name in installed]
    if not fonts and any("\u2e80" <= character <= "\uffef" for text in texts for character in text):
        log.warning("no font with Chinese, Japanese or Korean characters was found; .svg keeps them as text")
    return ["DejaVu Sans", *fonts]


def _without_date(path: Path) -> dict[str, Any]:
    return {"Date": None} if path.suffix.lower() == ".svg" else {}
