"""The standard streams and what goes through them: every byte is written, or an error says why not.

Descriptors may be non-blocking, take only a part of what is written, or be closed; a terminal may obey what a text
says. Here, once, none of this can matter to anyone who reads or writes.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from nlpcli.errors import InputMissing, OutputError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

STDIN, STDOUT, STDERR = 0, 1, 2
STANDARD_OUTPUT = "standard output"

_WHAT_TO_DO = {
    errno.ENOSPC: "free some space, or send the results elsewhere",
    errno.EDQUOT: "free some space, or send the results elsewhere",
    errno.EFBIG: "raise the limit (ulimit -f), or send the results elsewhere",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
    errno.EACCES: "check the permissions",
    errno.EPERM: "check the permissions",
    errno.EROFS: "choose a place that can be written to",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EBADF: "it is closed; redirect it, or write to a file with -o",
}


def what_to_do(error: OSError) -> str:
    """Advice on what the operating system refuses."""
    return _WHAT_TO_DO.get(error.errno or 0, "check the disk; -v shows where it happened")


class OutputDescriptor(io.RawIOBase):
    """A descriptor to write to: whole, whatever it is; `name` is what messages call it.

    Raises:
        BrokenPipeError: the reader went away.
        OutputError: it cannot be written; an OSError could as well come from the input or the model.
    """

    def __init__(self, descriptor: int, name: str, owned: bool = True) -> None:
        self._descriptor = descriptor
        self._name = name
        self._owned = owned

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            written = os.write(self._descriptor, data)
        except OSError:
            written = 0  # what it was shows when the rest is written
        size = memoryview(data).nbytes
        if written < size:
            self._write_rest(memoryview(data).cast("B")[written:])
        return size

    def _write_rest(self, left: memoryview) -> None:
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                _wait_for_room(self._descriptor)
            except (BrokenPipeError, ConnectionResetError) as error:
                raise BrokenPipeError(error.errno, error.strerror) from error
            except OSError as error:
                raise cannot_write(self._name, error) from error

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        if self._owned:
            try:
                os.close(self._descriptor)
            except OSError as error:  # a network share can refuse what it had taken
                raise cannot_write(self._name, error) from error


class _PatientInput(io.RawIOBase):
    """Standard input: an empty read is its end, even where the descriptor does not block."""

    def fileno(self) -> int:
        return STDIN

    def isatty(self) -> bool:
        return os.isatty(STDIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        room = memoryview(buffer).cast("B")
        while True:
            try:
                content = os.read(STDIN, len(room))
            except BlockingIOError:
                _wait_for_content(STDIN)
            except OSError as error:
                if error.errno != errno.EBADF:
                    raise
                raise InputMissing("standard input is closed; give a TEXT, or a file with -i FILE") from error
            else:
                room[: len(content)] = content
                return len(content)


class _Complaints(OutputDescriptor):
    """Standard error: what cannot be said there does not end a run."""

    def write(self, data: ReadableBuffer, /) -> int:
        with suppress(OutputError, BrokenPipeError):
            super().write(data)
        return memoryview(data).nbytes


def cannot_write(name: str, error: OSError) -> OutputError:
    """The refusal of the operating system in words; `name` as `quoted` makes it."""
    return OutputError(f"cannot write {name}: {error.strerror}; {what_to_do(error)}")


def _wait_for_room(descriptor: int) -> None:
    import select

    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    poll.poll()


def _wait_for_content(descriptor: int) -> None:
    import select

    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.poll()


def open_standard_streams() -> None:
    """Put streams of ours in the place of Python's, which lose bytes and are None where the caller closed one."""
    if os.name != "posix":
        use_utf8()
        return
    for descriptor in (STDIN, STDOUT, STDERR):
        _hold_place(descriptor)
    sys.stdin = _text(io.BufferedReader(_PatientInput()))
    sys.stdout = _text(io.BufferedWriter(OutputDescriptor(STDOUT, STANDARD_OUTPUT, owned=False)))
    sys.stderr = _text(io.BufferedWriter(_Complaints(STDERR, "standard error", owned=False)), by_line=True)


def _hold_place(descriptor: int) -> None:
    """A closed descriptor stays an error, and no file that is opened later gets its number and what is printed."""
    try:
        os.fstat(descriptor)
    except OSError:
        # The wrong way round: to read from it or to write to it fails as if it were closed.
        with suppress(OSError):
            opened = os.open(os.devnull, os.O_WRONLY if descriptor == STDIN else os.O_RDONLY)
            os.set_inheritable(opened, True)


def _text(binary: io.BufferedReader | io.BufferedWriter, by_line: bool = False) -> TextIO:
    return io.TextIOWrapper(binary, encoding="utf-8", errors="replace", line_buffering=by_line or binary.isatty())


def use_utf8() -> None:
    """Standard streams in UTF-8 whatever the locale or the Windows code page says."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


def is_open(descriptor: int) -> bool:
    """Whether the caller left a standard stream open."""
    try:
        if descriptor == STDIN:
            os.read(descriptor, 0)
        else:
            os.write(descriptor, b"")
    except OSError as error:
        return error.errno != errno.EBADF
    return True


# C0 but tab and line feed, DEL, C1, and what turns the direction of the text around it.
_CONTROL = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
_SYMBOLS = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: 0x2421,
    **dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD),
}


def visible(text: str) -> str:
    """`text` with a symbol for each control character but tab and line feed, so that no terminal obeys it."""
    return text.translate(_SYMBOLS) if re.search(_CONTROL, text) else text


class VisibleText(io.BufferedIOBase):
    """Text in UTF-8 on its way to a terminal."""

    def __init__(self, terminal: BinaryIO) -> None:
        self._terminal = terminal
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        content = bytes(data)
        self._terminal.write(visible(self._decoder.decode(content)).encode())
        return len(content)

    def flush(self) -> None:
        self._terminal.flush()


def for_terminal(stream: BinaryIO) -> BinaryIO:
    """`stream`, or where a terminal is behind it, one that shows control characters as symbols."""
    return cast(BinaryIO, VisibleText(stream)) if stream.isatty() else stream


# So narrow that nothing can be drawn: what a terminal says that does not know its width, and COLUMNS=0 or 1.
_LEAST_COLUMNS = 20
_USUAL_COLUMNS = 80


def columns() -> int:
    """The width of what is drawn: COLUMNS, else that of the terminal; wide enough to draw in."""
    chosen = os.environ.get("COLUMNS", "")
    width = int(chosen) if chosen.isdecimal() else 0
    for stream in (sys.stdout, sys.stderr):
        if width == 0:
            with suppress(OSError, ValueError, AttributeError):
                width = os.get_terminal_size(stream.fileno()).columns
    return max(width or _USUAL_COLUMNS, _LEAST_COLUMNS)
