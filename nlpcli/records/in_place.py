"""A result in the place of the text that it was made of, in whatever the input gave that text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nlpcli.records.field_path import NotThere, steps, value_at
from nlpcli.records.record import Record

if TYPE_CHECKING:
    from nlpcli.records.arrow import ArrowRow, ArrowRows


def in_place(records: Iterable[Record], field: str, result: str) -> Iterator[Record]:
    """The records with the value at `field` replaced by their result of that name; null where a record failed.

    Rows of Parquet come batch by batch, their other columns untouched.
    """
    rows: list[Record] = []
    for record in records:
        batch = getattr(record.fields, "rows", None)
        if rows and batch is not getattr(rows[0].fields, "rows", None):
            yield from _of_batch(rows, field, result)
            rows = []
        if batch is not None and field in batch.names:
            rows.append(record)
        else:
            record.fields = with_value(record.fields, field, _value(record, result))
            yield record
    if rows:
        yield from _of_batch(rows, field, result)


def _value(record: Record, result: str) -> Any:
    return None if record.result is None else record.result[result]


def with_value(fields: Mapping[str, Any], path: str, value: Any) -> Mapping[str, Any]:
    """The fields with another value at `path`; without such a field as they are."""
    if path in fields:
        return {**fields, path: value}
    try:
        value_at(fields, path)
    except NotThere:
        return fields
    changed: Mapping[str, Any] = _replaced(dict(fields), steps(path), value)
    return changed


def _replaced(inside: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    step, *rest = path
    copy: Any = dict(inside) if isinstance(inside, Mapping) else list(inside)
    copy[step] = _replaced(copy[step], tuple(rest), value)
    return copy


def _of_batch(records: list[Record], field: str, result: str) -> Iterator[Record]:
    from nlpcli.records.arrow import ArrowRow

    fields: list[ArrowRow] = [record.fields for record in records]  # type: ignore[misc]
    rows = _with_column(
        fields[0].rows, field, {row.index: _value(r, result) for row, r in zip(fields, records, strict=True)}
    )
    for record, row in zip(records, fields, strict=True):
        record.fields = ArrowRow(rows, row.index)
        yield record


def _with_column(rows: ArrowRows, field: str, texts: Mapping[int, Any]) -> ArrowRows:
    import pyarrow as pa
    from pyarrow import types

    from nlpcli.records.arrow import ArrowRows

    place, batch = rows.names[field], rows.batch
    before = batch.schema.field(place)
    is_text = types.is_string(before.type) or types.is_large_string(before.type) or types.is_string_view(before.type)
    kind = before.type if is_text else pa.string()
    column = pa.array([texts.get(index) for index in range(batch.num_rows)], kind)
    schema = batch.schema.set(place, before.with_type(kind).with_nullable(True))
    columns = [column if number == place else old for number, old in enumerate(batch.columns)]
    return ArrowRows(pa.RecordBatch.from_arrays(columns, schema=schema))
