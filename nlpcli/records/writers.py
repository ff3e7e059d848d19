"""Records → text, JSONL, JSON, CSV, TSV, Parquet or NPY, one at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from nlpcli.errors import OutputError, UsageError
from nlpcli.records.json_text import encode_json
from nlpcli.records.record import Record
from nlpcli.records.spool import enough_room, spool
from nlpcli.records.table import InputColumns, object_row
from nlpcli.records.table_writer import TableWriter

if TYPE_CHECKING:
    import numpy as np

ResultNames = Mapping[str, str]
"""Result field → type: `string`, `float64`, `int64`, or `list<float32>`, `map<string, float64>` and the like.

`chunks<float32>`: a list of objects with `start`, `end` and `embedding`, a list of such numbers.
"""


class Writer(Protocol):
    """Takes records in order; `close` ends the format (a bracket, an index) but not the stream."""

    def write(self, record: Record) -> None:
        """Write one record with its result or its error."""

    def close(self) -> None:
        """Finish what the format needs at its end."""


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
        self._stream.flush()
        self._before = b",\n"

    def close(self) -> None:
        self._stream.write(b"[]\n" if self._before == b"[\n" else b"\n]\n")


class NpyWriter:
    """One two-dimensional array, a row per record or chunk; a failed record is a row of NaN (of zeros for integers)."""

    def __init__(self, stream: BinaryIO, names: ResultNames) -> None:
        types = [*names.values()]
        if len(types) != 1 or not types[0].startswith(("list<", "chunks<")) or types[0] == "list<string>":
            raise UsageError("npy holds vectors, and these results are none; choose another format, such as -F jsonl")
        (self._column,) = names
        self._stream = stream
        # The header names the number of rows, which is known only at the end: rows wait on disk, not in memory.
        self._rows = spool()
        self._blank_rows_first = 0
        self._count = 0
        self._blank: np.ndarray[Any, Any] | None = None

    def write(self, record: Record) -> None:
        if record.result is not None:
            for vector in _vectors(record.result[self._column]):
                self._write_row(vector)
            return
        self._count += 1
        if self._blank is None:
            self._blank_rows_first += 1
        else:
            self._put(self._blank.tobytes())

    @property
    def is_without_vector(self) -> bool:
        """Whether no record had a vector, so that the width is not known."""
        return self._blank is None

    def use_width_of(self, result: Mapping[str, Any]) -> None:
        """Take type and width from a result that is not written."""
        self._begin(_vectors(result[self._column])[0])

    def _write_row(self, vector: np.ndarray[Any, Any]) -> None:
        self._count += 1
        if self._blank is None:
            self._begin(vector)
        self._put(vector.tobytes())

    def _begin(self, vector: np.ndarray[Any, Any]) -> None:
        import numpy as np

        floating = np.issubdtype(vector.dtype, np.floating)
        self._blank = np.full_like(vector, np.nan if floating else 0)
        self._put(self._blank.tobytes() * self._blank_rows_first)

    def _put(self, rows: bytes) -> None:
        with enough_room():
            self._rows.write(rows)

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
        shutil.copyfileobj(self._rows, self._stream)
        self._rows.close()


def _vectors(value: Any) -> list[np.ndarray[Any, Any]]:
    """The vector of a record, or those of its chunks."""
    return [chunk["embedding"] for chunk in value] if isinstance(value, list) else [value]


class WordWriter:
    """The one document of Word that was read, translated."""

    def __init__(self, stream: BinaryIO, names: ResultNames) -> None:
        if "translation" not in names:
            raise UsageError("only translate writes .docx; choose another format, such as -F jsonl")
        self._stream = stream
        self._count = 0

    def write(self, record: Record) -> None:
        if record.error is not None:
            raise OutputError(f"{record.origin}: {record.error}; nothing is written")
        if record.file is None:
            raise OutputError(
                f"{record.origin} is no document of Word, so that none can be written; write text (-F text)"
            )
        if self._count:
            raise OutputError("a .docx holds one document; translate one file at a time, or write jsonl (-F jsonl)")
        self._count += 1
        self._stream.write(record.file)

    def close(self) -> None:
        self._stream.flush()


def make_writer(
    format_name: str,
    stream: BinaryIO,
    names: ResultNames,
    render: Callable[[Record], str],
    null_separated: bool,
    columns: InputColumns | None = None,
) -> Writer:
    """The writer for a format of `formats.OUTPUT_FORMATS`; `render` makes the line of the text format.

    `columns` are those of the input, where its fields go out again: a table has them even without rows.
    """
    if format_name == "text":
        return TextWriter(stream, render, b"\0" if null_separated else b"\n")
    if format_name in {"csv", "tsv"}:
        return TableWriter(stream, names, format_name, columns)
    if format_name == "docx":
        return WordWriter(stream, names)
    if format_name == "parquet":
        from nlpcli.records.parquet import ParquetWriter

        return ParquetWriter(stream, names, columns)
    writers: dict[str, Callable[[BinaryIO, ResultNames], Writer]] = {
        "jsonl": JsonlWriter,
        "json": JsonWriter,
        "npy": NpyWriter,
    }
    return writers[format_name](stream, names)
