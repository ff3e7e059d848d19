"""What the user named as input, as a list of files to read in order."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nlpcli.errors import FormatUnknown, InputMissing
from nlpcli.records.formats import FileFormat, compression_of, input_format, named_input_format

STANDARD_INPUT = "stdin"
ARGUMENT = "argument"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """Where records come from and how bytes become records; frozen and serialisable.

    `whole`: the task reads all fields of a record, so that the one named `field` may be missing.
    """

    texts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    format: str | None = None
    field: str = "text"
    per: str = "line"
    null_separated: bool = False
    encoding: str = "utf-8"
    whole: bool = False


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file (`path`), or standard input where `path` is None."""

    name: str
    path: Path | None
    format: FileFormat

    def open(self) -> BinaryIO:
        """The raw bytes.

        Raises:
            InputMissing: the file cannot be opened.
        """
        if self.path is None:
            return sys.stdin.buffer
        try:
            return self.path.open("rb")
        except OSError as error:
            raise InputMissing(f"cannot read {self.name}: {error.strerror}; check its permissions") from error


def input_files(spec: InputSpec) -> list[InputFile]:
    """The files that `spec` names, folders opened up; checked now, so that a typing error costs no model load.

    Raises:
        InputMissing: a path is not there, or a folder has no readable file.
        UsageError: `spec.format` is no format.
        FormatUnknown: without it, the suffix of a file tells none.
    """
    named = named_input_format(spec.format) if spec.format else None
    if not spec.paths:
        return [InputFile(STANDARD_INPUT, None, named or FileFormat("txt", ""))]
    return [file for path in spec.paths for file in _expand(path, named)]


def _expand(name: str, named: FileFormat | None) -> Iterator[InputFile]:
    if name == "-":
        yield InputFile(STANDARD_INPUT, None, named or FileFormat("txt", ""))
        return
    path = Path(name).expanduser()
    if path.is_dir():
        yield from _folder_files(name, path, named)
        return
    if not path.exists():
        raise InputMissing(f"no such file or folder: {name}; check the path (from {Path.cwd()})")
    yield InputFile(name, path, _format_of(name, named))


def _format_of(name: str, named: FileFormat | None) -> FileFormat:
    if named:
        return FileFormat(named.name, named.compression or compression_of(name))
    by_suffix = input_format(name)
    if by_suffix is None:
        raise FormatUnknown(f"the name {name} does not tell its format; name it, for example: --input-format txt")
    return by_suffix


def _folder_files(name: str, folder: Path, named: FileFormat | None) -> list[InputFile]:
    """Files of a known format anywhere below `folder`; hidden files and folders are passed over."""
    files = [
        InputFile(str(path), path, format_)
        for path in sorted(_visible_files(folder))
        if (format_ := named or input_format(path.name)) and os.access(path, os.R_OK)
    ]
    if not files:
        raise InputMissing(
            f"no readable file in {name}; looked for .txt .md .html .srt .jsonl .ndjson .json .csv .tsv .parquet,"
            " also compressed with .gz .bz2 .xz .zst"
        )
    return files


def _visible_files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in names if not name.startswith("."))
