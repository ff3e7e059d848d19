"""Inputs cut into shards of records that can be read apart: bytes of lines, else numbers of records."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from nlpcli.errors import quoted
from nlpcli.records.compression import plain_chunks
from nlpcli.records.inputs import InputFile, InputSpec, is_wide
from nlpcli.records.readers import Reading, decoder_for, read_file, read_lines, tell_replaced
from nlpcli.records.record import Record
from nlpcli.records.table import InputColumns

# In these the byte of a line feed is a line feed, wherever it stands.
_ONE_BYTE_LINE_FEED = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d|koi8-[ru]|mac-.*|gb18030|gbk|gb2312|big5|euc_.*")


class InputRange(NamedTuple):
    """Records of the file of that number: bytes from `start` to `stop`, or records counted from 0.

    `first`: the number of the line on which the bytes begin, None where records are counted. `records`: how many.
    """

    file: int
    start: int
    stop: int
    first: int | None
    records: int


class Shard(NamedTuple):
    """What is computed at a time, and kept at a time: ranges that follow each other in the input."""

    number: int
    ranges: tuple[InputRange, ...]

    @property
    def records(self) -> int:
        """How many records it has."""
        return sum(each.records for each in self.ranges)


@dataclass(frozen=True, slots=True)
class ShardSize:
    """A shard ends with the record that reaches one of these; `size` in bytes, or in characters."""

    records: int
    size: int


def plan_shards(spec: InputSpec, files: Sequence[InputFile], most: ShardSize) -> Iterator[Shard]:
    """All records of `files`, in order, in shards; the same files and sizes give the same shards.

    Raises:
        InputError: a file cannot be read, or is damaged.
    """
    number, ranges, records, size = 0, list[InputRange](), 0, 0
    for index, file in enumerate(files):
        start, first, count = 0, 1, 0
        by_bytes = _is_cut_by_bytes(spec, file)
        for end, (stop, length, is_record) in enumerate(_ends(spec, file, by_bytes), start=2):
            count += is_record
            size += length
            if records + count < most.records and size < most.size:
                continue
            ranges.append(InputRange(index, start, stop, first if by_bytes else None, count))
            yield Shard(number, tuple(ranges))
            number, ranges, records, size = number + 1, [], 0, 0
            start, first, count = stop, end, 0
        if count:
            ranges.append(InputRange(index, start, stop, first if by_bytes else None, count))
            records += count
    if ranges:
        yield Shard(number, tuple(ranges))


def _is_cut_by_bytes(spec: InputSpec, file: InputFile) -> bool:
    """Whether its records can be told by their bytes alone."""
    with file.open() as stream:
        content = file.content(stream, is_wide(spec))
    by_line = content.format == "jsonl" or (content.format == "txt" and (spec.per == "line" or spec.null_separated))
    encoding = decoder_for(spec.encoding).encoding
    plain = content.encoding in {None, "utf-8"} and _ONE_BYTE_LINE_FEED.fullmatch(encoding) is not None
    return by_line and content.raw and plain


def _ends(spec: InputSpec, file: InputFile, by_bytes: bool) -> Iterator[tuple[int, int, bool]]:
    """Where each piece ends, how long it is, and whether it is a record: a blank line of JSONL is none."""
    if by_bytes:
        yield from _ends_of_lines(spec, file)
    elif file.format.name == "docx" or (
        file.format.name == "txt" and spec.per == "document" and not spec.null_separated
    ):
        yield 1, file.size_now() or 0, True
    else:
        reading = Reading(spec, decoder_for(spec.encoding), InputColumns(), found=True, said=None)
        with closing(read_file(file, reading)) as records:
            for number, record in enumerate(records, start=1):
                yield number, len(record.text), True


def _ends_of_lines(spec: InputSpec, file: InputFile) -> Iterator[tuple[int, int, bool]]:
    blank_is_record = file.format.name == "txt"
    end = b"\0" if spec.null_separated and blank_is_record else b"\n"
    before, unfinished = 0, b""
    with file.open() as stream:
        for chunk in _up_to(plain_chunks(stream, quoted(file.name)), file.size):
            data = unfinished + chunk
            at = 0
            while (found := data.find(end, at)) >= 0:
                line, at = data[at : found + 1], found + 1
                yield before + at, len(line), blank_is_record or not line.isspace()
            before, unfinished = before + at, data[at:]
    if unfinished:
        yield before + len(unfinished), len(unfinished), blank_is_record or not unfinished.isspace()


def _up_to(chunks: Iterator[bytes], size: int | None) -> Iterator[bytes]:
    for chunk in chunks:
        if size is None:
            yield chunk
            continue
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return


def content_hash(file: InputFile) -> str:
    """SHA-256 of the bytes that are read of a file."""
    found = hashlib.sha256()
    with file.open() as stream:
        for chunk in _up_to(plain_chunks(stream, quoted(file.name)), file.size):
            found.update(chunk)
    return found.hexdigest()


class RangeReader:
    """Reads shards in any order; in their own order each file is read once."""

    def __init__(self, spec: InputSpec, files: Sequence[InputFile], columns: InputColumns | None = None) -> None:
        self._files = files
        columns = InputColumns() if columns is None else columns
        self._reading = Reading(spec, decoder_for(spec.encoding), columns, found=True, said=set())
        self._file = -1
        self._position = 0
        self._records: Iterator[Record] = iter(())

    def read(self, shard: Shard) -> list[Record]:
        """The records of a shard.

        Raises:
            InputError: a file cannot be read, or is damaged.
        """
        return [record for each in shard.ranges for record in self._read(each)]

    def _read(self, wanted: InputRange) -> Iterator[Record]:
        if wanted.first is not None:
            return read_lines(self._files[wanted.file], self._reading, wanted.start, wanted.stop, wanted.first)
        self._move_to(wanted)
        self._position = wanted.stop
        return islice(self._records, wanted.stop - wanted.start)

    def _move_to(self, wanted: InputRange) -> None:
        if self._file == wanted.file and self._position <= wanted.start:
            self._pass_over(wanted.start - self._position)
            return
        self.close_file()
        file = self._files[wanted.file]
        records = read_file(file, self._reading, from_row=wanted.start)
        self._file, self._records = wanted.file, records
        first = next(records, None)
        # Of Parquet, and of it alone, a record says by its line how many are before it.
        passed_over = first.origin.line - 1 if first is not None and file.format.name == "parquet" else 0
        self._records = _with_first(first, records)
        self._pass_over(wanted.start - passed_over)

    def _pass_over(self, count: int) -> None:
        next(islice(self._records, count, count), None)

    def close_file(self) -> None:
        """End the reading of the file that is open."""
        if close := getattr(self._records, "close", None):
            close()
        self._file, self._position, self._records = -1, 0, iter(())

    def close(self) -> None:
        """End all reading, and say what was wrong with bytes."""
        self.close_file()
        tell_replaced(self._reading.decoder)


def _with_first(first: Record | None, records: Iterator[Record]) -> Iterator[Record]:
    if first is not None:
        yield first
        yield from records
