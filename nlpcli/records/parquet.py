"""Parquet: Arrow batches in and out, with rows of Python beside them where the input has no Arrow."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO, cast

import orjson

from nlpcli.errors import InputBroken
from nlpcli.records.arrow import ArrowRow, ArrowRows
from nlpcli.records.arrow_columns import column, declared_type, result_column
from nlpcli.records.json_text import encode_json
from nlpcli.records.parquet_spool import ParquetSpool
from nlpcli.records.record import Record
from nlpcli.records.spool import enough_room, spool
from nlpcli.records.table import ERROR, InputColumns, OutputNames, result_row
from nlpcli.records.table_writer import check_unicode

log = logging.getLogger(__name__)

_ROWS_READ = 1024
# Records are turned into Arrow this many at a time.
_ROWS_TURNED = 1024
# https://pandas.pydata.org/docs/development/developer.html#storing-pandas-dataframe-objects-in-apache-parquet-format
_PANDAS = b"pandas"


def read_rows(name: str, source: BinaryIO | Iterator[bytes], from_row: int = 0) -> Iterator[tuple[int, ArrowRows]]:
    """The batches of a file, or of chunks of bytes that go to disk first: the format has its index at the end.

    Each comes with the number of rows before it. The first batch is empty: it has the schema, which a file without rows
    has too. Row groups that end before `from_row` are not read.

    Raises:
        InputBroken: it is no sound Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with ExitStack() as stack:
        if not hasattr(source, "seek"):
            spooled = stack.enter_context(spool())
            for chunk in source:
                with enough_room():
                    spooled.write(chunk)
            source = spooled
        try:
            file = pq.ParquetFile(source)
            schema = file.schema_arrow
            empty = pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)
            groups, before = _groups_from(file.metadata, from_row)
            yield before, ArrowRows(empty)
            # Each thread of Arrow's would keep memory of its own; the model needs the cores.
            for batch in file.iter_batches(_ROWS_READ, row_groups=groups, use_threads=False):
                yield before, ArrowRows(batch)
                before += batch.num_rows
        # Arrow says with OSError what is wrong inside a page.
        except (pa.ArrowException, OSError) as error:
            problem = f"{name} is not a sound parquet file: {error}"
            raise InputBroken(f"{problem}; fetch or write it again") from error


def _groups_from(metadata: Any, row: int) -> tuple[list[int], int]:
    """The row groups from that of `row` on, and how many rows stand before them."""
    before = 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if before + rows > row:
            return list(range(group, metadata.num_row_groups)), before
        before += rows
    return [], before


class ParquetWriter:
    """Columns of Parquet input as they are, and beside them the results in their declared types.

    Columns of other input get the narrowest type that holds all their values; where no type does (numbers and texts,
    integers over 64 bits), they are values of JSON, which is a type of Parquet.
    """

    def __init__(self, stream: BinaryIO, names: Mapping[str, str], columns: InputColumns | None) -> None:
        self._names = names
        self._known = columns
        self._output_names = OutputNames(names)
        self._spool = ParquetSpool(stream)
        self._records: list[Record] = []
        self._added: set[str] = set()
        self._json_before: set[str] = set()
        self._results = {name: declared_type(declared) for name, declared in {**names, ERROR: "string"}.items()}

    def write(self, record: Record) -> None:
        """Raises NotHeld where a field holds what is not Unicode."""
        if not isinstance(record.fields, ArrowRow):
            check_unicode(record.fields, "parquet")
        self._records.append(record)
        if len(self._records) == _ROWS_TURNED:
            self._turn()

    def close(self) -> None:
        self._turn()
        self._add_known_columns()
        if changed := [name for name in self._spool.finish() if name not in self._json_before]:
            names = ", ".join(encode_json(name).decode() for name in changed)
            log.warning("no one type of Parquet holds all values of %s; they are written as JSON", names)

    def _turn(self) -> None:
        """Records become tables: one for each run of records with the same kind of fields."""
        if self._known:
            # A copy: the thread that reads may add columns.
            self._output_names.add(tuple(self._known.fields))
        start = 0
        for place in range(1, len(self._records) + 1):
            if place == len(self._records) or not _alike(self._records[place - 1], self._records[place]):
                run = self._records[start:place]
                self._spool.add(self._with_results(self._input(run), run))
                start = place
        self._records.clear()

    def _input(self, records: Sequence[Record]) -> Any:
        import pyarrow as pa

        if isinstance(records[0].fields, ArrowRow):
            return self._arrow_input([cast(ArrowRow, record.fields) for record in records])
        rows = [self._output_names.row(record.fields) for record in records]
        self._added.update(*(record.fields for record in records), [ERROR])
        arrays = {
            name: column([row.get(name) for row in rows]) for name in dict.fromkeys(n for row in rows for n in row)
        }
        # A table without columns would have no rows either; the results come beside them.
        return pa.table(arrays)

    def _arrow_input(self, rows: Sequence[ArrowRow]) -> Any:
        import pyarrow as pa

        slices = []
        start = 0
        for place in range(1, len(rows) + 1):
            if place == len(rows) or rows[place].rows is not rows[place - 1].rows:
                slices.append(_taken(rows[start:place]))
                start = place
        table = pa.Table.from_batches(slices)
        renamed = table.rename_columns(self._column_names(rows[0].rows))
        new_names = {
            name: new for name, new in zip(table.schema.names, renamed.schema.names, strict=True) if name != new
        }
        return renamed.replace_schema_metadata(_renamed_metadata(table.schema.metadata, new_names))

    def _column_names(self, rows: ArrowRows) -> list[str]:
        """The names as they are, repeated ones too; those of results are changed."""
        import pyarrow as pa

        self._output_names.add(rows.names)
        self._added.update(rows.names)
        names = [
            self._output_names[known] if name in self._results else name
            for name, known in zip(rows.batch.schema.names, rows.names, strict=True)
        ]
        kinds = zip(names, rows.batch.schema.types, strict=True)
        self._json_before.update(name for name, kind in kinds if kind.equals(pa.json_()))
        return names

    def _with_results(self, table: Any, records: Sequence[Record]) -> Any:
        import pyarrow as pa

        rows = [result_row(record, self._names) for record in records]
        fields, arrays = list(table.schema), table.columns
        for name, kind in self._results.items():
            array = result_column([row[name] for row in rows], kind)
            fields.append(pa.field(name, array.type))
            arrays.append(array)
        return pa.table(arrays, schema=pa.schema(fields, metadata=table.schema.metadata))

    def _add_known_columns(self) -> None:
        """Every column that the input is known to have, also where no record had it."""
        import pyarrow as pa

        known = self._known or InputColumns()
        missing = {name: field for name, field in known.fields.items() if name not in self._added}
        if not missing and self._added:
            return
        self._output_names.add(missing)
        fields = [self._known_field(name, field) for name, field in missing.items()]
        fields += [pa.field(name, kind or pa.null()) for name, kind in self._results.items()]
        schema = pa.schema(fields, metadata=known.metadata)
        self._spool.add(pa.Table.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema))

    def _known_field(self, name: str, field: Any) -> Any:
        import pyarrow as pa

        if field is None:
            return pa.field(self._output_names[name], pa.string())
        return field.with_name(self._output_names[name]) if field.name in self._results else field


def _renamed_metadata(metadata: Mapping[bytes, bytes] | None, new_names: Mapping[str, str]) -> Any:
    """The metadata of a schema; what pandas keeps there of columns that have another name now follows them."""
    if not new_names or not metadata or _PANDAS not in metadata:
        return metadata
    try:
        pandas = orjson.loads(metadata[_PANDAS])
        index = [new_names.get(name, name) if isinstance(name, str) else name for name in pandas["index_columns"]]
        columns = [
            {**column, **{key: new_names.get(column.get(key), column.get(key)) for key in ("name", "field_name")}}
            for column in pandas["columns"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return metadata  # not as pandas writes it, so that pandas does not read it either
    return {**metadata, _PANDAS: orjson.dumps({**pandas, "index_columns": index, "columns": columns})}


def _alike(first: Record, second: Record) -> bool:
    one, other = first.fields, second.fields
    if isinstance(one, ArrowRow) and isinstance(other, ArrowRow):
        return one.rows is other.rows or bool(one.rows.batch.schema.equals(other.rows.batch.schema))
    return isinstance(one, ArrowRow) == isinstance(other, ArrowRow)


def _taken(rows: Sequence[ArrowRow]) -> Any:
    """Rows of one batch; those that follow each other are not copied."""
    import pyarrow as pa

    batch, first, last = rows[0].rows.batch, rows[0].index, rows[-1].index
    if last - first + 1 == len(rows) and all(row.index == first + place for place, row in enumerate(rows)):
        return batch.slice(first, len(rows))
    return batch.take(pa.array([row.index for row in rows]))
