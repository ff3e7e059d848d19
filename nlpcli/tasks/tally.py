"""Labelled records → how often each label was given, and how surely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nlpcli.records.record import Origin, Record

CHOSEN = "chosen"
# The label of a record of whose labels none reaches the threshold.
NO_LABEL = "none"
_DIGITS = 6


@dataclass(slots=True)
class _Sum:
    """The records that got one label."""

    count: int = 0
    score: float = 0.0


def tally(records: Iterator[Record], labels: Sequence[str]) -> Iterator[Record]:
    """One record per label, the most frequent first: `count`, `share` of the records, mean `score`; then failed ones.

    Records without a label, because there was nothing to read in them, count in no share: their number has a row of its
    own, whose label is null, behind the others. The result of each record holds its labels (`chosen`) and `scores`.
    Where a record can have several labels it counts for each of them, and the shares add up to more than 1. Memory
    holds a number or two per label.
    """
    sums = {label: _Sum() for label in labels}
    failed: list[Record] = []
    count = empty = 0
    for record in records:
        if record.result is None:
            failed.append(record)
            continue
        if not record.result[CHOSEN]:
            empty += 1
            continue
        count += 1
        scores = record.result["scores"]
        for label in record.result[CHOSEN]:
            total = sums.setdefault(label, _Sum())
            total.count += 1
            total.score += scores[label] if label in scores else max(scores.values())
    for label, total in sorted(sums.items(), key=lambda item: -item[1].count):
        yield Record(label, {}, Origin("all records", 0), result=_row(label, total, count))
    if empty:
        row = {"label": None, "count": empty, "share": None, "score": None}
        yield Record("", {}, Origin("all records", 0), result=row)
    yield from failed


def _row(label: str, total: _Sum, count: int) -> dict[str, str | int | float | None]:
    return {
        "label": label,
        "count": total.count,
        "share": round(total.count / count, _DIGITS) if count else 0.0,
        "score": round(total.score / total.count, _DIGITS) if total.count else None,
    }
