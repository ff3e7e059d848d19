"""What the user named as input, as a list of files to read in order."""

from __future__ import annotations

import io
import logging
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from nlpcli.errors import FormatUnknown, InputMissing, UsageError, quoted
from nlpcli.records.compression import plain_chunks
from nlpcli.records.content import Content, content_of
from nlpcli.records.formats import FileFormat, compression_of, input_format, named_input_format
from nlpcli.records.identity import Identity, Written, identity_of, local_path, stream_identity
from nlpcli.records.remote.address import Address, Place, is_remote

if TYPE_CHECKING:
    from nlpcli.records.remote.protocol import Facts

log = logging.getLogger(__name__)

STANDARD_INPUT = "stdin"
ARGUMENT = "argument"
_STANDARD_INPUTS = {"-": STANDARD_INPUT, **{name: name for name in ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")}}
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}
# Of files that are passed over so many suffixes are named.
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class InputSpec:
    """Where records come from and how bytes become records; frozen and serializable.

    `whole`: the task reads all fields of a record, so that the one named `field` may be missing. `written` are the
    files and folders that this run writes to, beside standard output.
    """

    texts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    format: str | None = None
    field: str = "text"
    per: str = "line"
    null_separated: bool = False
    encoding: str = "utf-8"
    whole: bool = False
    written: tuple[str, ...] = ()
    delimiter: str | None = None
    quote: str | None = None
    no_header: bool = False


@dataclass(slots=True)
class InputFile:
    """One file (`path`), or standard input where `path` is None.

    `expected` is what the name says, or --input-format; `told`: one of them says it. `stream`: it flows past once.
    """

    name: str
    path: Place | None
    expected: FileFormat
    told: bool = True
    stream: bool = False
    size: int | None = None
    """So much of it is read: what was in a folder when it was looked through, so that no run reads its own results,
    which `| tee` writes there."""
    found: str | None = None
    """The format that its first bytes say, once they were seen."""
    remote: Facts | None = None
    """What its store says of it, where it is not on this machine; `path` is its address."""
    bytes_read: int = 0
    """How much of it the reading that began last has read, compressed as it is."""

    @property
    def format(self) -> FileFormat:
        """What it is, as far as that is known."""
        return self.expected._replace(name=self.found or self.expected.name)

    @property
    def is_unseen(self) -> bool:
        """Whether only its first bytes, which flow past once, will say what it is."""
        return self.stream and not self.told and self.found is None

    def open_at(self, start: int, stop: int) -> BinaryIO:
        """The raw bytes from `start` on; those behind `stop` are not wanted. Raises InputMissing."""
        if self.remote is not None:
            from nlpcli.records.remote.reading import open_remote

            return open_remote(self.remote, start, stop)
        stream = self.open()
        stream.seek(start)
        return stream

    def open(self) -> BinaryIO:
        """The raw bytes.

        Raises:
            InputMissing: the file cannot be opened.
        """
        if self.path is None:
            return sys.stdin.buffer
        if isinstance(self.path, Address):
            from nlpcli.records.remote.reading import open_remote

            assert self.remote is not None
            return open_remote(self.remote)
        try:
            return self.path.open("rb")
        except OSError as error:
            raise InputMissing(f"cannot read {quoted(self.name)}: {_reason(self.path, error)}") from error

    def size_now(self) -> int | None:
        """How much there is to read; None where nothing tells it."""
        if self.size is not None or self.path is None or isinstance(self.path, Address):
            return self.size
        return self.path.stat().st_size

    def content(self, stream: BinaryIO, binary: bool = False) -> Content:
        """What its first bytes say that it is. `binary`: a NUL is a byte like any other.

        Raises:
            FormatUnknown: nothing says what it is, and it is no text.
            InputBroken: it cannot be read.
        """
        chunks = self._counted(plain_chunks(stream, quoted(self.name)))
        chunks = chunks if self.size is None else _up_to(chunks, self.size)
        content = content_of(chunks, self.expected, quoted(self.name))
        if content.holds_nul and not (self.told or binary or self.path is None or content.format == "parquet"):
            raise FormatUnknown(
                f"{quoted(self.name)} is no text (there are NUL bytes in it), and its name tells no format;"
                " leave it out, or name one, for example: --input-format txt"
            )
        self.found = content.format
        return content

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        self.bytes_read = 0
        for chunk in chunks:
            self.bytes_read += len(chunk)
            yield chunk


def _up_to(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return


def _reason(path: Path, error: OSError) -> str:
    """Why a file cannot be opened, and what to do."""
    kind = _kind(path)
    return f"it is {kind}; name a file" if kind == "a socket" else f"{error.strerror}; check its permissions"


def _kind(path: Path) -> str:
    """What is there, where it is no regular file; empty where it is one, or nothing."""
    try:
        return _KINDS.get(stat.S_IFMT(path.stat().st_mode), "")
    except OSError:
        return ""


def input_files(spec: InputSpec) -> list[InputFile]:
    """The files that `spec` names, folders opened up; checked now, so that a typing error costs no model load.

    Raises:
        InputMissing: a path is not there, or a folder has no readable file.
        UsageError: `spec.format` is no format, a stream is named twice, or a file is both read and written.
        FormatUnknown: neither the name nor the bytes of a file tell its format.
    """
    named = named_input_format(spec.format) if spec.format else None
    if not spec.paths:
        files = [_standard_input("-", named)]
    else:
        files = [file for path in spec.paths for file in _expand(path, named, spec)]
    _refuse_twice(files)
    _refuse_written(files, spec)
    return files


def _standard_input(name: str, named: FileFormat | None) -> InputFile:
    return InputFile(_STANDARD_INPUTS[name], None, named or FileFormat("txt", ""), named is not None, stream=True)


def _expand(name: str, named: FileFormat | None, spec: InputSpec) -> Iterator[InputFile]:
    if name in _STANDARD_INPUTS:
        yield _standard_input(name, named)
        return
    if not name:
        raise UsageError('-i "" names no file; a variable of the shell may be empty')
    if is_remote(name):
        yield from _remote_files(Address.of(name), named, spec)
        return
    path = local_path(name)
    mode = _mode(name, path)
    if stat.S_ISDIR(mode):
        yield from _folder_files(name, path, named, spec)
        return
    file = InputFile(shown(name), path, *_format_of(name, named), stream=not stat.S_ISREG(mode))
    if not file.stream:
        with file.open() as stream:
            file.content(stream, is_wide(spec))
    yield file


def _remote_files(address: Address, named: FileFormat | None, spec: InputSpec) -> Iterator[InputFile]:
    from nlpcli.records.remote.stores import store_of

    store = store_of(address)
    facts = None if address.key.endswith("/") and not address.is_web else store.facts(address)
    if facts is None and address.is_web:
        raise InputMissing(f"there is no {quoted(address.shown)} (404); check the address")
    if facts is None:
        yield from _remote_folder_files(address, store.files(address), named, spec)
        return
    file = _remote_file(facts, *_format_of(address.name, named))
    with file.open() as stream:
        file.content(stream, is_wide(spec))
    yield file


def _remote_file(facts: Facts, format_: FileFormat, told: bool) -> InputFile:
    return InputFile(shown(facts.address.shown), facts.address, format_, told, size=facts.size, remote=facts)


def _remote_folder_files(
    address: Address, found: Sequence[Facts], named: FileFormat | None, spec: InputSpec
) -> list[InputFile]:
    """As `_folder_files`: those of a known format, neither hidden nor written by this run."""
    if not found:
        raise InputMissing(f"no such file or folder: {quoted(address)}; check the address")
    written = Written.of(spec.written)
    if address.root in written.folders:
        raise UsageError(f"{quoted(address)} is both read and written to; choose another folder with -o")
    seen = [each for each in found if not _hidden_part(each.address, address.root)]
    hidden = {_hidden_part(each.address, address.root) for each in found} - {""}
    seen = [each for each in seen if not written.holds(each.address)]
    formats = [(each, *_format_of(each.address.name, named)) for each in seen]
    if not any(told for _, _, told in formats):
        raise _nothing_readable(str(address))
    unknown = [PurePosixPath(each.address.name) for each, _, told in formats if not told]
    _tell_passed_over(str(address), unknown, len(hidden))
    return [_remote_file(each, format_, told) for each, format_, told in formats if told]


def _hidden_part(address: Address, root: Address) -> str:
    """The key of the hidden file or of the outermost hidden folder; empty where nothing below `root` is hidden."""
    parts = address.key[len(root.key) :].split("/")
    for number, part in enumerate(parts, 1):
        if part.startswith(".") and part not in {".", ".."}:
            return "/".join(parts[:number])
    return ""


def _nothing_readable(folder: str) -> InputMissing:
    return InputMissing(
        f"no readable file in {quoted(folder)}; looked for .txt .md .html .srt .vtt .po .xliff .jsonl .ndjson .json"
        " .csv .tsv .parquet .docx, also compressed with .gz .bz2 .xz .zst"
    )


def is_wide(spec: InputSpec) -> bool:
    """Whether NUL bytes are as they should be."""
    return spec.null_separated or re.match(r"u(tf)?[-_]?(16|32)", spec.encoding.lower()) is not None


def _mode(name: str, path: Path) -> int:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        what = "broken link" if path.is_symlink() else "no such file or folder"
        what = "nothing matches" if set("*?[") & set(name) and not path.is_symlink() else what
        advice = "; -i takes what stands behind it as files, and texts go without it" if " " in name else ""
        raise InputMissing(f"{what}: {quoted(name)}; check the path (from {Path.cwd()}){advice}") from None
    except OSError as error:
        raise InputMissing(f"cannot read {quoted(name[:200])}: {error.strerror}; check the path") from error


def shown(name: str) -> str:
    """A name of the file system as text: bytes that are no UTF-8 become U+FFFD."""
    return os.fsencode(name).decode("utf-8", "replace")


def _format_of(name: str, named: FileFormat | None) -> tuple[FileFormat, bool]:
    """The format, and whether something tells it; what is not told is text."""
    if named:
        return FileFormat(named.name, named.compression or compression_of(name)), True
    by_suffix = input_format(name)
    return by_suffix or FileFormat("txt", compression_of(name)), by_suffix is not None


def _folder_files(name: str, folder: Path, named: FileFormat | None, spec: InputSpec) -> list[InputFile]:
    """Files of a known format anywhere below `folder`; hidden ones, and what this run writes, are passed over."""
    written = Written.of(spec.written)
    if identity_of(folder) in written.folders:
        raise UsageError(f"{quoted(name)} is both read and written to; choose another folder with -o")
    visible, hidden = _visible_files(folder, written)
    paths = sorted(visible)
    formats = [(path, *_format_of(path.name, named)) for path in paths]
    files = [
        InputFile(shown(str(path)), path, format_, size=size)
        for path, format_, told in formats
        if told and (size := _size_to_read(path, written)) is not None
    ]
    if not files:
        raise _nothing_readable(name)
    _tell_passed_over(name, [path for path, _, told in formats if not told], hidden)
    return files


def _tell_passed_over(folder: str, unknown: Sequence[PurePath], hidden: int) -> None:
    """Say in one line how many files of a folder are passed over, and which suffixes the unknown ones have."""
    if not unknown:
        if hidden:
            log.warning("%s: %d hidden file%s passed over", quoted(folder), hidden, " is" if hidden == 1 else "s are")
        return
    kinds = list(dict.fromkeys(path.suffix or path.name for path in unknown))
    named = ", ".join(map(quoted, kinds[:_MOST_NAMED])) + (", …" if len(kinds) > _MOST_NAMED else "")
    log.warning(
        "%s: %d file%s of no known format (%s)%s %s passed over; name the format with --input-format",
        quoted(folder), len(unknown), "" if len(unknown) == 1 else "s", named,
        f" and {hidden} hidden" if hidden else "", "is" if len(unknown) + hidden == 1 else "are",
    )  # fmt: skip


def _size_to_read(path: Path, written: Written) -> int | None:
    """The size of a regular file that can be read, None where it is none, which is said, or is written by this run."""
    try:
        status = path.stat()
    except OSError as error:
        problem = "a broken link" if path.is_symlink() else str(error.strerror)
    else:
        if stat.S_ISREG(status.st_mode) and os.access(path, os.R_OK):
            return None if (status.st_dev, status.st_ino) in written.files else status.st_size
        problem = _KINDS.get(stat.S_IFMT(status.st_mode), "no permission to read it")
    log.warning("%s is passed over: %s", quoted(str(path)), problem)
    return None


def _visible_files(folder: Path, written: Written) -> tuple[list[Path], int]:
    """The files below `folder` that are not hidden, and how many are; a hidden folder counts as one."""

    def unreadable(error: OSError) -> None:
        log.warning("%s is passed over: %s", quoted(str(error.filename)), error.strerror)

    visible: list[Path] = []
    hidden = 0
    for parent, folders, names in os.walk(folder, onerror=unreadable):
        hidden += sum(name.startswith(".") for name in (*names, *folders))
        inside = [Path(parent, name) for name in folders if not name.startswith(".")]
        for link in filter(Path.is_symlink, inside):
            log.warning("%s is passed over: a link to a folder; name it with -i too", quoted(str(link)))
        folders[:] = [
            path.name for path in inside if not path.is_symlink() and identity_of(path) not in written.folders
        ]
        visible += [Path(parent, name) for name in names if not name.startswith(".")]
    return visible, hidden


def _identity_of_input(file: InputFile) -> Identity | None:
    if file.path is not None:
        return identity_of(file.path)
    try:
        return stream_identity(sys.stdin.fileno())
    except (AttributeError, ValueError, io.UnsupportedOperation):
        return None


def _refuse_twice(files: list[InputFile]) -> None:
    """What flows past once cannot be read again; a regular file can."""
    seen: set[Identity | None] = set()
    for file in files:
        identity = None if file.path is None else identity_of(file.path)
        if not file.stream or (identity is None and file.path is not None):
            continue
        if identity in seen:
            raise UsageError(f"{quoted(file.name)} is named twice, and can be read once only; leave one out")
        seen.add(identity)


def _refuse_written(files: list[InputFile], spec: InputSpec) -> None:
    """Refuse to read what is being written. One file alone may be replaced by its own results: it is read to its end
    before they take its place."""
    written = Written.of(spec.written)
    for file in files if written.files else ():
        identity = _identity_of_input(file)
        if identity in written.streams:
            raise UsageError(f"{quoted(file.name)} is also where the results go; send them elsewhere with -o FILE")
        if identity in written.files and (len(files) > 1 or (file.path is not None and file.stream)):
            raise UsageError(
                f"{quoted(file.name)} is both read and written to; leave it out of -i, or choose another -o"
            )
