"""Parquet: Arrow batches in and out, with rows of Python beside them where the input has no Arrow."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO, cast

import orjson

from nlpcli.errors import InputBroken
from nlpcli.records.arrow import ArrowRow, ArrowRows, json_values
from nlpcli.records.json_text import Number, encode_json
from nlpcli.records.record import Record
from nlpcli.records.spool import enough_room, spool
from nlpcli.records.table import ANY_JSON, ERROR, InputColumns, OutputNames, result_row
from nlpcli.records.table_writer import check_unicode

log = logging.getLogger(__name__)

_ROWS_READ = 1024
# Records are turned into Arrow this many at a time, and written when a row group has this many rows or bytes.
_ROWS_TURNED = 1024
_ROWS_WRITTEN = 16 * 1024
_BYTES_WRITTEN = 8 << 20
# Objects with more keys than this are maps of some kind, and no structs.
_MOST_KEYS = 1000
_MOST_LEVELS = 32
# https://pandas.pydata.org/docs/development/developer.html#storing-pandas-dataframe-objects-in-apache-parquet-format
_PANDAS = b"pandas"


def read_rows(name: str, source: BinaryIO | Iterator[bytes]) -> Iterator[ArrowRows]:
    """The batches of a file, or of chunks of bytes that go to disk first: the format has its index at the end.

    The first batch is empty: it has the schema, which a file without rows has too.

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
            yield ArrowRows(pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema))
            # Each thread of Arrow's would keep memory of its own; the model needs the cores.
            for batch in file.iter_batches(_ROWS_READ, use_threads=False):
                yield ArrowRows(batch)
        # Arrow says with OSError what is wrong inside a page.
        except (pa.ArrowException, OSError) as error:
            problem = f"{name} is not a sound parquet file: {error}"
            raise InputBroken(f"{problem}; fetch or write it again") from error


class ParquetWriter:
    """Columns of Parquet input as they are, and beside them the results in their declared types.

    Columns of other input get the narrowest type that holds all their values; where no type does (numbers and texts,
    integers over 64 bits), they are values of JSON, which is a type of Parquet.
    """

    def __init__(self, stream: BinaryIO, names: Mapping[str, str], columns: InputColumns | None) -> None:
        self._names = names
        self._known = columns
        self._output_names = OutputNames(names)
        self._spool = _Spool(stream)
        self._records: list[Record] = []
        self._added: set[str] = set()
        self._json_before: set[str] = set()
        self._results = {name: _declared_type(declared) for name, declared in {**names, ERROR: "string"}.items()}

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
            name: _column([row.get(name) for row in rows]) for name in dict.fromkeys(n for row in rows for n in row)
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
            array = _result_column([row[name] for row in rows], kind)
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


def _declared_type(declared: str) -> Any:
    """The Arrow type of a result; None where it is whatever the values are."""
    import pyarrow as pa

    if declared == ANY_JSON:
        return None
    kind, _, items = declared.removesuffix(">").rpartition("<")
    types = [getattr(pa, item.strip())() for item in items.split(",")]
    return {"": lambda item: item, "list": pa.list_, "map": pa.map_, "chunks": _list_of_chunks}[kind](*types)


def _list_of_chunks(number: Any) -> Any:
    import pyarrow as pa

    fields = {"start": pa.int64(), "end": pa.int64(), "embedding": pa.list_(number)}
    return pa.list_(pa.struct(list(fields.items())))


def _result_column(values: list[Any], kind: Any) -> Any:
    import pyarrow as pa
    from pyarrow import types

    if kind is None:
        return _column(values)
    if types.is_map(kind):
        values = [None if value is None else list(value.items()) for value in values]
    return pa.array(values, kind)


def _column(values: list[Any]) -> Any:
    """Values of any kind as an Arrow array that holds them all."""
    import pyarrow as pa

    try:
        array = pa.array(values)
    except OverflowError:
        return _unsigned(values)
    except (pa.ArrowException, TypeError, ValueError):
        return _json_column(values)
    return array if _is_writable(array.type) and _floats_are_exact(values, array.type) else _json_column(values)


def _unsigned(values: list[Any]) -> Any:
    import pyarrow as pa

    if any(type(value) is not int for value in values if value is not None):
        return _json_column(values)
    try:
        return pa.array(values, pa.uint64())
    except (pa.ArrowException, OverflowError):
        return _json_column(values)


def _json_column(values: list[Any]) -> Any:
    import pyarrow as pa

    texts = [None if value is None else encode_json(value).decode() for value in values]
    return pa.ExtensionArray.from_storage(pa.json_(), pa.array(texts, pa.string()))


def _is_writable(kind: Any, levels: int = _MOST_LEVELS) -> bool:
    """Parquet has no struct without fields, nor should one have thousands, or a value hundreds of levels."""
    from pyarrow import types

    if levels == 0:
        return False
    if types.is_struct(kind):
        return 0 < kind.num_fields <= _MOST_KEYS and all(_is_writable(field.type, levels - 1) for field in kind)
    return _is_writable(kind.value_type, levels - 1) if types.is_list(kind) else True


def _floats_are_exact(values: list[Any], kind: Any) -> bool:
    """Whether no digit was lost and no boolean became a number, which Arrow does not mind."""
    from pyarrow import types

    if not types.is_nested(kind):
        return not types.is_floating(kind) or all(map(_is_exact_float, values))
    numbers: list[Any] = []
    # Many times as fast as to look at each value, which is done only where there is something to find.
    try:
        encoded = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY, default=numbers.append)
    except TypeError:
        return False
    if not numbers and b"true" not in encoded and b"false" not in encoded:
        return True
    return all(_is_exact(value, kind) for value in values)


def _is_exact_float(value: Any) -> bool:
    return value is not True and value is not False and (type(value) is not Number or value.fits_float)


def _is_exact(value: Any, kind: Any) -> bool:
    from pyarrow import types

    if value is None:
        return True
    if types.is_struct(kind):
        return all(_is_exact(value.get(field.name), field.type) for field in kind)
    if types.is_list(kind):
        return all(_is_exact(item, kind.value_type) for item in value)
    return not types.is_floating(kind) or _is_exact_float(value)


class _Spool:
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
    return kind if _is_writable(kind) else pa.json_()


def _fitted(table: Any, schema: Any) -> Any:
    """`table` with the columns of `schema`; a column whose values do not fit its type becomes JSON."""
    import pyarrow as pa

    if table.schema.equals(schema):
        return table
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
    return _json_column([value for chunk in column.chunks for value in json_values(chunk)])
