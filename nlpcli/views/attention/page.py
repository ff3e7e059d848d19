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
from nlpcli.records.inspection import (
    AttentionMap,
    Comparison,
    HeadDifference,
    HeadSummary,
    Inspection,
    Kind,
    Token,
)
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
        "patterns": {name: hexadecimal(color) for name, (_, color) in PATTERNS.items()},
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
    own = [_section(map_, [summary for summary in inspection.heads if summary.kind is map_.kind]) for map_ in maps]
    if inspection.comparison is None:
        return rolled + own
    return _compared(inspection, inspection.comparison, maps)


def _compared(inspection: Inspection, comparison: Comparison, maps: Sequence[AttentionMap]) -> list[dict[str, Any]]:
    """For each kind the difference, and before and behind it what it is of."""
    sections = []
    for map_ in maps:
        other = comparison.other.map_of(map_.kind)
        differences = [one for one in comparison.heads if one.first.kind is map_.kind]
        if other is None or not differences:
            continue
        pairs = comparison.pairs[map_.kind]
        if all(pairs):
            sections.append(_difference(map_, other, differences, pairs))
        for name, model, own, heads in (
            ("first", inspection.model, map_, inspection.heads),
            ("second", comparison.other.model, other, comparison.other.heads),
        ):
            section = _section(own, [summary for summary in heads if summary.kind is own.kind])
            section["name"] = f"{_NAMES[own.kind]}: {name}"
            section["title"] = f"{name} ({model}), {section['title']}"
            sections.append(section)
    return sections


def _difference(
    first: AttentionMap,
    second: AttentionMap,
    differences: Sequence[HeadDifference],
    pairs: tuple[list[tuple[int, int]], list[tuple[int, int]]],
) -> dict[str, Any]:
    """Second less first, over the tokens that both have."""
    import numpy as np

    layers = [layer for layer in first.layers if layer in second.layers]
    heads = [head for head in first.heads if head in second.heads]
    queries, keys = (np.array(own).T for own in pairs)

    def taken(map_: AttentionMap, side: int) -> tuple[Array, Array]:
        rows, columns = queries[side], keys[side]
        at = np.ix_([map_.layers.index(layer) for layer in layers], [map_.heads.index(head) for head in heads])
        seen = map_.visible[[map_.layers.index(layer) for layer in layers]]
        return map_.shown[at][:, :, rows][:, :, :, columns], seen[:, rows][:, :, columns]

    (a, seen), (b, seen_too) = taken(first, 0), taken(second, 1)
    change = b - a
    largest = float(np.abs(change).max(initial=0.0))
    levels = 128 + np.sign(change) * np.sqrt(np.abs(change) / (largest or 1.0)) * 127
    distances = {(one.first.layer, one.first.head): one.distance or 0.0 for one in differences}
    order = [(layer, head) for layer in layers for head in heads]
    named = (
        [_both_names(first.queries[a_place], second.queries[b_place]) for a_place, b_place in pairs[0]],
        [_both_names(first.keys[a_place], second.keys[b_place]) for a_place, b_place in pairs[1]],
    )
    return {
        "kind": first.kind.value,
        "name": f"{_NAMES[first.kind]}: difference",
        "title": f"second less first, {TITLES[first.kind]}: {len(layers)} layers × {len(heads)} heads",
        "unit": "change",
        "layers": layers,
        "heads": heads,
        "first": max(range(len(order)), key=lambda place: distances.get(order[place], 0.0)),
        "summaries": [
            {
                "layer": layer,
                "head": head,
                "pattern": "",
                "strength": "",
                "measures": {"distance": f"{distances.get((layer, head), 0.0):.2f}"},
            }
            for layer, head in order
        ],
        "rows": named[0],
        "columns": named[1],
        "same": first.kind is not Kind.CROSS,
        "signed": True,
        **_masks(seen | seen_too),
        "largest": largest,
        "data": _packed(np.rint(levels)),
    }


def _both_names(first: Token, second: Token) -> dict[str, Any]:
    own = _token(first)
    return own if first.shown == second.shown else {**own, "text": f"{own['text']}/{_token(second)['text']}"}


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
