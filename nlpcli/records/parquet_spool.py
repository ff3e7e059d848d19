"""Tables whose schema may grow as one file of Parquet."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO

from nlpcli.records.arrow import json_values
from nlpcli.records.arrow_columns import is_writable, json_column
from nlpcli.records.spool import enough_room, spool

_ROWS_READ = 1024
# A row group is written when it has this many rows or bytes.
_ROWS_WRITTEN = 16 * 1024
_BYTES_WRITTEN = 8 << 20


class ParquetSpool:
    """Tables → one file of Parquet. They wait on disk until it is sure that no later one needs a wider schema.

    As long as each fits the schema of those before, there is one part, which is copied out as it is. A table that does
    not begins another part; at the end all parts are written again under the schema that holds them all.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.schema: Any = None
        self._stream = stream
        self._parts: list[BinaryIO] = []
        self._writer: Any = None
        self._waiting: list[Any] = []

    def add(self, table: Any) -> None:
        """Take a table into the file."""
        if self.schema is None or not table.schema.equals(self.schema):
            table = self._widen(table)
        self._waiting.append(table)
        rows, size = sum(t.num_rows for t in self._waiting), sum(t.nbytes for t in self._waiting)
        if rows >= _ROWS_WRITTEN or size >= _BYTES_WRITTEN:
            self._write()

    def _widen(self, table: Any) -> Any:
        if self.schema is not None:
            schema = _wider_schema(self.schema, table.schema)
            fitted = _fitted(table, schema)
            if schema.equals(self.schema) and fitted.schema.equals(schema):
                return fitted
            self._write()
            table, self.schema = fitted, fitted.schema
        else:
            self.schema = table.schema
        self._end_part()
        return table

    def _write(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self._waiting:
            return
        with enough_room():
            if self._writer is None:
                self._parts.append(spool())
                self._writer = pq.ParquetWriter(self._parts[-1], self._waiting[0].schema)
            self._writer.write_table(pa.concat_tables(self._waiting))
        self._waiting.clear()

    def _end_part(self) -> None:
        if self._writer is not None:
            with enough_room():
                self._writer.close()
            self._writer = None

    def finish(self) -> list[str]:
        """Write the file; the columns that it holds as JSON. Its parts on disk are gone then."""
        self._write()
        self._end_part()
        with ExitStack() as stack:
            for part in self._parts:
                stack.enter_context(part)
                part.seek(0)
            if len(self._parts) == 1:
                shutil.copyfileobj(self._parts[0], self._stream)
            else:
                self._merge()
        return [field.name for field in self.schema if getattr(field.type, "extension_name", "") == "arrow.json"]

    def _merge(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        files = [pq.ParquetFile(part) for part in self._parts]
        schema = self.schema
        # A cast can turn out not to be exact: such a column becomes JSON, and those that are not, are tried on.
        for file in files:
            for batch in file.iter_batches(_ROWS_READ, use_threads=False):
                schema = _fitted(pa.Table.from_batches([batch]), schema).schema
        self.schema = schema
        with pq.ParquetWriter(self._stream, schema) as writer:
            for file in files:
                for batch in file.iter_batches(_ROWS_WRITTEN, use_threads=False):
                    writer.write_table(_fitted(pa.Table.from_batches([batch]), schema))


def _wider_schema(one: Any, other: Any) -> Any:
    """The columns of both in types that hold the values of both; those that are new stand before the results."""
    import pyarrow as pa

    first, second = (dict(zip(_keys(schema.names), schema, strict=True)) for schema in (one, other))
    fields = [
        _wider_field(first[key], second[key])
        if key in first and key in second
        else (first.get(key) or second[key]).with_nullable(True)
        for key in _merged([*first], [*second])
    ]
    return pa.schema(fields, metadata=one.metadata)


def _keys(names: Sequence[str]) -> list[tuple[str, int]]:
    """Names that may stand there several times, each with its number."""
    counts: Counter[str] = Counter()
    keys = []
    for name in names:
        keys.append((name, counts[name]))
        counts[name] += 1
    return keys


def _merged(first: list[tuple[str, int]], second: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """New names of `second` stand before those with which both end, which are the results."""
    shared = 0
    while shared < min(len(first), len(second)) and first[-1 - shared] == second[-1 - shared]:
        shared += 1
    head = len(first) - shared
    return list(dict.fromkeys([*first[:head], *second[: len(second) - shared], *first[head:]]))


def _wider_field(one: Any, other: Any) -> Any:
    kind = _wider_type(one.type, other.type)
    return one.with_type(kind).with_nullable(one.nullable or other.nullable)


def _wider_type(one: Any, other: Any) -> Any:
    import pyarrow as pa
    from pyarrow import types

    if one.equals(other):
        return one
    if types.is_dictionary(one) or types.is_dictionary(other):
        one, other = (kind.value_type if types.is_dictionary(kind) else kind for kind in (one, other))
        return _wider_type(one, other)
    kinds = (one, other)
    if any(map(types.is_decimal, kinds)) and any(map(types.is_floating, kinds)):
        return pa.json_()
    try:
        schemas = [pa.schema([("column", kind)]) for kind in (one, other)]
        kind = pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except (pa.ArrowException, TypeError):
        return pa.json_()
    return kind if is_writable(kind) else pa.json_()


def _fitted(table: Any, schema: Any) -> Any:
    """`table` with the columns of `schema`; a column whose values do not fit its type becomes JSON."""
    import pyarrow as pa

    if table.schema.equals(schema):
        return table.replace_schema_metadata(schema.metadata)
    columns = dict(zip(_keys(table.schema.names), table.columns, strict=True))
    arrays = [
        _cast(columns[key], field.type) if key in columns else pa.nulls(table.num_rows, field.type)
        for key, field in zip(_keys(schema.names), schema, strict=True)
    ]
    fields = [field.with_type(array.type) for field, array in zip(schema, arrays, strict=True)]
    return pa.table(arrays, schema=pa.schema(fields, metadata=schema.metadata))


def _cast(column: Any, kind: Any) -> Any:
    import pyarrow as pa
    from pyarrow import types

    if column.type.equals(kind):
        return column
    if types.is_null(column.type):
        return pa.nulls(len(column), kind)
    if not kind.equals(pa.json_()):
        try:
            return column.cast(kind)
        except (pa.ArrowException, TypeError):
            pass  # A value does not fit exactly.
    return json_column([value for chunk in column.chunks for value in json_values(chunk)])
