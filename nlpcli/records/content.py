"""What the first bytes of a file say: compression, Parquet, a byte order mark. They are believed before any name."""

from __future__ import annotations

import codecs
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from nlpcli.errors import InputBroken, InputMissing, quoted
from nlpcli.records.compression import MAGIC, NAMES, decompressed
from nlpcli.records.formats import FileFormat

log = logging.getLogger(__name__)

# Four letters could begin a text; behind them stands Thrift's number of a field or, in an empty file, its footer.
_PARQUET = tuple(b"PAR1" + bytes([byte]) for byte in range(0x20) if byte not in b"\t\n\r")
# UTF-32 before UTF-16, whose mark it begins with.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SIGNATURES = (*MAGIC, *_PARQUET, *_MARKS)
_MOST_LAYERS = 4


@dataclass(frozen=True, slots=True)
class Content:
    """A file from its first byte on: `chunks` are decompressed.

    `format` is `parquet` where the bytes say so, else what was expected. `encoding` is that of its byte order mark.
    `raw`: the file itself holds these bytes, uncompressed. `unexpected` are the findings that nobody had named.
    `holds_nul`: a NUL among the first bytes, as in no text of one byte a character.
    """

    format: str
    encoding: str | None
    chunks: Iterator[bytes]
    raw: bool
    unexpected: tuple[str, ...]
    holds_nul: bool


def content_of(chunks: Iterable[bytes], expected: FileFormat, name: str) -> Content:
    """What is in `chunks`, where `expected` is what the name says. Waits for no more bytes than it needs to decide.

    Raises:
        InputBroken: the data are compressed in too many layers, or damaged; the message names `name`.
    """
    unexpected = []
    head, chunks = _peeked(chunks)
    suffix = _compression(head, expected.compression)
    raw = not suffix
    if expected.compression and not suffix:
        unexpected.append(f"not compressed, whatever its name {expected.compression}")
    for _ in range(_MOST_LAYERS):
        if not suffix:
            break
        if suffix != expected.compression:
            unexpected.append(NAMES[suffix])
        head, chunks = _peeked(decompressed(chunks, suffix, name))
        suffix = _compression(head, "")
    else:
        raise InputBroken(f"{name} is compressed {_MOST_LAYERS} times over; decompress it before")
    format_ = "parquet" if head.startswith(_PARQUET) else expected.name
    if format_ != expected.name:
        unexpected.append("Parquet")
    encoding = None if format_ == "parquet" else _encoding(head)
    return Content(format_, encoding, chunks, raw, tuple(unexpected), encoding is None and b"\0" in head)


def _compression(head: bytes, expected: str) -> str:
    """The compression of what begins with `head`; damaged data are what their name says, plain text is not."""
    found = next((suffix for magic, suffix in MAGIC.items() if head.startswith(magic)), "")
    if found or not expected:
        return found
    cut = not head or any(magic.startswith(head) for magic in MAGIC)
    return expected if cut or not _is_plain(head) else ""


def _is_plain(head: bytes) -> bool:
    """Whether `head` can be no part of compressed data: it is text, or Parquet."""
    if head.startswith((*_PARQUET, *_MARKS)):
        return True
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character.isspace() for character in text)


def _encoding(head: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), None)


def _peeked(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, no more than are there or than a signature has; and all of them again."""
    iterator = iter(chunks)
    head = b""
    for chunk in iterator:
        head += chunk
        if not any(len(head) < len(signature) and signature.startswith(head) for signature in _SIGNATURES):
            break
    return head, chain([head] if head else [], iterator)


def read_document(path: Path, option: str) -> str:
    """The whole of a text file that `option` names: compressed or not, in UTF-8 or as its byte order mark says.

    Raises:
        InputMissing: it cannot be read.
        InputBroken: it is no such text.
    """
    try:
        data = Path(os.path.expanduser(path)).read_bytes()  # noqa: PTH111 - Path's raises
    except (OSError, RuntimeError, ValueError) as error:
        problem = getattr(error, "strerror", None) or error
        raise InputMissing(f"{option}: cannot read {quoted(path)}: {problem}; check the path") from error
    return decoded(data, f"{option} {quoted(path)}")


def decoded(data: bytes, name: str) -> str:
    """`data` as a text of UTF-8, unless its first bytes say that it is something else, which is said.

    Raises:
        InputBroken: it is no such text; the message names `name`.
    """
    content = content_of([data], FileFormat("txt", ""), name)
    if content.format == "parquet" or content.holds_nul:
        raise InputBroken(f"{name} is no text; save it as UTF-8")
    try:
        text = b"".join(content.chunks).decode(content.encoding or "utf-8").removeprefix("\ufeff")
    except UnicodeError as error:
        raise InputBroken(f"{name} is not {content.encoding or 'UTF-8'} ({error}); save it as UTF-8") from error
    _progress(name, *content.unexpected, *_named(content.encoding))
    return text


def _named(encoding: str | None) -> tuple[str, ...]:
    return () if encoding in {None, "utf-8"} else (str(encoding).upper(),)


@cache
def _progress(name: str, *findings: str) -> None:
    if findings:
        log.warning("%s is %s, as its first bytes say; it is read so", name, " and ".join(findings))
