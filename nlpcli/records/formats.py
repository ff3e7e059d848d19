"""Which format a file name means."""

from __future__ import annotations

from pathlib import PurePath
from typing import NamedTuple

from nlpcli.errors import UsageError
from nlpcli.records import compression

INPUT_FORMATS = ("txt", "jsonl", "json", "csv", "tsv", "parquet", "docx")
OUTPUT_FORMATS = ("text", "jsonl", "json", "csv", "tsv", "parquet", "npy", "docx")
BINARY_FORMATS = frozenset({"parquet", "npy", "docx"})

_INPUT_SUFFIXES = {
    ".txt": "txt",
    ".md": "txt",
    ".markdown": "txt",
    ".html": "txt",
    ".htm": "txt",
    ".xhtml": "txt",
    ".srt": "txt",
    ".vtt": "txt",
    ".po": "txt",
    ".pot": "txt",
    ".xlf": "txt",
    ".xliff": "txt",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".docx": "docx",
}
_OUTPUT_SUFFIXES = {
    **{suffix: "text" if name == "txt" else name for suffix, name in _INPUT_SUFFIXES.items()},
    ".npy": "npy",
}


class FileFormat(NamedTuple):
    """A format and the suffix of the compression around it (empty for none)."""

    name: str
    compression: str


def input_format(path: str) -> FileFormat | None:
    """The format that the suffixes of an input file tell, or None."""
    return _by_suffix(path, _INPUT_SUFFIXES)


def output_format(path: str) -> FileFormat | None:
    """The format that the suffixes of an output file tell, or None."""
    return _by_suffix(path, _OUTPUT_SUFFIXES)


def compression_of(path: str) -> str:
    """The compression that the last suffix of `path` tells (empty for none)."""
    suffix = PurePath(path).suffix.lower()
    return suffix if suffix in compression.SUFFIXES else ""


def named_input_format(name: str) -> FileFormat:
    """The format that `--input-format` names: `csv`, or with a compression, `csv.gz`.

    Raises:
        UsageError: there is no such format.
    """
    format_name, _, compression_name = name.lower().partition(".")
    suffix = f".{compression_name}" if compression_name else ""
    known = INPUT_FORMATS if not suffix or suffix in compression.SUFFIXES else ()
    name_of_text = {"text": "txt", "md": "txt", "ndjson": "jsonl"}
    format_name = name_of_text.get(format_name, format_name)
    if format_name not in known:
        raise UsageError(
            f'unknown input format "{name}"; use one of {", ".join(INPUT_FORMATS)},'
            " each also with .gz, .bz2, .xz or .zst behind it"
        )
    return FileFormat(format_name, suffix)


def _by_suffix(path: str, table: dict[str, str]) -> FileFormat | None:
    suffix = compression_of(path)
    inner = path[: -len(suffix)] if suffix else path
    name = table.get(PurePath(inner).suffix.lower())
    return FileFormat(name, suffix) if name else None
