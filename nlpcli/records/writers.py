"""Records → text, JSONL, JSON, CSV, TSV, Parquet or NPY, one at a time."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

import orjson

from nlpcli.errors import ExtraMissing, OutputError, UsageError
from nlpcli.records.record import Record
from nlpcli.records.table import ERROR, object_row, table_row

if TYPE_CHECKING:
    import numpy as np

ResultNames = Mapping[str, str]
"""Result field → type: `string`, `float64`, `int64`, or `list<float32>`, `map<string, float64>` and the like."""
# The type of a field whose values are objects: whatever they hold.
ANY_JSON = "json"


class Writer(Protocol):
    """Takes records in order; `close` ends the format (a bracket, an index) but not the stream."""

    def write(self, record: Record) -> None:
        """Write one record with its result or its error."""

    def close(self) -> None:
        """Finish what the format needs at its end."""


def encode_json(value: Any) -> bytes:
    """JSON in UTF-8 without spaces; arrays of numpy in the shortest form that reads back to the same bits."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY, default=_plain)
    except TypeError:
        # What orjson refuses and Python's own module can say: integers over 64 bits, half a surrogate pair.
        return json.dumps(value, ensure_ascii=True, default=_plain).encode()


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


class TextWriter:
    """One line per record (or NUL with `-0`); a record that failed is an empty line and keeps its place."""

    def __init__(self, stream: BinaryIO, render: Callable[[Record], str], terminator: bytes) -> None:
        self._stream = stream
        self._render = render
        self._terminator = terminator

    def write(self, record: Record) -> None:
        line = "" if record.result is None else self._render(record)
        self._stream.write(line.encode("utf-8", "replace") + self._terminator)
        self._stream.flush()

    def close(self) -> None:
        self._stream.flush()


class JsonlWriter:
    """One object per line."""

    def __init__(self, stream: BinaryIO, names: ResultNames) -> None:
        self._stream = stream
        self._names = names

    def write(self, record: Record) -> None:
        self._stream.write(encode_json(object_row(record, self._names)) + b"\n")
        self._stream.flush()

    def close(self) -> None:
        self._stream.flush()


class JsonWriter:
    """One array, an object a line."""

    def __init__(self, stream: BinaryIO, names: ResultNames) -> None:
        self._stream = stream
        self._names = names
        self._before = b"[\n"

    def write(self, record: Record) -> None:
        self._stream.write(self._before + encode_json(object_row(record, self._names)))
        self._before = b",\n"

    def close(self) -> None:
        self._stream.write(b"[]\n" if self._before == b"[\n" else b"\n]\n")


class TableWriter:
    """CSV or TSV; the columns are those of the first record. Lists and objects are written as JSON."""

    def __init__(self, stream: BinaryIO, names: ResultNames, delimiter: str) -> None:
        self._stream = stream
        self._names = names
        self._text = io.StringIO(newline="")
        self._rows = csv.writer(self._text, delimiter=delimiter, lineterminator="\n")
        self._columns: list[str] | None = None

    def write(self, record: Record) -> None:
        row = table_row(record, self._names)
        if self._columns is None:
            self._columns = list(row)
            self._rows.writerow(self._columns)
        _refuse_new_columns(row, self._columns, record)
        self._rows.writerow([_cell(row.get(column)) for column in self._columns])
        self._stream.write(self._text.getvalue().encode("utf-8", "replace"))
        self._stream.flush()
        self._text.seek(0)
        self._text.truncate()

    def close(self) -> None:
        self._stream.flush()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return encode_json(value).decode()


def _refuse_new_columns(row: Mapping[str, Any], columns: list[str], record: Record) -> None:
    if new := [name for name in row if name not in columns]:
        raise OutputError(
            f'{record.origin} has a field "{new[0]}" that the first record lacks, so the table has no column'
            " for it; write jsonl instead (-F jsonl)"
        )


class ParquetWriter:
    """Parquet in row groups of `GROUP` records; types come from the first group."""

    GROUP = 1024

    def __init__(self, stream: BinaryIO, names: ResultNames) -> None:
        try:
            import pyarrow.parquet
        except ImportError as error:
            raise ExtraMissing("writing parquet", "parquet") from error
        self._arrow = pyarrow
        self._stream = stream
        self._names = names
        self._rows: list[dict[str, Any]] = []
        self._schema: Any = None
        self._file: Any = None

    def write(self, record: Record) -> None:
        row = table_row(record, self._names)
        if self._schema is not None:
            _refuse_new_columns(row, self._schema.names, record)
        self._rows.append(row)
        if len(self._rows) == self.GROUP:
            self._write_group()

    def close(self) -> None:
        self._write_group()
        self._file.close()

    def _write_group(self) -> None:
        self._schema = self._schema or self._schema_of_rows()
        self._file = self._file or self._arrow.parquet.ParquetWriter(self._stream, self._schema)
        try:
            table = self._arrow.Table.from_pylist(self._rows, schema=self._schema)
        except (self._arrow.ArrowException, TypeError) as error:
            raise OutputError(
                f"a field changes its type on the way ({error}); write jsonl instead (-F jsonl)"
            ) from error
        self._file.write_table(table)
        self._rows.clear()

    def _schema_of_rows(self) -> Any:
        declared = {**self._names, ERROR: "string"}
        columns = list(dict.fromkeys(name for row in self._rows for name in row)) or list(declared)
        return self._arrow.schema([(name, self._type(name, declared)) for name in columns])

    def _type(self, name: str, declared: Mapping[str, str]) -> Any:
        arrow = self._arrow
        if name in declared and declared[name] != ANY_JSON:
            return self._declared_type(declared[name])
        inferred = arrow.array([row.get(name) for row in self._rows]).type
        # A column that is null so far says nothing about its later values; text can hold most of them.
        return arrow.string() if inferred == arrow.null() else inferred

    def _declared_type(self, declared: str) -> Any:
        kind, _, items = declared.removesuffix(">").rpartition("<")
        types = [getattr(self._arrow, item.strip())() for item in items.split(",")]
        return {"": lambda item: item, "list": self._arrow.list_, "map": self._arrow.map_}[kind](*types)


class NpyWriter:
    """One two-dimensional array, a row per record; a failed record is a row of NaN (of zeros for integers)."""

    def __init__(self, stream: BinaryIO, names: ResultNames) -> None:
        if len(names) != 1 or not next(iter(names.values())).startswith("list<"):
            raise UsageError("npy holds vectors, and these results are none; choose another format, such as -F jsonl")
        (self._column,) = names
        self._stream = stream
        # The header names the number of rows, which is known only at the end: rows wait on disk, not in memory.
        self._rows = tempfile.TemporaryFile()
        self._blank_rows_first = 0
        self._count = 0
        self._blank: np.ndarray[Any, Any] | None = None

    def write(self, record: Record) -> None:
        self._count += 1
        if record.result is not None:
            self._write_row(record.result[self._column])
        elif self._blank is None:
            self._blank_rows_first += 1
        else:
            self._rows.write(self._blank.tobytes())

    def _write_row(self, vector: np.ndarray[Any, Any]) -> None:
        if self._blank is None:
            import numpy as np

            floating = np.issubdtype(vector.dtype, np.floating)
            self._blank = np.full_like(vector, np.nan if floating else 0)
            self._rows.write(self._blank.tobytes() * self._blank_rows_first)
        self._rows.write(vector.tobytes())

    def close(self) -> None:
        import numpy as np

        blank = np.zeros(0, np.float32) if self._blank is None else self._blank
        header = {
            "descr": np.lib.format.dtype_to_descr(blank.dtype),
            "fortran_order": False,
            "shape": (self._count, len(blank)),
        }
        np.lib.format.write_array_header_1_0(self._stream, header)
        self._rows.seek(0)
        shutil.copyfileobj(cast(BinaryIO, self._rows), self._stream)
        self._rows.close()


def make_writer(
    format_name: str,
    stream: BinaryIO,
    names: ResultNames,
    render: Callable[[Record], str],
    null_separated: bool,
) -> Writer:
    """The writer for a format of `formats.OUTPUT_FORMATS`; `render` makes the line of the text format."""
    if format_name == "text":
        return TextWriter(stream, render, b"\0" if null_separated else b"\n")
    if format_name in {"csv", "tsv"}:
        return TableWriter(stream, names, "\t" if format_name == "tsv" else ",")
    writers: dict[str, Callable[[BinaryIO, ResultNames], Writer]] = {
        "jsonl": JsonlWriter,
        "json": JsonWriter,
        "parquet": ParquetWriter,
        "npy": NpyWriter,
    }
    return writers[format_name](stream, names)
