"""Records as rows: every input field, then the result fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlpcli.records.record import Record

ERROR = "error"


def input_fields(record: Record, result_names: Mapping[str, str]) -> dict[str, Any]:
    """The fields of the input; one that bears a result's name is kept as `input_<name>`."""
    return {
        f"input_{name}" if name in result_names or name == ERROR else name: value
        for name, value in record.fields.items()
    }


def object_row(record: Record, result_names: Mapping[str, str]) -> dict[str, Any]:
    """A row for JSON: `error` stands there only where there is one, and then the results are null."""
    row = input_fields(record, result_names)
    row.update(record.result or dict.fromkeys(result_names))
    if record.error is not None:
        row[ERROR] = record.error
    return row


def table_row(record: Record, result_names: Mapping[str, str]) -> dict[str, Any]:
    """A row for a table, whose columns cannot change on the way: every result field and `error` always stand there."""
    row = object_row(record, result_names)
    for name in (*result_names, ERROR):
        row.setdefault(name, None)
    return row
