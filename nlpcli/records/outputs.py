"""Where result bytes go: standard output, or a file that appears whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nlpcli.errors import FormatUnknown, OutputError, UsageError
from nlpcli.records import compression
from nlpcli.records.formats import BINARY_FORMATS, FileFormat, output_format
from nlpcli.records.inputs import InputFile


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """Where results go and in which format; frozen and serialisable."""

    path: str | None = None
    format: str | None = None
    null_separated: bool = False


def chosen_format(spec: OutputSpec, files: list[InputFile]) -> FileFormat:
    """The format asked for, else the one of the output's name, else that of structured input, else text.

    Raises:
        FormatUnknown: the output's name does not tell a format.
    """
    by_suffix = output_format(spec.path) if spec.path else None
    if spec.format:
        return FileFormat(spec.format, compression_suffix(spec.path))
    if by_suffix:
        return by_suffix
    if spec.path and Path(spec.path).suffix:
        raise FormatUnknown(f"the name {spec.path} does not tell its format; name it, for example: -F jsonl")
    return FileFormat(_format_of_inputs(files), "")


def compression_suffix(path: str | None) -> str:
    """The compression that an output's name asks for."""
    suffix = Path(path).suffix.lower() if path else ""
    return suffix if suffix in compression.SUFFIXES else ""


def _format_of_inputs(files: list[InputFile]) -> str:
    names = {file.format.name for file in files} or {"txt"}
    if names == {"txt"}:
        return "text"
    return names.pop() if len(names) == 1 else "jsonl"


def refuse_binary_on_terminal(format_: FileFormat, spec: OutputSpec) -> None:
    """Bytes that would garble a terminal are not sent there.

    Raises:
        UsageError: `format_` is binary and standard output is a terminal.
    """
    if spec.path is None and format_.name in BINARY_FORMATS and sys.stdout.isatty():
        raise UsageError(f"{format_.name} is binary; write it to a file with -o FILE, or into a pipe")


@contextmanager
def output_stream(path: str | None, compression_name: str) -> Iterator[BinaryIO]:
    """The stream to write to; a file is renamed into place on success and removed on any failure.

    Raises:
        OutputError: the file cannot be created or written.
    """
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    final = Path(path).expanduser()
    try:
        temporary = _temporary_beside(final)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; choose another place with -o") from error
    try:
        with temporary.open("wb") as stream:
            if compression_name:
                with compression.compressed(stream, compression_name) as compressed:
                    yield compressed
            else:
                yield stream
        _take_permissions(temporary, final)
        temporary.replace(final)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}; nothing was kept there") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _temporary_beside(final: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{final.name}.", suffix=".part", dir=final.parent)
    os.close(handle)
    return Path(name)


def _take_permissions(temporary: Path, final: Path) -> None:
    """mkstemp makes private files; a result gets the rights that any new file would have."""
    if final.exists():
        temporary.chmod(final.stat().st_mode & 0o777)
        return
    mask = os.umask(0)
    os.umask(mask)
    temporary.chmod(0o666 & ~mask)
