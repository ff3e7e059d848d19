"""Records with vectors → the nearest to a query, or the most similar pairs. Cosine similarity throughout."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from nlpcli.errors import UsageError
from nlpcli.records.record import Record

if TYPE_CHECKING:
    import numpy as np

    Vector = np.ndarray[Any, Any]

log = logging.getLogger(__name__)

DEFAULT_TOP = 10
# All pairs of this many records still fit a screenful of memory; more have to be asked for with --top.
MOST_UNLIMITED_RECORDS = 1000
_BLOCK = 1024
# Scores are compared as they are shown: what differs less is equal, and keeps the order of the input.
_DIGITS = 6
# By how much rounding (bfloat16, int8) moves a score at most, twice; and how many more may be looked at again, and
# are compared with the last that is shown.
_UNCERTAIN, _MORE = 0.04, 50


ScoreAgain = Callable[[list[Record]], list[float]]
"""The scores of records, by their nearest windows, as they are in float32."""


class _Scored(NamedTuple):
    """Ordered by score, then by earlier place, so that equal scores keep the order of the input."""

    score: float
    place: int
    item: Any


def nearest(
    records: Iterator[Record], query: Vector, top: int | None, again: ScoreAgain | None = None
) -> Iterator[Record]:
    """The `top` records nearest to `query`, best first; memory holds few more than these. Failed records follow.

    The result of each holds the `vectors` of its windows and their `spans`: a text is as near as its nearest window.
    Where vectors are rounded, `again` scores those that may be among the nearest as they are without.
    """
    import numpy as np

    best: list[_Scored] = []
    failed: list[Record] = []
    most = top or DEFAULT_TOP
    query = query / (np.linalg.norm(query) or 1)
    for number, record in enumerate(records):
        if record.result is None:
            failed.append(record)
            continue
        vectors = np.stack(record.result["vectors"])
        scores = (vectors @ query / np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)).round(_DIGITS)
        nearest_window = int(scores.argmax())
        start, end = record.result["spans"][nearest_window]
        score = round(float(scores[nearest_window]), _DIGITS)
        place = {"file": record.origin.source, "line": record.origin.line, "start": start, "end": end}
        record.result = {"score": score, **place}
        _keep_best(best, _Scored(score, -number, record), most + _MORE)
    ranked = sorted(best, reverse=True)
    if again is not None and ranked:
        ranked = _ranked_again(ranked, most, again)
    for scored in _shown(ranked, most):
        yield scored.item
    yield from failed


def _shown(ranked: list[_Scored], most: int) -> list[_Scored]:
    """The best, where it is said how many are left out that are as good as the last of them."""
    shown = ranked[:most]
    equal = sum(scored.score == shown[-1].score for scored in ranked[most:]) if shown else 0
    if equal:
        log.warning(
            "%d more with the score of the last, %.4f; --top %d shows them", equal, shown[-1].score, most + equal
        )
    return shown


def _ranked_again(ranked: list[_Scored], most: int, again: ScoreAgain) -> list[_Scored]:
    least = ranked[:most][-1].score - _UNCERTAIN
    near = [scored for scored in ranked if scored.score >= least]
    found = []
    for scored, score in zip(near, again([scored.item for scored in near]), strict=True):
        exact = round(score, _DIGITS)
        scored.item.result["score"] = exact
        found.append(scored._replace(score=exact))
    return sorted(found, reverse=True)


def pairs(records: Iterator[Record], top: int | None) -> Iterator[Record]:
    """All pairs, or the `top` most similar ones, best first. All vectors are held in memory.

    Raises:
        UsageError: there is but one record, or there are too many pairs to list them all.
    """
    import numpy as np

    failed: list[Record] = []
    kept: list[Record] = []
    for record in records:
        (kept if record.result else failed).append(record)
    if len(kept) == 1 and not failed:
        raise UsageError("--similarity compares records with each other, and there is only one; give at least two")
    if top is None and len(kept) > MOST_UNLIMITED_RECORDS:
        raise UsageError(f"{len(kept)} records make {len(kept) * (len(kept) - 1) // 2:,} pairs; limit them: --top 100")
    if len(kept) > 1:
        vectors = np.stack([(record.result or {})["embedding"] for record in kept])
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        for scored in _shown(_best_pairs(vectors, (top + _MORE) if top else len(kept) ** 2), top or len(kept) ** 2):
            first, second = scored.item
            yield _pair(kept[first], kept[second], scored.score)
    yield from failed


def _best_pairs(vectors: Vector, top: int) -> list[_Scored]:
    import numpy as np

    best: list[_Scored] = []
    for start in range(0, len(vectors), _BLOCK):
        scores = (vectors[start : start + _BLOCK] @ vectors.T).round(_DIGITS)
        rows, columns = np.nonzero(np.triu(np.ones_like(scores, dtype=bool), k=start + 1))
        flat = scores[rows, columns]
        if len(flat) > top:
            chosen = _largest(flat, top)
            rows, columns, flat = rows[chosen], columns[chosen], flat[chosen]
        for row, column, score in zip(rows.tolist(), columns.tolist(), flat.tolist(), strict=True):
            place = (start + row) * len(vectors) + column
            _keep_best(best, _Scored(score, -place, (start + row, column)), top)
    return sorted(best, reverse=True)


def _largest(scores: Vector, count: int) -> Vector:
    """The places of the `count` largest scores; of equal ones at the edge the earlier."""
    import numpy as np

    least = np.partition(scores, -count)[-count]
    above = np.flatnonzero(scores > least)
    return np.concatenate([above, np.flatnonzero(scores == least)[: count - len(above)]])


def _keep_best(best: list[_Scored], scored: _Scored, top: int) -> None:
    if len(best) < top:
        heapq.heappush(best, scored)
    else:
        heapq.heappushpop(best, scored)


def _pair(first: Record, second: Record, score: float) -> Record:
    fields = {"text_a": first.text, "text_b": second.text}
    return Record(first.text, fields, first.origin, result={"score": round(score, _DIGITS)})
