"""What a head does, in numbers, and the name of its pattern. docs/attention-inspect.md says where each comes from.

All measures are means over the queries to which they apply.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nlpcli.records.inspection import AttentionMap, HeadSummary, Kind, Link

Array = np.ndarray[Any, Any]

# A share of the weight makes a pattern from here on, where it is also twice what even attention would give.
LEAST_SHARE = 0.4
TIMES_EVEN = 2.0
# Entropy relative to that of even attention: a head is broad from the first on, focused up to the second.
BROAD = 0.85
FOCUSED = 0.45
# Correlation of the places of output and input from which on an alignment is monotone.
MONOTONE = 0.8
# Fewer queries than this make no pattern of repeated tokens.
LEAST_REPEATS = 3

_SHARES = {
    "previous": "previous token",
    "next": "next token",
    "self": "current token",
    "induction": "induction",
    "same": "same token",
    "first": "first-token sink",
    "separator": "separators",
    "punctuation": "punctuation",
}


def summarize_heads(map_: AttentionMap, top: int) -> list[HeadSummary]:
    """One summary per layer and head, with the `top` strongest links of what is shown."""
    everywhere = _targets(map_)
    summaries = []
    for layer in range(len(map_.layers) if map_.queries else 0):
        visible = map_.visible[layer]
        targets = {name: target & visible for name, target in everywhere.items()}
        seen = visible.sum(-1)
        summaries += [_summary(map_, targets, seen, layer, head, top) for head in range(len(map_.heads))]
    return summaries


def _summary(
    map_: AttentionMap, targets: dict[str, Array], seen: Array, layer: int, head: int, top: int
) -> HeadSummary:
    """`seen`: how many keys each query of the layer could see."""
    weights = map_.weights[layer, head]
    measures = _measures(map_, weights, targets, seen)
    pattern, strength = _pattern(measures, targets, seen)
    links = strongest_links(map_.shown[layer, head], top)
    return HeadSummary(map_.kind, map_.layers[layer], map_.heads[head], pattern, strength, measures, links)


def _targets(map_: AttentionMap) -> dict[str, Array]:
    """For each share, which keys count for which query: (queries, keys) of booleans."""
    queries, keys = len(map_.queries), len(map_.keys)
    separator = [token.special for token in map_.keys]
    punctuation = [token.punctuation for token in map_.keys]
    if map_.kind is Kind.CROSS:
        columns = {"separator": separator, "punctuation": punctuation}
        return {name: np.tile(column, (queries, 1)) for name, column in columns.items()}
    ahead = np.arange(keys) - np.arange(queries)[:, None]
    texts = np.array([token.text for token in map_.keys], dtype=object)
    same = (texts == texts[:, None]) & (ahead != 0)
    behind_same = np.zeros_like(same)
    behind_same[:, 1:] = same[:, :-1]
    # The first token has a measure of its own.
    separator = [special and place > 0 for place, special in enumerate(separator)]
    return {
        "self": ahead == 0,
        "previous": ahead == -1,
        "next": ahead == 1,
        "first": np.tile(np.arange(keys) == 0, (queries, 1)) & (ahead != 0),
        "separator": np.tile(separator, (queries, 1)),
        "punctuation": np.tile(punctuation, (queries, 1)),
        "same": same,
        # Olsson et al. 2022: from a token to the one that followed it before.
        "induction": behind_same & (ahead < 0),
    }


def _measures(map_: AttentionMap, weights: Array, targets: dict[str, Array], seen: Array) -> dict[str, float | None]:
    """Entropy in bits, distance in tokens, shares of 0 to 1."""
    entropy = _entropy(weights)
    choosing = seen > 1
    even = np.log2(seen[choosing])
    relative = float((entropy[choosing] / even).mean()) if choosing.any() else None
    shares = {name: _share(weights, target) for name, target in targets.items()}
    return {
        "entropy": float(entropy.mean()),
        "relative_entropy": relative,
        "distance": _distance(map_, weights),
        "monotonicity": _monotonicity(weights) if map_.kind is Kind.CROSS else None,
        **{name: shares.get(name) for name in _SHARES},
    }


def _entropy(weights: Array) -> Array:
    """-Σ w log₂ w of each row, in bits."""
    logarithms = np.log2(np.where(weights > 0, weights, 1.0))
    bits: Array = np.maximum(0.0, -(weights * logarithms).sum(-1))
    return bits


def _distance(map_: AttentionMap, weights: Array) -> float | None:
    """Σ w · |query - key|; places of input and output are not comparable."""
    if map_.kind is Kind.CROSS:
        return None
    ahead = np.arange(weights.shape[1]) - np.arange(weights.shape[0])[:, None]
    return float((weights * np.abs(ahead)).sum(-1).mean())


def _monotonicity(weights: Array) -> float | None:
    """Pearson's correlation of a query's place and the mean place of what it attends to."""
    places = weights @ np.arange(weights.shape[1])
    if len(places) < 3 or float(places.std()) < 1e-6:
        return None
    return float(np.corrcoef(np.arange(len(places)), places)[0, 1])


def _share(weights: Array, target: Array) -> float | None:
    """The weight on the target, over the queries that have one."""
    rows = target.any(-1)
    return float((weights * target).sum(-1)[rows].mean()) if rows.any() else None


def _pattern(measures: dict[str, float | None], targets: dict[str, Array], seen: Array) -> tuple[str, float]:
    """The pattern with the largest share, else what entropy says."""
    held = {}
    for name, pattern in _SHARES.items():
        share = measures[name]
        if share is None or not _is_frequent(name, targets[name]):
            continue
        rows = targets[name].any(-1)
        even = float((targets[name].sum(-1) / seen)[rows].mean())
        if share >= LEAST_SHARE and share >= min(TIMES_EVEN * even, 0.9):
            held[pattern] = share
    if held:
        best = max(held, key=lambda pattern: held[pattern])
        return best, held[best]
    return _shape(measures)


def _is_frequent(name: str, target: Array) -> bool:
    return name not in {"same", "induction"} or int(target.any(-1).sum()) >= LEAST_REPEATS


def _shape(measures: dict[str, float | None]) -> tuple[str, float]:
    relative, monotonicity = measures["relative_entropy"], measures["monotonicity"]
    if relative is None:
        return "mixed", 0.0
    if monotonicity is not None and monotonicity >= MONOTONE and relative < BROAD:
        return "monotone alignment", monotonicity
    if relative >= BROAD:
        return "broad", relative
    return ("focused", 1 - relative) if relative <= FOCUSED else ("mixed", 1 - relative)


def strongest_links(matrix: Array, top: int) -> tuple[Link, ...]:
    """The `top` largest cells of (queries, keys), the largest first; of equal ones the first in reading order."""
    order = np.argsort(-matrix, axis=None, kind="stable")[:top]
    cells = [divmod(int(cell), matrix.shape[1]) for cell in order]
    return tuple(Link(query, key, float(matrix[query, key])) for query, key in cells if matrix[query, key] > 0)
