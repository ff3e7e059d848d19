"""Where result bytes go: standard output, or a file that appears whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nlpcli.errors import OutputError, UsageError
from nlpcli.records import compression
from nlpcli.records.formats import BINARY_FORMATS, FileFormat, output_format
from nlpcli.records.inputs import InputFile

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


_WHAT_TO_DO = {
    errno.ENOSPC: "free some space, or send the results elsewhere",
    errno.EDQUOT: "free some space, or send the results elsewhere",
    errno.EFBIG: "raise the limit (ulimit -f), or send the results elsewhere",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
    errno.EACCES: "check the permissions",
    errno.EROFS: "choose a place that can be written to",
}


def what_to_do(error: OSError) -> str:
    """Advice on what the operating system refuses."""
    return _WHAT_TO_DO.get(error.errno or 0, "check the disk; -v shows where it happened")


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """Where results go and in which format; frozen and serialisable."""

    path: str | None = None
    format: str | None = None
    null_separated: bool = False


def chosen_format(spec: OutputSpec, files: list[InputFile]) -> FileFormat:
    """The format asked for, else the one of the output's name, else that of structured input, else text.

    Raises:
        UsageError: the output's name does not tell a format.
    """
    by_suffix = output_format(spec.path) if spec.path else None
    if spec.format:
        return FileFormat(spec.format, compression_suffix(spec.path))
    if by_suffix:
        return by_suffix
    if spec.path and Path(spec.path).suffix:
        raise UsageError(f"the name {spec.path} does not tell its format; name it, for example: -F jsonl")
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

    A device or a named pipe is no file that could be replaced: it is written to as it is.

    Raises:
        OutputError: the file cannot be created or written.
    """
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if (descriptor := _open_descriptor(path)) is not None:
        with _duplicate(descriptor, path) as stream, _compressed(stream, compression_name) as compressed:
            yield compressed
        return
    final = Path(path).expanduser()
    if final.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder; name a file in it with -o")
    if final.exists() and not final.is_file():
        with _open(final, path) as stream, _compressed(stream, compression_name) as compressed:
            yield compressed
        return
    # A link stays what it is; the file that it names is replaced.
    final = final.resolve()
    temporary = _temporary_beside(final, path)
    try:
        with _open(temporary, path) as stream, _compressed(stream, compression_name) as compressed:
            yield compressed
        _put_in_place(temporary, final, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


_DESCRIPTORS = {"/dev/stdout": 1, "/dev/stderr": 2}
_NUMBERED = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")


def _open_descriptor(path: str) -> int | None:
    """The descriptor that a path names: behind it can be a file that the shell opened and others write to."""
    if match := _NUMBERED.fullmatch(path):
        return int(match[1])
    return _DESCRIPTORS.get(path)


def _duplicate(descriptor: int, path: str) -> BinaryIO:
    try:
        return os.fdopen(os.dup(descriptor), "wb")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; choose another place with -o") from error


class _ResultFile(io.FileIO):
    """Says in words why it cannot be written; an OSError could as well come from the input or the model."""

    def __init__(self, file: Path, name: str) -> None:
        super().__init__(file, "wb")
        self._name = name

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"cannot write {self._name}: {error.strerror}; {what_to_do(error)}") from error


def _open(file: Path, name: str) -> BinaryIO:
    try:
        return io.BufferedWriter(_ResultFile(file, name))
    except OSError as error:
        raise OutputError(f"cannot write {name}: {error.strerror}; choose another place with -o") from error


def _compressed(stream: BinaryIO, compression_name: str) -> AbstractContextManager[BinaryIO]:
    return compression.compressed(stream, compression_name) if compression_name else nullcontext(stream)


def _temporary_beside(final: Path, name: str) -> Path:
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{final.name}.", suffix=".part", dir=final.parent)
    except OSError as error:
        raise OutputError(f"cannot write {name}: {error.strerror}; choose another place with -o") from error
    os.close(handle)
    return Path(temporary)


def _put_in_place(temporary: Path, final: Path, name: str) -> None:
    try:
        _take_permissions(temporary, final)
        temporary.replace(final)
    except OSError as error:
        raise OutputError(f"cannot write {name}: {error.strerror}; nothing was kept there") from error


def _take_permissions(temporary: Path, final: Path) -> None:
    """mkstemp makes private files; a result gets the rights that any new file would have."""
    if final.exists():
        temporary.chmod(final.stat().st_mode & 0o777)
        return
    mask = os.umask(0)
    os.umask(mask)
    temporary.chmod(0o666 & ~mask)
