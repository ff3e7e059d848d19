"""Records as rows: every input field, then the result fields; and the names that the columns have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nlpcli.errors import OutputError
from nlpcli.records.record import Record

ERROR = "error"
# The type of a result field whose values are objects: whatever they hold.
ANY_JSON = "json"


class NotHeld(OutputError):
    """A format cannot hold a field of a record, of which nothing was written; `fields` is what it can hold."""

    def __init__(self, problem: str, fields: Mapping[str, Any]) -> None:
        super().__init__(problem)
        self.fields = fields


@dataclass(slots=True)
class InputColumns:
    """The columns of the input, as far as headers say them: each name with its Arrow field, where it has one."""

    fields: dict[str, Any] = field(default_factory=dict)
    metadata: Any = None
    """That of the schema of the first Parquet file."""

    def add(self, names: Iterable[str]) -> None:
        """Columns of which only the name is known."""
        for name in names:
            self.fields.setdefault(name, None)

    def add_schema(self, schema: Any, names: Iterable[str]) -> None:
        """The columns of a Parquet file under names of their own."""
        self.metadata = self.metadata or schema.metadata
        for name, column in zip(names, schema, strict=True):
            self.fields[name] = self.fields.get(name) or column


def distinct(names: Collection[str]) -> list[str]:
    """Names without repetition, so that no column hides another: a, a → a, a_2."""
    return free_names(names, ())


def free_names(names: Collection[str], reserved: Collection[str]) -> list[str]:
    """A name of its own for each of `names`: the same where it can be, and none of `reserved`, which get `input_`."""
    used = {*names, *reserved}
    seen: set[str] = set()
    counts: Counter[str] = Counter()
    return [_free(name, reserved, used, seen, counts) for name in names]


def _free(name: str, reserved: Collection[str], used: set[str], seen: set[str], counts: Counter[str]) -> str:
    if name not in seen and name not in reserved:
        seen.add(name)
        return name
    stem = f"input_{name}" if name in reserved else name
    candidate = stem
    while candidate in used:
        # Counting goes on where it stopped: many repeated names take linear time.
        counts[stem] = max(counts[stem], 1) + 1
        candidate = f"{stem}_{counts[stem]}"
    used.add(candidate)
    return candidate


class OutputNames:
    """Input field → column of a table, the same for all records: one that bears a result's name gets a free one."""

    def __init__(self, result_names: Mapping[str, str]) -> None:
        self._reserved = {*result_names, ERROR}
        self._names: dict[str, str] = {}
        self._used: set[str] = set()

    def add(self, fields: Iterable[str]) -> None:
        """Names for fields that have none yet."""
        new = [name for name in dict.fromkeys(fields) if name not in self._names]
        if not new:
            return
        clean = [name for name in new if name not in self._reserved and name not in self._used]
        self._used.update(clean)
        self._names.update(zip(clean, clean, strict=True))
        for name in new:
            if name not in self._names:
                self._names[name] = free_names([name], {name, *self._reserved, *self._used})[0]
                self._used.add(self._names[name])

    def __getitem__(self, name: str) -> str:
        return self._names[name]

    def row(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields under the names of their columns."""
        self.add(fields)
        return {self._names[name]: value for name, value in fields.items()}


def input_fields(record: Record, result_names: Mapping[str, str]) -> dict[str, Any]:
    """The fields of the input; one that bears a result's name is kept as `input_<name>`, or the next free name."""
    fields = dict(record.fields)
    if ERROR not in fields and result_names.keys().isdisjoint(fields):
        return fields
    return dict(zip(free_names(fields, {*result_names, ERROR}), fields.values(), strict=True))


def object_row(record: Record, result_names: Mapping[str, str]) -> dict[str, Any]:
    """A row for JSON: `error` stands there only where there is one, and then the results are null."""
    row = input_fields(record, result_names)
    row.update(record.result or dict.fromkeys(result_names))
    if record.error is not None:
        row[ERROR] = record.error
    return row


def result_row(record: Record, result_names: Mapping[str, str]) -> dict[str, Any]:
    """The result columns of a table, which cannot change on the way: every result field and `error` stand there."""
    return {**dict.fromkeys(result_names), **(record.result or {}), ERROR: record.error}
