"""Where result bytes go: standard output, or a file, here or elsewhere, that appears whole or not at all."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nlpcli.errors import OutputError, UsageError, quoted
from nlpcli.records import compression
from nlpcli.records.formats import BINARY_FORMATS, FileFormat, output_format
from nlpcli.records.inputs import InputFile
from nlpcli.records.part_files import PartFile
from nlpcli.records.remote.address import Address, Place, is_remote
from nlpcli.settings import home_path
from nlpcli.streams import STDOUT, OutputDescriptor, for_terminal, is_open


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """Where results go and in which format; frozen and serializable."""

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
    if spec.path and expanded(spec.path).suffix:
        raise UsageError(f"the name {quoted(spec.path)} does not tell its format; name it, for example: -F jsonl")
    return FileFormat(_format_of_inputs(files), "")


def compression_suffix(path: str | None) -> str:
    """The compression that an output's name asks for."""
    suffix = Path(path).suffix.lower() if path else ""
    return suffix if suffix in compression.SUFFIXES else ""


def _format_of_inputs(files: list[InputFile]) -> str:
    names = {"txt" if file.format.name == "docx" else file.format.name for file in files} or {"txt"}
    if names == {"txt"}:
        return "text"
    return names.pop() if len(names) == 1 else "jsonl"


def refuse_binary_on_terminal(format_: FileFormat, spec: OutputSpec) -> None:
    """Bytes that would garble a terminal are not sent there.

    Raises:
        UsageError: `format_` is binary and a terminal would show it.
    """
    if format_.name in BINARY_FORMATS and is_terminal(spec.path):
        raise UsageError(f"{format_.name} is binary; write it to a file with -o FILE, or into a pipe")


@contextmanager
def output_stream(path: str | None, compression_name: str, durable: bool = False) -> Iterator[BinaryIO]:
    """The stream to write to; a file is renamed into place on success and removed on any failure.

    A file that is `durable` survives a power cut as soon as it is there. A device or a named pipe is no file that could
    be replaced: it is written to as it is.

    Raises:
        OutputError: the file cannot be created or written.
    """
    if path is None:
        if not is_open(STDOUT):
            raise OutputError("standard output is closed; redirect it, or write to a file with -o FILE")
        yield for_terminal(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    final = expanded(path)
    if isinstance(final, Address):
        from nlpcli.records.remote.writing import remote_output

        if not final.parent.key or path.endswith("/"):
            raise OutputError(f"cannot write {quoted(path)}: it names no file; name one in it with -o")
        with remote_output(final) as stream, _compressed(stream, compression_name) as compressed:
            yield compressed
        return
    if (descriptor := _descriptor_of(path, final)) is not None:
        place = io.BufferedWriter(OutputDescriptor(descriptor, quoted(path)))
        with place as stream, _compressed(for_terminal(stream), compression_name) as compressed:
            yield compressed
        return
    # A link stays what it is; the file that it names is replaced.
    with _part_file(Path(os.path.realpath(final)), path) as part:
        with _compressed(part.stream, compression_name) as compressed:
            yield compressed
        part.put_in_place(durable)


_DESCRIPTORS = {"/dev/stdout": 1, "/dev/stderr": 2}
_NUMBERED = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")


def is_terminal(path: str | None) -> bool:
    """Whether a person would see what is written there (None: standard output)."""
    if path is None:
        return sys.stdout.isatty()
    if (descriptor := _number_of(path)) is not None:
        return os.isatty(descriptor)
    return path == "/dev/tty" or path.startswith("/dev/pts/")


def _number_of(path: str) -> int | None:
    if match := _NUMBERED.fullmatch(path):
        return int(match[1])
    return _DESCRIPTORS.get(path)


def _descriptor_of(path: str, final: Path) -> int | None:
    """A descriptor of a place that is written to as it is; None for a file, which is replaced.

    Behind a descriptor that a path names can be a file that the shell opened and others write to.

    Raises:
        OutputError: nothing can be written there.
    """
    try:
        if (number := _number_of(path)) is not None:
            return os.dup(number)
        if final.is_dir():
            raise OutputError(f"cannot write {quoted(path)}: it is a folder; name a file in it with -o")
        final.parent.stat()  # a folder that is missing, or a name that is too long, is said before the work
        if final.is_file() or not _exists(final):
            return None
        return os.open(final, os.O_WRONLY)
    except OSError as error:
        raise _no_place(path, error) from error


def check_place(path: str, option: str) -> None:
    """What cannot be written at the end of a run is said before it. Raises OutputError; `option` names the place."""
    place = home_path(path)
    try:
        if place.is_dir():
            raise OutputError(f"cannot write {quoted(path)}: it is a folder; name a file in it with {option}")
        if not place.parent.is_dir():
            raise OutputError(f"cannot write {quoted(path)}: its folder is not there; choose another with {option}")
    except OSError as error:
        raise OutputError(f"cannot write {quoted(path)}: {error.strerror}; choose another with {option}") from error


def expanded(path: str) -> Place:
    """What `-o` names: an address elsewhere, or a path, in which `~` is a home.

    Raises:
        UsageError: it is an address of which nothing is known.
    """
    if "\0" in path:  # out of a file of settings, for no command line has one
        raise UsageError(f"{quoted(path)} holds a NUL, which no path can; mend it")
    if is_remote(path):
        return Address.of(path)
    return home_path(path)


def real_place(path: str) -> Place:
    """What `expanded` gives, links followed. A link that leads to itself stays: whoever opens it is told.

    Raises:
        UsageError: it is an address of which nothing is known.
    """
    place = expanded(path)
    return Path(os.path.realpath(place)) if isinstance(place, Path) else place


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _no_place(path: str, error: OSError) -> OutputError:
    return OutputError(f"cannot write {quoted(path)}: {error.strerror}; choose another place with -o")


@contextmanager
def _part_file(final: Path, path: str) -> Iterator[PartFile]:
    try:
        part = PartFile(final, quoted(path))
    except OSError as error:
        raise _no_place(path, error) from error
    with part:
        yield part


def _compressed(stream: BinaryIO, compression_name: str) -> AbstractContextManager[BinaryIO]:
    return compression.compressed(stream, compression_name) if compression_name else nullcontext(stream)
