"""`--html`: all heads of one text in one file, for a browser without a network.

The weights lie in the page as bytes: the square root of each, compressed by zlib and written in base64.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import zlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from nlpcli.errors import OutputError
from nlpcli.records.inspection import AttentionMap, HeadSummary, Inspection, Kind, Token
from nlpcli.records.outputs import output_stream
from nlpcli.views.attention.palette import PATTERNS, RAMP, hexadecimal
from nlpcli.views.attention.report import TITLES, interest

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

log = logging.getLogger(__name__)

# A browser holds all weights at once.
MOST_WEIGHTS = 400_000_000
LARGE_PAGE = 20 << 20
_NAMES = {Kind.SELF: "Self", Kind.DECODER: "Decoder", Kind.CROSS: "Cross"}
_MEASURES = {
    "entropy": ("entropy", "{:.2f} bits"),
    "distance": ("distance", "{:.1f} tokens"),
    "monotonicity": ("monotonicity", "{:.2f}"),
    "previous": ("previous", "{:.0%}"),
    "self": ("current", "{:.0%}"),
    "next": ("next", "{:.0%}"),
    "first": ("first", "{:.0%}"),
    "separator": ("separators", "{:.0%}"),
    "punctuation": ("punctuation", "{:.0%}"),
    "same": ("same token", "{:.0%}"),
    "induction": ("induction", "{:.0%}"),
}
# What would be an empty place in the page.
_ENDS = str.maketrans({"\n": "⏎", "\r": "⏎", "\t": "⇥"})
_NOTE = (
    "Weights are rounded to 8 bits: the error is at most 0.4 % of the largest. Attention is not explanation: weights"
    " say where a head looks, not why the model answers as it does."
)


def save_page(inspection: Inspection, path: Path) -> None:
    """Write the page; the file appears whole or not at all.

    Raises:
        OutputError: the file cannot be written, or the weights are too many for a browser.
    """
    weights = sum(map_.weights.size for map_ in inspection.maps)
    if weights > MOST_WEIGHTS:
        raise OutputError(
            f"{weights:,} weights are too many for a page (at most {MOST_WEIGHTS:,});"
            " choose heads with --layer and --head, or save them all with --npz"
        )
    page = make_page(inspection).encode("utf-8", "replace")
    if len(page) > LARGE_PAGE:
        log.warning("%s has %.0f MB; --layer and --head make it smaller", path, len(page) / 1e6)
    with output_stream(str(path), "") as stream:
        stream.write(page)


def make_page(inspection: Inspection) -> str:
    """The page as text."""
    template = Template(files("nlpcli.views.attention").joinpath("page.html").read_text(encoding="utf-8"))
    data = {
        "model": inspection.model,
        "note": _NOTE,
        "ramp": RAMP,
        "patterns": {name: hexadecimal(colour) for name, (_, colour) in PATTERNS.items()},
        "sections": _sections(inspection),
    }
    return template.substitute(title=html.escape(f"{inspection.model}: attention"), data=_script_json(data))


def _script_json(data: Any) -> str:
    """JSON that ends no script element, whatever the tokens are."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _sections(inspection: Inspection) -> list[dict[str, Any]]:
    """What the page can show: rollout first where it was asked for, then cross-attention, which people look for."""
    order = (Kind.CROSS, Kind.SELF, Kind.DECODER)
    maps = sorted(inspection.maps, key=lambda map_: order.index(map_.kind))
    rolled = [_rollout_section(map_, map_.rollout) for map_ in maps if map_.rollout is not None]
    return rolled + [
        _section(map_, [summary for summary in inspection.heads if summary.kind is map_.kind]) for map_ in maps
    ]


def _section(map_: AttentionMap, summaries: Sequence[HeadSummary]) -> dict[str, Any]:
    title = f"{TITLES[map_.kind]}: {len(map_.layers)} layers × {len(map_.heads)} heads"
    first = max(range(len(summaries)), key=lambda place: interest(summaries[place]))
    return {
        "kind": map_.kind.value,
        "name": _NAMES[map_.kind],
        "title": title if map_.gradient is None else f"gradient × attention, {title}",
        "unit": "weight" if map_.gradient is None else "gradient × attention",
        "layers": map_.layers,
        "heads": map_.heads,
        "first": first,
        "summaries": [_summary(summary) for summary in summaries],
        **_sides(map_),
        **_masks(map_.visible),
        **_quantised(map_.shown),
    }


def _rollout_section(map_: AttentionMap, rollout: Array) -> dict[str, Any]:
    # A mean over all heads has no pattern.
    summary = {"layer": 0, "head": 0, "pattern": "", "strength": "", "measures": {}}
    return {
        "kind": "rollout",
        "name": "Rollout",
        "title": f"attention rollout through layers 0 to {map_.layers[-1]}",
        "unit": "share",
        "layers": [map_.layers[-1]],
        "heads": ["mean"],
        "first": 0,
        "summaries": [summary],
        **_sides(map_),
        **_masks(map_.reached[None]),
        **_quantised(rollout[None, None]),
    }


def _sides(map_: AttentionMap) -> dict[str, Any]:
    return {
        "rows": [_token(token) for token in map_.queries],
        "columns": [_token(token) for token in map_.keys],
        "same": map_.kind is not Kind.CROSS,
    }


def _token(token: Token) -> dict[str, Any]:
    text = token.shown.translate(_ENDS)
    return {"text": text, "special": True} if token.special else {"text": text}


def _summary(summary: HeadSummary) -> dict[str, Any]:
    measures = {
        name: template.format(summary.measures[key])
        for key, (name, template) in _MEASURES.items()
        if summary.measures[key] is not None
    }
    return {
        "layer": summary.layer,
        "head": summary.head,
        "pattern": summary.pattern,
        "strength": f"{summary.strength:.2f}",
        "measures": measures,
    }


def _masks(visible: Array) -> dict[str, Any]:
    """The different masks as bytes of 0 and 1, and for each layer the number of its own; none where all is seen."""
    import numpy as np

    if visible.all():
        return {"masks": [], "seen": ""}
    if visible.strides[0] == 0:  # one for all layers
        return {"masks": [0] * len(visible), "seen": _packed(visible[0])}
    masks, numbers = np.unique(visible, axis=0, return_inverse=True)
    return {"masks": numbers.reshape(-1).tolist(), "seen": _packed(masks)}


def _packed(matrices: Array) -> str:
    import numpy as np

    return base64.b64encode(zlib.compress(matrices.astype(np.uint8).tobytes(), 6)).decode()


def _quantised(matrices: Array) -> dict[str, Any]:
    """Bytes b = 255·√(w / largest), in the order of the array."""
    import numpy as np

    finite = np.isfinite(matrices)
    known = np.where(finite, matrices, 0.0)
    largest = float(known.max(initial=0.0))
    levels = np.sqrt(np.clip(known, 0, None) / (largest or 1.0)) * 255
    lost = {} if finite.all() else {"lost": _packed(~finite), "lostCount": int((~finite).sum())}
    return {"largest": largest, "data": _packed(np.rint(levels)), **lost}
