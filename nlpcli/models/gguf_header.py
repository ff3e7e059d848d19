"""The header of a GGUF file, read against the size of the file before anything believes it.

Format: ggml-org/ggml, `docs/gguf.md`: magic, version, counts, keys with values, then name, shape, type and place of
every tensor.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from nlpcli.errors import ModelUnusable, quoted

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_MOST_DIMENSIONS = 4
# 1.5 bits an element are the least that any type takes.
_MOST_ELEMENTS_A_BYTE = 8


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """`values`: numbers and texts by key, arrays as their lengths; `tensors`: the names of all."""

    values: dict[str, Any]
    tensors: frozenset[str]


def read_header(file: Path) -> GgufHeader:
    """What a file says of itself.

    Raises:
        ModelUnusable: it is no GGUF file, is cut off, or promises more than it is long.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise ModelUnusable(f"{quoted(file.name)} cannot be read as GGUF: it does not begin as such files do")
        try:
            return _Reader(stream, size).header()
        except (_Damaged, struct.error, UnicodeDecodeError) as error:
            raise ModelUnusable(
                f"{quoted(file.name)} cannot be read as GGUF: it is damaged or cut off ({error}); fetch it again"
            ) from error


class _Damaged(Exception):
    """The header contradicts the file."""


class _Reader:
    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size

    def header(self) -> GgufHeader:
        if (version := self._scalar("<I")) not in _VERSIONS:
            raise _Damaged(f"version {version}")
        tensor_count, key_count = self._scalar("<Q"), self._scalar("<Q")
        self._claim(tensor_count, 24)
        self._claim(key_count, 12)
        values = {}
        for _ in range(key_count):
            key = self._text()
            values[key] = self._value(self._scalar("<I"))
        return GgufHeader(values, frozenset(self._tensor() for _ in range(tensor_count)))

    def _claim(self, count: int, size: int) -> None:
        """`count` things of at least `size` bytes must fit into what is left."""
        if count * size > self._size - self._stream.tell():
            raise _Damaged(f"{count:,} entries in {self._size:,} bytes")

    def _bytes(self, length: int) -> bytes:
        self._claim(length, 1)
        return self._stream.read(length)

    def _scalar(self, form: str) -> Any:
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def _text(self) -> str:
        return self._bytes(self._scalar("<Q")).decode()

    def _value(self, kind: int) -> Any:
        if kind in _SCALARS:
            return self._scalar(_SCALARS[kind])
        if kind == _STRING:
            return self._bytes(self._scalar("<Q")).decode("utf-8", "replace")
        if kind != _ARRAY:
            raise _Damaged(f"a value of type {kind}")
        return self._array(self._scalar("<I"), self._scalar("<Q"))

    def _array(self, kind: int, length: int) -> int:
        if kind in _SCALARS:
            width = struct.calcsize(_SCALARS[kind])
            self._claim(length, width)
            self._stream.seek(length * width, 1)
        elif kind == _STRING:
            self._claim(length, 8)
            for _ in range(length):
                self._bytes(self._scalar("<Q"))
        else:
            raise _Damaged(f"a list of values of type {kind}")
        return length

    def _tensor(self) -> str:
        name, dimensions = self._text(), self._scalar("<I")
        if not 0 < dimensions <= _MOST_DIMENSIONS:
            raise _Damaged(f"{dimensions} dimensions")
        elements = 1
        for _ in range(dimensions):
            elements *= self._scalar("<Q")
        self._scalar("<I")
        if self._scalar("<Q") > self._size or not 0 < elements <= self._size * _MOST_ELEMENTS_A_BYTE:
            raise _Damaged(f"{name[:60]!r} does not fit")
        return name
