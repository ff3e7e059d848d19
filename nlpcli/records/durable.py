"""Files that outlive a power cut: written aside, synced and renamed; and logs whose lines are synced one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nlpcli.errors import OutputError, quoted
from nlpcli.streams import OutputDescriptor, cannot_write

ASIDE = ".tmp"


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file, whole or not at all, even where the machine loses power.

    Raises:
        OutputError: it cannot be written; what was there is still there.
    """
    aside = _written_aside(path, data)
    with _said_of(path, aside):
        aside.replace(path)
        sync_folder(path.parent)


def create_durably(path: Path, data: bytes) -> bool:
    """Make a file that appears whole; False where another process has made it meanwhile, whose stays.

    Raises:
        OutputError: it cannot be written.
    """
    aside = _written_aside(path, data)
    with _said_of(path, aside):
        try:
            os.link(aside, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            aside.replace(path)
            sync_folder(path.parent)
            return True
        finally:
            with suppress(FileNotFoundError):
                aside.unlink()
        sync_folder(path.parent)
    return True


def _written_aside(path: Path, data: bytes) -> Path:
    # A name of its own for each process and thread: several may write the same file.
    aside = path.with_name(f".{path.name}.{os.urandom(6).hex()}{ASIDE}")
    with _said_of(path, aside):
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        stream = OutputDescriptor(descriptor, quoted(path))
        try:
            stream.write(data)
            os.fsync(descriptor)
        finally:
            stream.close()
    return aside


@contextmanager
def _said_of(path: Path, aside: Path) -> Iterator[None]:
    """What the operating system refuses, in words; what is half-made goes."""
    try:
        yield
    except BaseException as error:
        with suppress(OSError):
            aside.unlink()
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            raise cannot_write(quoted(path), error) from error
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlive a power cut. Raises OSError."""
    if os.name == "nt":
        return  # it cannot be opened there, and NTFS keeps a journal of names
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_aside(folder: Path) -> None:
    """Delete what killed processes were writing; only where none is at work."""
    for path in folder.glob(f".*{ASIDE}"):
        with suppress(OSError):
            path.unlink()


class DurableLog:
    """Lines that are on the disk once `append` returns; one process writes a log, and a killed one leaves at most the
    beginning of a last line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: OutputDescriptor | None = None

    def append(self, line: bytes) -> None:
        """Raises OutputError where it cannot be written."""
        try:
            if self._stream is None:
                descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
                self._stream = OutputDescriptor(descriptor, quoted(self._path))
                sync_folder(self._path.parent)
            self._stream.write(line + b"\n")
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise cannot_write(quoted(self._path), error) from error

    def close(self) -> None:
        """End it."""
        if self._stream is not None:
            with suppress(OutputError):
                self._stream.close()
            self._stream = None
