"""Records with spans → how often each was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nlpcli.records.record import Origin, Record


@dataclass(slots=True)
class _Found:
    """One text of one label: how often, and in how many records."""

    count: int = 0
    records: int = 0


def tally_spans(
    records: Iterator[Record], found_in: Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]
) -> Iterator[Record]:
    """One record for each label and text, the most frequent first (then as they came); then the records that failed.

    `found_in` gives label and text of each thing in a result. White space within a text is one space. Memory holds two
    numbers for each text.
    """
    found: dict[tuple[str, str], _Found] = {}
    failed: list[Record] = []
    for record in records:
        if record.result is None:
            failed.append(record)
            continue
        here = [(label, " ".join(text.split())) for label, text in found_in(record.result)]
        for key in here:
            found.setdefault(key, _Found()).count += 1
        for key in set(here):
            found[key].records += 1
    for (label, text), sums in sorted(found.items(), key=lambda item: -item[1].count):
        row = {"label": label, "text": text, "count": sums.count, "records": sums.records}
        yield Record(text, {}, Origin("all records", 0), result=row)
    yield from failed
