"""Two inspections, head by head: of two texts by one model, or of one text by two."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

import numpy as np

from nlpcli.records.inspection import AttentionMap, Comparison, HeadDifference, Inspection, Token

Array = np.ndarray[Any, Any]


def compare(first: Inspection, second: Inspection) -> Comparison:
    """The difference of every head that both have, over the tokens that both have.

    Tokens are paired in order, equal ones first; as many that were replaced by as many are pairs too.
    """
    summaries = {(own.kind, own.layer, own.head): own for own in second.heads}
    paired = {map_.kind: _pairs_of(map_, second) for map_ in first.maps if second.map_of(map_.kind) is not None}
    differences = []
    for own in first.heads:
        other = summaries.get((own.kind, own.layer, own.head))
        before, after = first.map_of(own.kind), second.map_of(own.kind)
        if other is None or before is None or after is None:
            continue
        queries, keys = paired[own.kind]
        distance = _distance(_head(before, own.layer, own.head), _head(after, own.layer, own.head), queries, keys)
        differences.append(HeadDifference(own, other, distance))
    return Comparison(second, tuple(differences), paired)


def _head(map_: AttentionMap, layer: int, head: int) -> Array:
    matrix: Array = map_.shown[map_.layers.index(layer), map_.heads.index(head)]
    return matrix


def _pairs_of(map_: AttentionMap, second: Inspection) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    other = second.map_of(map_.kind)
    assert other is not None
    return _pairs(map_.queries, other.queries), _pairs(map_.keys, other.keys)


def _pairs(first: Sequence[Token], second: Sequence[Token]) -> list[tuple[int, int]]:
    texts = [[token.shown for token in tokens] for tokens in (first, second)]
    pairs = []
    for tag, a, b, c, d in SequenceMatcher(None, texts[0], texts[1], autojunk=False).get_opcodes():
        if tag == "equal" or (tag == "replace" and b - a == d - c):
            pairs += list(zip(range(a, b), range(c, d), strict=True))
    return pairs


def _distance(
    first: Array, second: Array, queries: Sequence[tuple[int, int]], keys: Sequence[tuple[int, int]]
) -> float | None:
    """Total variation of the rows, 0 to 1: the mean over the queries that both have. Keys that only one has count as
    one key. Of gradients it is relative to the larger row.
    """
    if not queries or not keys:
        return None
    rows, columns = (np.array(pairs).T for pairs in (queries, keys))
    a, b = first[np.ix_(rows[0], columns[0])], second[np.ix_(rows[1], columns[1])]
    rest = np.abs((first[rows[0]].sum(-1) - a.sum(-1)) - (second[rows[1]].sum(-1) - b.sum(-1)))
    scale = np.maximum(np.maximum(first[rows[0]].sum(-1), second[rows[1]].sum(-1)), 1e-12)
    return float((0.5 * (np.abs(a - b).sum(-1) + rest) / scale).mean())
