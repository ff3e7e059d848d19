"""`-o DIR/`: one output for each input file, under its name, in the same tree."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import TracebackType
from typing import BinaryIO

from nlpcli.errors import OutputError, UsageError, quoted
from nlpcli.records.formats import compression_of, output_format
from nlpcli.records.identity import identity_of
from nlpcli.records.inputs import InputFile
from nlpcli.records.outputs import expanded, output_stream
from nlpcli.records.record import Record
from nlpcli.records.remote.address import Address, Place
from nlpcli.records.writers import Writer

_SUFFIXES = {"text": ".txt"}


@dataclass(frozen=True, slots=True)
class PlannedOutput:
    """What becomes of one input file."""

    source: InputFile
    path: Place
    compression: str


def names_folder(path: str | None) -> bool:
    """Whether `-o` names a folder: one that is there, or any with a slash behind it."""
    if path is None or path.endswith(("/", os.sep)):
        return path is not None
    place = expanded(path)
    return isinstance(place, Path) and place.is_dir()


def planned_outputs(
    folder: str, format_: str | None, files: Sequence[InputFile], named: Sequence[str]
) -> list[PlannedOutput]:
    """An output for each of `files`; a file below a folder of `named` keeps its place in the tree.

    `format_` is that of `-F`: the suffix becomes its own where it says another format. A suffix of compression stays.

    Raises:
        UsageError: an input has no name, two would have the same output, or an output would replace an input.
        OutputError: the folder cannot be made or written to, or an output is there and cannot be replaced.
    """
    root = expanded(folder)
    roots = [found for name in named if (found := _root(name)) is not None]
    plan: dict[Place, PlannedOutput] = {}
    for file in files:
        if file.path is None or file.stream:
            raise UsageError(
                f"-o {quoted(folder)} names each output after its input file, and {quoted(file.name)} is none;"
                " name one with -o FILE"
            )
        below = _renamed(_place(file.path, roots), format_)
        path = _below(root, below)
        if path in plan:
            raise UsageError(
                f"{quoted(plan[path].source.name)} and {quoted(file.name)} would both be written to {quoted(path)};"
                " run once for each"
            )
        plan[path] = PlannedOutput(file, path, compression_of(path.name))
    outputs = [*plan.values()]
    _refuse_inputs(folder, outputs)
    _make_room(root, folder, outputs)
    return outputs


def _refuse_inputs(folder: str, outputs: Sequence[PlannedOutput]) -> None:
    inputs = {identity_of(output.source.path) for output in outputs if output.source.path is not None}
    for output in outputs:
        if (identity := identity_of(output.path)) is not None and identity in inputs:
            raise UsageError(
                f"{quoted(output.path)} is read, and -o {quoted(folder)} would replace it; choose another folder"
            )


def _below(root: Place, place: PurePath) -> Place:
    return root / place.as_posix()


def _root(name: str) -> Place | None:
    """The folder that keeps its tree; None where `name` is a file. Of an address a name tells it."""
    place = expanded(name)
    if isinstance(place, Address):
        return place.root
    return place if place.is_dir() else None


def _place(path: Place, roots: Sequence[Place]) -> PurePath:
    root = next((root for root in roots if type(root) is type(path) and _is_below(path, root)), path.parent)
    return path.relative_to(root)  # type: ignore[arg-type] # of the same type


def _is_below(path: Place, root: Place) -> bool:
    """Whether `path` is in the folder `root`; with `..` it leads out of it again, whatever its name begins with."""
    return path.is_relative_to(root) and ".." not in PurePath(str(path.relative_to(root))).parts  # type: ignore[arg-type]


def _renamed(path: PurePath, format_: str | None) -> PurePath:
    compression = compression_of(path.name)
    inner = path.name.removesuffix(path.suffix) if compression else path.name
    told = output_format(inner)
    if format_ is None or (told and told.name == format_):
        return path
    stem = inner.removesuffix(PurePath(inner).suffix) if told else inner
    return path.with_name(f"{stem}{_SUFFIXES.get(format_, f'.{format_}')}{path.suffix if compression else ''}")


def _make_room(root: Place, folder: str, outputs: Sequence[PlannedOutput]) -> None:
    """What cannot be written is said before the work."""
    if isinstance(root, Address):
        return  # a store has no folders, and says what it refuses before the first file
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {quoted(folder)}: {error.strerror}; choose another folder with -o") from error
    paths = [output.path for output in outputs if isinstance(output.path, Path)]
    for place in (root, *paths):
        if place.exists() and not os.access(place, os.W_OK):
            raise OutputError(f"cannot write {quoted(place)}: check the permissions, or choose another folder with -o")
    for path in paths:
        if path.is_dir():
            raise OutputError(f"cannot write {quoted(path)}: it is a folder; choose another folder with -o")


class FolderWriter:
    """Takes the records of all files in order and gives each file's to a writer of its own.

    An output appears once the last record of its file is written; a run that fails keeps those that are whole.
    """

    def __init__(
        self,
        plan: Sequence[PlannedOutput],
        make: Callable[[InputFile, BinaryIO], Writer],
        finish: Callable[[Writer], None],
        durable: bool = False,
    ) -> None:
        self._plan = iter(plan)
        self._durable = durable
        self._make, self._finish = make, finish
        self._source: str | None = None
        self._writer: Writer | None = None
        self._stream: AbstractContextManager[BinaryIO] | None = None

    def write(self, record: Record) -> None:
        while self._source != record.origin.source:
            self._end_file()
            if not self._begin_file():
                raise OutputError(f"results of {quoted(record.origin.source)} come out of order; name a file with -o")
        assert self._writer is not None
        self._writer.write(record)

    def close(self) -> None:
        self._end_file()
        while self._begin_file():  # files without a record have an output too
            self._end_file()

    def _begin_file(self) -> bool:
        output = next(self._plan, None)
        if output is None:
            return False
        try:
            if isinstance(output.path, Path):
                output.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot write {quoted(output.path)}: {error.strerror}; check the folder") from error
        self._stream = output_stream(str(output.path), output.compression, self._durable)
        self._writer = self._make(output.source, self._stream.__enter__())
        self._source = output.source.name
        return True

    def _end_file(self) -> None:
        if self._writer is not None:
            self._finish(self._writer)
        self._leave(None, None, None)

    def __enter__(self) -> FolderWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leave(kind, error, at)

    def _leave(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        stream, self._stream, self._writer, self._source = self._stream, None, None, None
        if stream is not None:
            stream.__exit__(kind, error, at)
