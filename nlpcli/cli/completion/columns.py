"""The names of the columns of a file, out of its first bytes (of Parquet: its last)."""

from __future__ import annotations

import json
import os
from typing import BinaryIO

from nlpcli.records.compression import plain_chunks
from nlpcli.records.content import content_of
from nlpcli.records.delimited import Dialect, dialect, rows
from nlpcli.records.formats import FileFormat, compression_of, input_format, named_input_format

_MOST_BYTES = 1 << 18


def columns(path: str, format_name: str = "", delimiter: str | None = None) -> list[str]:
    """The fields that `--field` could name; none where the format has none.

    Raises:
        OSError: the file cannot be read.
        UsageError: `delimiter` is none.
        ValueError: it is not what its name says.
    """
    if not os.path.isfile(path):  # noqa: PTH113
        return []
    found = named_input_format(format_name) if format_name else input_format(path)
    with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs milliseconds
        content = content_of(plain_chunks(file, path), found or FileFormat("txt", compression_of(path)), path)
        if content.format == "parquet":
            return _parquet_columns(file) if content.raw else []
        if content.format == "txt":
            return []
        start = b""
        for chunk in content.chunks:
            start += chunk
            if len(start) >= _MOST_BYTES:
                break
    text = start.decode(content.encoding or "utf-8", errors="replace").removeprefix("\ufeff")
    if content.format in {"csv", "tsv"}:
        return _header(text, dialect(content.format, delimiter))
    return _json_columns(text)


def _header(text: str, how: Dialect) -> list[str]:
    return next((row.cells for row in rows([text], how)), [])


def _json_columns(text: str) -> list[str]:
    """The keys of the first object: of a line, of an array, or by itself."""
    start = text.lstrip().removeprefix("[").lstrip()
    value, _ = json.JSONDecoder().raw_decode(start)
    return list(value) if isinstance(value, dict) else []


def _parquet_columns(file: BinaryIO) -> list[str]:
    # Its import takes a fifth of a second; no other file pays for it.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(file).names)
    except pa.ArrowException as error:
        raise ValueError("no Parquet file") from error
