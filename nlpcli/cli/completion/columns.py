"""The names of the columns of a file, out of its first bytes (of Parquet: its last)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from nlpcli.records.compression import plain_chunks
from nlpcli.records.content import content_of
from nlpcli.records.formats import FileFormat, compression_of, input_format, named_input_format

_MOST_BYTES = 1 << 18
_MAGIC = b"PAR1"


def columns(path: str, format_name: str = "") -> list[str]:
    """The fields that `--field` could name; none where the format has none.

    Raises:
        OSError: the file cannot be read.
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
    return _READERS[content.format](text)


def _csv_columns(text: str) -> list[str]:
    return _header(text, ",")


def _tsv_columns(text: str) -> list[str]:
    return _header(text, "\t")


def _header(text: str, delimiter: str) -> list[str]:
    import csv

    return next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), [])


def _json_columns(text: str) -> list[str]:
    """The keys of the first object: of a line, of an array, or by itself."""
    start = text.lstrip().removeprefix("[").lstrip()
    value, _ = json.JSONDecoder().raw_decode(start)
    return list(value) if isinstance(value, dict) else []


_READERS: dict[str, Callable[[str], list[str]]] = {
    "csv": _csv_columns,
    "tsv": _tsv_columns,
    "json": _json_columns,
    "jsonl": _json_columns,
}


def _parquet_columns(file: BinaryIO) -> list[str]:
    """The schema behind the data, without pyarrow, whose import alone takes a fifth of a second.

    The footer is a struct in Thrift's compact protocol (parquet-format, FileMetaData): its field 2 is the list of
    columns, each with its name in field 4 and its number of children in field 5, depth first from the root.
    """
    file.seek(-8, os.SEEK_END)
    size = int.from_bytes(file.read(4), "little")
    if file.read(4) != _MAGIC:
        raise ValueError("no Parquet file")
    file.seek(-8 - size, os.SEEK_END)
    elements = _Thrift(file.read(size)).struct()[2]
    return [name.decode() for name in _children(iter(elements))]


def _children(elements: Iterator[dict[int, Any]]) -> Iterator[bytes]:
    root = next(elements)
    for _ in range(root.get(5, 0)):
        child = next(elements)
        yield child[4]
        _skip(elements, child.get(5, 0))


def _skip(elements: Iterator[dict[int, Any]], count: int) -> None:
    for _ in range(count):
        _skip(elements, next(elements).get(5, 0))


class _Thrift:
    """Reads Thrift's compact protocol (thrift/doc/specs/thrift-compact-protocol.md)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def struct(self) -> dict[int, Any]:
        """Values by the numbers of their fields."""
        fields: dict[int, Any] = {}
        number = 0
        while head := self.byte():
            number = number + (head >> 4) if head >> 4 else self.integer()
            fields[number] = self._value(head & 15)
        return fields

    def _value(self, kind: int) -> Any:
        if kind in {1, 2}:
            return kind == 1
        return _THRIFT_READERS[kind](self)

    def byte(self) -> int:
        self._place += 1
        return self._data[self._place - 1]

    def _unsigned(self) -> int:
        value = shift = 0
        while (byte := self.byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
        return value | byte << shift

    def integer(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def double(self) -> bytes:
        return self._take(8)

    def binary(self) -> bytes:
        return self._take(self._unsigned())

    def _take(self, size: int) -> bytes:
        self._place += size
        return self._data[self._place - size : self._place]

    def items(self) -> list[Any]:
        head = self.byte()
        size = head >> 4
        count = size if size < 15 else self._unsigned()
        kind = head & 15
        # In a list a boolean is a byte of its own.
        return [self.byte() == 1 if kind in {1, 2} else self._value(kind) for _ in range(count)]


_THRIFT_READERS: dict[int, Callable[[_Thrift], Any]] = {
    3: _Thrift.byte,
    4: _Thrift.integer,
    5: _Thrift.integer,
    6: _Thrift.integer,
    7: _Thrift.double,
    8: _Thrift.binary,
    9: _Thrift.items,
    10: _Thrift.items,
    12: _Thrift.struct,
}
