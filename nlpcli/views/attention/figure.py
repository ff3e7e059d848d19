"""`--png`: all heads side by side and the chosen one with its tokens, as PNG or SVG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlpcli.records.inspection import AttentionMap, Inspection
from nlpcli.records.outputs import output_stream
from nlpcli.views.attention.labels import label
from nlpcli.views.attention.report import TITLES, chosen_head
from nlpcli.views.pictures import check_picture, picture_style, printable, write_figure

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_COLORS = "viridis"
# Cells of a thumbnail; larger matrices are reduced, each cell to the largest of its weights.
_THUMBNAIL = 48
_GAP = 4
# More tokens than this are numbered instead of named.
_MOST_NAMES = 96
_LABEL_CHARACTERS = 18


def check(path: Path) -> None:
    """Refuse what cannot be drawn, before any model is loaded."""
    check_picture("--png", path)


def save_figure(inspection: Inspection, path: Path) -> None:
    """Draw the picture; the file appears whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    texts = [token.text for map_ in inspection.maps for token in (*map_.queries, *map_.keys)]
    with picture_style(texts), output_stream(str(path), "") as stream:
        write_figure(_draw(inspection), stream, path)


def _draw(inspection: Inspection) -> Any:
    """Left all heads of the attention that the chosen head is of, right that head; or rollout alone."""
    import numpy as np
    from matplotlib.figure import Figure

    chosen = chosen_head(inspection)
    map_ = inspection.map_of(chosen.kind)
    assert map_ is not None
    rolled = next((other for other in inspection.maps if other.rollout is not None), None)
    alone = rolled is not None or map_.weights.shape[:2] == (1, 1)
    figure = Figure(figsize=(8.4, 8) if alone else (15, 8), dpi=150, layout="constrained")
    figure.suptitle(f"{printable(inspection.model)}: {TITLES[map_.kind]}", fontsize=13)
    axes = figure.subplots(1, 1 if alone else 2, squeeze=False)[0]
    if not alone:
        _draw_heads(axes[0], map_)
    if rolled is not None and rolled.rollout is not None:
        title = f"attention rollout through layers 0 to {rolled.layers[-1]}"
        reached = np.where(rolled.reached, rolled.rollout, np.nan)
        _draw_matrix(figure, axes[-1], reached, rolled, title)
        return figure
    what = "gradient × attention, " if map_.gradient is not None else ""
    title = f"{what}layer {chosen.layer}, head {chosen.head}: {chosen.pattern} {chosen.strength:.2f}"
    matrix = map_.drawn(map_.layers.index(chosen.layer), map_.heads.index(chosen.head))
    _draw_matrix(figure, axes[-1], matrix, map_, title)
    return figure


def _draw_heads(axes: Any, map_: AttentionMap) -> None:
    """One image of all thumbnails: a row per layer, a column per head."""
    from matplotlib.colors import PowerNorm

    mosaic, step = _mosaic(map_)
    largest = float(map_.shown.max(initial=0.0)) or 1.0
    axes.imshow(mosaic, cmap=_COLORS, norm=PowerNorm(0.5, 0, largest), interpolation="nearest")
    height, width = step
    axes.set_xticks([column * width + (width - _GAP) / 2 for column in range(len(map_.heads))], map_.heads, fontsize=8)
    axes.set_yticks([row * height + (height - _GAP) / 2 for row in range(len(map_.layers))], map_.layers, fontsize=8)
    axes.set_xlabel("head")
    axes.set_ylabel("layer")
    axes.tick_params(length=0)
    axes.set_frame_on(False)


def _mosaic(map_: AttentionMap) -> tuple[Array, tuple[int, int]]:
    """(pixels, pixels) with NaN between the heads, and how far one head is from the next."""
    import numpy as np

    shown = _reduced(_without_unseen(map_))
    layers, heads, height, width = shown.shape
    padded = np.pad(shown, ((0, 0), (0, 0), (0, _GAP), (0, _GAP)), constant_values=np.nan)
    step = (height + _GAP, width + _GAP)
    return padded.transpose(0, 2, 1, 3).reshape(layers * step[0], heads * step[1])[:-_GAP, :-_GAP], step


def _without_unseen(map_: AttentionMap) -> Array:
    """What a query could not see is left blank."""
    import numpy as np

    return np.where(map_.visible[:, None], map_.shown, np.nan)


def _reduced(shown: Array) -> Array:
    """At most `_THUMBNAIL` cells a side."""
    import numpy as np

    step = -(-max(shown.shape[2:]) // _THUMBNAIL)
    if step == 1:
        return shown
    padding = [(0, 0), (0, 0), *((0, -size % step) for size in shown.shape[2:])]
    padded = np.pad(np.nan_to_num(shown, nan=-1.0), padding, constant_values=-1.0)
    layers, heads, height, width = padded.shape
    largest = padded.reshape(layers, heads, height // step, step, width // step, step).max((3, 5))
    return np.where(largest < 0, np.nan, largest)


def _draw_matrix(figure: Any, axes: Any, matrix: Array, map_: AttentionMap, title: str) -> None:
    import numpy as np
    from matplotlib.colors import PowerNorm

    largest = float(np.nanmax(matrix)) or 1.0
    image = axes.imshow(matrix, cmap=_COLORS, norm=PowerNorm(0.5, 0, largest), interpolation="nearest")
    axes.set_title(title, fontsize=11)
    axes.set_xlabel("key")
    axes.set_ylabel("query")
    _name_ticks(axes.set_xticks, map_.keys, rotation=90)
    _name_ticks(axes.set_yticks, map_.queries, rotation=0)
    figure.colorbar(image, ax=axes, shrink=0.7, label="weight (by square root)")


def _name_ticks(set_ticks: Any, tokens: Any, rotation: int) -> None:
    if len(tokens) > _MOST_NAMES:
        return
    size = max(4.0, min(9.0, 360 / len(tokens)))
    names = [_shortened(printable(label(token.text))) for token in tokens]
    set_ticks(range(len(tokens)), names, rotation=rotation, fontsize=size)


def _shortened(text: str) -> str:
    return text if len(text) <= _LABEL_CHARACTERS else text[: _LABEL_CHARACTERS - 1] + "…"
