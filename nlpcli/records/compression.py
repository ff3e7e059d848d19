"""Bytes of a file or stream, decompressed on the way."""

from __future__ import annotations

import bz2
import gzip
import logging
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

import zstandard

from nlpcli.errors import InputBroken

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 16
# A zstd frame says how much memory it needs; `zstd --long` goes up to 2 GiB, of which only what is used is touched.
_ZSTD_WINDOW = 1 << 31
# zstandard bounds no output: so many bytes can become some 50 MB at the most.
_ZSTD_STEP = 1 << 12
_BZIP2_BLOCK, _BZIP2_END = b"1AY&SY", b"\x17rE8P\x90"


class _ReadsPromptly(Protocol):
    """`read1` returns what is there; `read` would wait until a chunk is full."""

    def read1(self, size: int, /) -> bytes: ...


def plain_chunks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The stream as it comes; a slow pipe gives small chunks at once.

    Raises:
        InputBroken: it cannot be read; the message names `name`.
    """
    prompt = cast(_ReadsPromptly, stream)
    try:
        while chunk := prompt.read1(CHUNK_BYTES):
            yield chunk
    except OSError as error:
        raise InputBroken(f"cannot read {name}: {error.strerror}; check the disk or the network share") from error


def _inflate(member: Any, data: bytes) -> Iterator[bytes]:
    while data:
        yield member.decompress(data, CHUNK_BYTES)
        data = member.unconsumed_tail


def _expand(member: Any, data: bytes) -> Iterator[bytes]:
    yield member.decompress(data, CHUNK_BYTES)
    while not member.eof and not member.needs_input:
        yield member.decompress(b"", CHUNK_BYTES)


def _at_once(member: Any, data: bytes) -> Iterator[bytes]:
    yield member.decompress(data)


class _Compression(NamedTuple):
    """A format: its name, the first bytes of its members, a decompressor of one member, and how it is fed."""

    name: str
    magic: tuple[bytes, ...]
    member: Callable[[], Any]
    fed: Callable[[Any, bytes], Iterator[bytes]]
    step: int = CHUNK_BYTES


_FORMATS = {
    ".gz": _Compression("gzip", (b"\x1f\x8b\x08",), lambda: zlib.decompressobj(31), _inflate),
    ".bz2": _Compression(
        "bzip2",
        tuple(b"BZh%d" % size + block for size in range(1, 10) for block in (_BZIP2_BLOCK, _BZIP2_END)),
        bz2.BZ2Decompressor,
        _expand,
    ),
    ".xz": _Compression("xz", (b"\xfd7zXZ\0",), lzma.LZMADecompressor, _expand),
    ".zst": _Compression(
        "zstd",
        # Frames, and those that a reader passes over.
        (b"\x28\xb5\x2f\xfd", *(bytes([start]) + b"\x2a\x4d\x18" for start in range(0x50, 0x60))),
        lambda: zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj(),
        _at_once,
        _ZSTD_STEP,
    ),
}
SUFFIXES = frozenset(_FORMATS)
MAGIC = {magic: suffix for suffix, format_ in _FORMATS.items() for magic in format_.magic}
"""The first bytes of compressed data → the suffix that names its format."""
NAMES = {suffix: format_.name for suffix, format_ in _FORMATS.items()}


def decompressed(chunks: Iterable[bytes], suffix: str, name: str) -> Iterator[bytes]:
    """What is in `chunks`, compressed as `suffix` of `SUFFIXES` says, member after member, in pieces of bounded size.

    Raises:
        InputBroken: the data are truncated or damaged; the message names `name`.
    """
    format_ = _FORMATS[suffix]
    member: Any = None
    waiting, begun = b"", False
    try:
        for data in _stepwise(chunks, format_.step):
            waiting += data
            while waiting:
                if member is None:
                    # Tapes and block devices fill up with zeros behind the end.
                    waiting = waiting.lstrip(b"\0") if begun else waiting
                    if begun and not waiting.startswith(format_.magic):
                        if any(magic.startswith(waiting) for magic in format_.magic):
                            break
                        log.warning("%s: what stands behind the end of its %s data is not read", name, format_.name)
                        return
                    member, begun = format_.member(), True
                yield from filter(None, format_.fed(member, waiting))
                waiting = member.unused_data if member.eof else b""
                member = None if member.eof else member
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise InputBroken(f"{name} is not a sound {suffix} file: {error}; fetch or compress it again") from error
    if member is not None or not begun:
        problem = "the end is missing" if begun else "it is empty"
        raise InputBroken(f"{name} is truncated: {problem}; fetch or compress it again")
    if waiting:
        log.warning("%s: what stands behind the end of its %s data is not read", name, format_.name)


def _stepwise(chunks: Iterable[bytes], step: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield from (chunk[start : start + step] for start in range(0, len(chunk), step))


def compressed(stream: BinaryIO, suffix: str) -> BinaryIO:
    """A stream that compresses into `stream`; closing it finishes the format and leaves `stream` open."""
    if suffix == ".gz":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="wb", mtime=0))
    if suffix == ".bz2":
        return cast(BinaryIO, bz2.BZ2File(stream, "wb"))
    if suffix == ".xz":
        return cast(BinaryIO, lzma.LZMAFile(stream, "wb"))
    return cast(BinaryIO, zstandard.ZstdCompressor().stream_writer(stream, closefd=False))
