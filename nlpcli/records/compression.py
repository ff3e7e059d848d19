"""Bytes of a file or stream, decompressed on the way."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol, cast

import zstandard

from nlpcli.errors import InputBroken

CHUNK_BYTES = 1 << 16


class _ReadsPromptly(Protocol):
    """`read1` returns what is there; `read` would wait until a chunk is full."""

    def read1(self, size: int, /) -> bytes: ...


def plain_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The stream as it comes; a slow pipe gives small chunks at once."""
    prompt = cast(_ReadsPromptly, stream)
    while chunk := prompt.read1(CHUNK_BYTES):
        yield chunk


def _zstd_chunks(stream: BinaryIO) -> Iterator[bytes]:
    # ZstdDecompressor.stream_reader ends silently on a truncated file; only decompressobj tells (`eof`).
    decompressor = None
    for compressed in plain_chunks(stream):
        data = compressed
        while data:
            decompressor = decompressor or zstandard.ZstdDecompressor().decompressobj()
            yield decompressor.decompress(data)
            data = decompressor.unused_data
            if decompressor.eof:
                decompressor = None
    if decompressor is not None:
        raise EOFError("the last frame has no end")


_OPENERS: dict[str, Callable[[BinaryIO], Iterator[bytes]]] = {
    ".gz": lambda stream: plain_chunks(cast(BinaryIO, gzip.GzipFile(fileobj=stream))),
    ".bz2": lambda stream: plain_chunks(cast(BinaryIO, bz2.BZ2File(stream))),
    ".xz": lambda stream: plain_chunks(cast(BinaryIO, lzma.LZMAFile(stream))),
    ".zst": _zstd_chunks,
}
SUFFIXES = frozenset(_OPENERS)


def chunks(stream: BinaryIO, suffix: str, name: str) -> Iterator[bytes]:
    """The decompressed bytes of `stream`; `suffix` is one of `SUFFIXES`, or empty for plain bytes.

    Raises:
        InputBroken: the data cannot be read, or is truncated or damaged; the message names `name`.
    """
    if not suffix:
        try:
            yield from plain_chunks(stream)
        except OSError as error:
            raise InputBroken(f"cannot read {name}: {error.strerror}; check the disk or the network share") from error
        return
    try:
        yield from _OPENERS[suffix](stream)
    except EOFError as error:
        raise InputBroken(f"{name} is truncated: {error}; fetch or compress it again") from error
    except (OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise InputBroken(f"{name} is not a sound {suffix} file: {error}; fetch or compress it again") from error


def compressed(stream: BinaryIO, suffix: str) -> BinaryIO:
    """A stream that compresses into `stream`; closing it finishes the format and leaves `stream` open."""
    if suffix == ".gz":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="wb", mtime=0))
    if suffix == ".bz2":
        return cast(BinaryIO, bz2.BZ2File(stream, "wb"))
    if suffix == ".xz":
        return cast(BinaryIO, lzma.LZMAFile(stream, "wb"))
    return cast(BinaryIO, zstandard.ZstdCompressor().stream_writer(stream, closefd=False))
