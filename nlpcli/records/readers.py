"""Files and streams of every format → records, one at a time."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

from nlpcli.errors import FieldMissing, InputBroken, UsageError, quoted
from nlpcli.records import delimited, splitting
from nlpcli.records.arrow import ArrowRow, ArrowRows
from nlpcli.records.compression import plain_chunks
from nlpcli.records.content import Content
from nlpcli.records.field_path import NotThere, first_step, value_at
from nlpcli.records.inputs import ARGUMENT, InputFile, InputSpec, is_wide
from nlpcli.records.json_stream import JsonBroken, json_problem, json_values
from nlpcli.records.json_text import Number, read_json
from nlpcli.records.record import Origin, Record
from nlpcli.records.table import InputColumns, distinct

log = logging.getLogger(__name__)

TEXT_FIELD = "text"
# So many records without the field wait for one that has it.
_MOST_WAITING = 1000
_MOST_UNPACKED = 1 << 27
_JSON_FORMATS = frozenset({"jsonl", "json"})
_PER = {
    "paragraph": splitting.by_paragraph,
    "document": splitting.by_document,
}


@dataclass(slots=True)
class Reading:
    """What is read, how, and what was seen so far.

    `found`: some record had the field. `missed`: the first that did not, before any had it. `said` are the findings
    that were announced; None: it is too early for any.
    """

    spec: InputSpec
    decoder: splitting.Decoder
    columns: InputColumns
    found: bool
    said: set[str] | None
    missed: FieldMissing | None = None


def read_records(spec: InputSpec, files: list[InputFile], columns: InputColumns | None = None) -> Iterator[Record]:
    """All records of `spec` in order; `files` comes from `input_files`. `columns` learns what headers say.

    Raises:
        InputError: a file cannot be read, is damaged, or lacks the field.
    """
    decoder = decoder_for(spec.encoding)
    reading = Reading(spec, decoder, InputColumns() if columns is None else columns, spec.whole, set())
    for number, argument in enumerate(spec.texts, start=1):
        text = decoder.mend(argument)
        yield Record(text, {TEXT_FIELD: text}, Origin(ARGUMENT, number))
    yield from _with_field(chain.from_iterable(read_file(file, reading) for file in files), reading)
    tell_replaced(decoder)


def tell_replaced(decoder: splitting.Decoder) -> None:
    """Say how many bytes were no text, at the end of all reading."""
    if decoder.replaced:
        log.warning(
            "bytes that were not valid %s became U+FFFD: %d; name the encoding with --encoding",
            decoder.encoding,
            decoder.replaced,
        )


def decoder_for(encoding: str) -> splitting.Decoder:
    """A decoder.

    Raises:
        UsageError: there is no such encoding.
    """
    try:
        return splitting.Decoder(encoding)
    except (LookupError, UnicodeError) as error:
        raise UsageError(f'unknown encoding "{encoding}"; use for example utf-8, gb18030, latin-1') from error


def find_columns(spec: InputSpec, files: list[InputFile], every_key: bool) -> InputColumns:
    """The columns of all files that can be read twice, in order; what is a stream has to wait.

    `every_key` looks through objects of JSON too, which takes as long as to read them.

    Raises:
        InputError: a file cannot be read, or lacks the field.
    """
    columns = InputColumns()
    if spec.texts:
        columns.add([TEXT_FIELD])
    for file in files:
        if file.stream:
            continue
        if file.format.name in {"txt", "docx"}:
            columns.add([TEXT_FIELD])
        elif every_key or file.format.name not in _JSON_FORMATS:
            _find_columns(file, Reading(spec, decoder_for(spec.encoding), columns, found=True, said=None))
    return columns


def _find_columns(file: InputFile, reading: Reading) -> None:
    records = read_file(file, reading)
    try:
        for record in records:
            if file.format.name not in _JSON_FORMATS:
                return
            if record.error is None:
                reading.columns.add(record.fields)
    except InputBroken:
        return  # It is said when it is read.
    finally:
        records.close()


def read_file(file: InputFile, reading: Reading, from_row: int = 0) -> Generator[Record, None, None]:
    """The records of one file. `from_row`: as many rows of Parquet before it as can be are passed over, unread; the
    first record says by its line which it is."""
    stream = file.open()
    decoder = reading.decoder
    try:
        content = file.content(stream, is_wide(reading.spec))
        if reading.said is not None:
            _say_findings(file, content, decoder.encoding, reading.said)
            if content.holds_nul and file.path is None and not (file.told or is_wide(reading.spec)):
                log.warning(
                    "%s has NUL bytes in it, as UTF-16 without its mark and files that are no text have;"
                    " name its --encoding, or -0 where they end the records",
                    quoted(file.name),
                )
        if content.format == "parquet":
            from nlpcli.records.parquet import read_rows

            source = stream if content.raw and not file.stream else content.chunks
            yield from _read_arrow(file, reading, read_rows(quoted(file.name), source, from_row))
        elif content.raw:
            yield from _records_of(file, reading, content, content.chunks)
        else:
            unpacked = _Unpacked(content.chunks, quoted(file.name))
            yield from unpacked.watched(_records_of(file, reading, content, unpacked))
    except UnicodeError as error:
        raise InputBroken(
            f"{quoted(file.name)} cannot be read as {decoder.encoding}: {error}; name its --encoding"
        ) from error
    finally:
        if file.path is not None:
            stream.close()


class _Unpacked:
    """Chunks of a compressed file: a few bytes of it may stand for any number, of which no record may have too many.

    Raises:
        InputBroken: a record is larger than `_MOST_UNPACKED`.
    """

    def __init__(self, chunks: Iterable[bytes], name: str) -> None:
        self._chunks = chunks
        self._name = name
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._size += len(chunk)
            if self._size > _MOST_UNPACKED:
                raise InputBroken(
                    f"{self._name} has a record of more than {_MOST_UNPACKED >> 20} MiB in it, unpacked; if it is meant"
                    " to be so, unpack the file before"
                )
            yield chunk

    def watched(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records that were read of these chunks."""
        for record in records:
            self._size = 0
            yield record


def _records_of(file: InputFile, reading: Reading, content: Content, chunks: Iterable[bytes]) -> Iterator[Record]:
    if content.format == "docx":
        yield _read_docx(file, reading, b"".join(chunks))
        return
    texts = reading.decoder.decode(chunks, content.encoding)
    yield from _TEXT_READERS[content.format](file, reading, texts)


def _with_field(records: Iterator[Record], reading: Reading) -> Iterator[Record]:
    """The records; those without the field wait for the first that has it: where none does, its name is wrong.

    Raises:
        FieldMissing: no record has the field, or none of the first `_MOST_WAITING`.
    """
    waiting: list[Record] = []
    for record in records:
        if reading.found:
            yield from waiting
            yield record
            yield from records
            return
        if reading.missed is None:
            yield record
            continue
        waiting.append(record)
        if len(waiting) == _MOST_WAITING:
            break
    if reading.missed is not None:
        raise reading.missed


def _say_findings(file: InputFile, content: Content, encoding: str, said: set[str]) -> None:
    """Say what the bytes of a file are that nobody had named: each finding once, with the first file that has it."""
    findings = list(content.unexpected)
    if content.encoding is not None and not encoding.startswith(content.encoding):
        findings.append(content.encoding.upper())
    if new := [finding for finding in findings if finding not in said]:
        said.update(new)
        log.warning("%s is %s, as its first bytes say; it is read so", quoted(file.name), " and ".join(new))


def read_lines(file: InputFile, reading: Reading, start: int, stop: int, first: int) -> Iterator[Record]:
    """The records of the bytes from `start` to `stop` of a file of lines, of which the first has the number `first`."""
    with file.open_at(start, stop) as stream:
        texts = reading.decoder.decode(_chunks(stream, stop - start, quoted(file.name)), started=start > 0)
        reader = _read_jsonl if file.format.name == "jsonl" else _read_text
        yield from reader(file, reading, texts, first)


def _chunks(stream: BinaryIO, size: int, name: str) -> Iterator[bytes]:
    for chunk in plain_chunks(stream, name):
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return


def _read_text(file: InputFile, reading: Reading, texts: Iterator[str], first: int = 1) -> Iterator[Record]:
    spec = reading.spec
    reading.found = True
    reading.columns.add([TEXT_FIELD])
    if spec.field != TEXT_FIELD and not file.told:
        log.warning(
            '%s is read as plain text, where no column is "%s"; name its format, for example: --input-format csv',
            quoted(file.name),
            spec.field,
        )
    if spec.null_separated:
        pieces = splitting.by_null(texts, first)
    else:
        pieces = splitting.by_line(texts, first) if spec.per == "line" else _PER[spec.per](texts)
    for text, line in pieces:
        if not text and file.path is None and spec.per == "document" and not spec.null_separated:
            return  # an empty pipe holds no document; an empty file is one
        yield Record(text, {TEXT_FIELD: text}, Origin(file.name, line))


def _read_docx(file: InputFile, reading: Reading, data: bytes) -> Record:
    from nlpcli.text.markup.docx import parse

    reading.columns.add([TEXT_FIELD])
    origin = Origin(file.name, 1)
    try:
        text = parse(data).text
    except InputBroken as error:
        return Record("", {TEXT_FIELD: ""}, origin, error=str(error))
    return Record(text, {TEXT_FIELD: text}, origin, file=data)


def _read_jsonl(file: InputFile, reading: Reading, texts: Iterator[str], first: int = 1) -> Iterator[Record]:
    for line, number in splitting.by_line(texts, first):
        if not line.strip():
            continue
        origin = Origin(file.name, number)
        try:
            value = read_json(line)
        except (ValueError, RecursionError) as error:
            yield Record("", {reading.spec.field: line}, origin, error=f"broken JSON: {json_problem(error)}")
        else:
            yield _json_record(value, reading, origin)


def _read_json(file: InputFile, reading: Reading, texts: Iterator[str]) -> Iterator[Record]:
    try:
        for value, line in json_values(texts):
            yield _json_record(value, reading, Origin(file.name, line))
    except JsonBroken as error:
        raise InputBroken(f"{quoted(file.name)}:{error.line}: broken JSON: {error}; mend the file there") from error


def _json_record(value: Any, reading: Reading, origin: Origin) -> Record:
    field = reading.spec.field
    if isinstance(value, str):
        reading.found = True
        return Record(reading.decoder.mend(value), {field: value}, origin)
    if not isinstance(value, dict):
        return Record("", {field: value}, origin, error="neither an object nor a string")
    try:
        found = value[field] if field in value else value_at(value, field)
    except NotThere as problem:
        return _without_field(value, reading, origin, problem)
    reading.found = True
    record = _record(found, value, reading.spec, origin)
    # Only JSON spells halves of surrogate pairs, and they are not ASCII.
    if not record.text.isascii():
        record.text = reading.decoder.mend(record.text)
    return record


def _without_field(fields: Mapping[str, Any], reading: Reading, origin: Origin, problem: NotThere) -> Record:
    field = reading.spec.field
    if reading.spec.whole:
        return Record("", fields, origin)
    if not reading.found and reading.missed is None:
        reading.missed = FieldMissing(f'no field "{field}" in {origin}; {problem} (choose one with --field)')
    nested = f"; {problem}" if first_step(field) != field else ""
    return Record("", fields, origin, error=f'no field "{field}"{nested}')


def _read_delimited(file: InputFile, reading: Reading, texts: Iterator[str]) -> Iterator[Record]:
    spec, name = reading.spec, file.format.name
    rows = delimited.rows(texts, delimited.dialect(name, spec.delimiter, spec.quote))
    first = next(rows, None)
    if first is None:
        return
    if first.problem and not spec.no_header:
        raise InputBroken(f"{quoted(file.name)}:{first.line}: broken {name}: {first.problem}; mend the header there")
    header = distinct([str(number) for number, _ in enumerate(first.cells, 1)] if spec.no_header else first.cells)
    if spec.field not in header and not spec.whole:
        raise _column_missing(spec.field, file.name, header)
    reading.found = True
    reading.columns.add(header)
    for row in chain([first], rows) if spec.no_header else rows:
        yield _row_record(header, row, spec, Origin(file.name, row.line))


def _row_record(header: list[str], row: delimited.Row, spec: InputSpec, origin: Origin) -> Record:
    fields: dict[str, Any] = dict(zip(header, row.cells, strict=False))
    if len(row.cells) == len(header):
        return _record(fields.get(spec.field), fields, spec, origin)
    fields.update(dict.fromkeys(header[len(row.cells) :], ""))
    if row.problem is not None:
        fields[spec.field if spec.field in fields else header[0]] = row.text
        return Record("", fields, origin, error=row.problem)
    problem = f"{len(row.cells)} values for {len(header)} columns"
    if surplus := row.cells[len(header) :]:
        # Nothing is lost: what stands behind the last column stays with it.
        fields[header[-1]] = "\t".join([fields[header[-1]], *surplus])
    return Record("", fields, origin, error=problem)


def _read_arrow(file: InputFile, reading: Reading, batches: Iterator[tuple[int, ArrowRows]]) -> Iterator[Record]:
    field = reading.spec.field
    for number, rows in batches:
        if first_step(field) not in rows.names and field not in rows.names and not reading.spec.whole:
            raise _column_missing(field, file.name, list(rows.names))
        reading.columns.add_schema(rows.batch.schema, rows.names)
        texts = rows.texts(field) if field in rows.names else None
        reading.found = reading.found or texts is not None
        for index in range(rows.batch.num_rows):
            fields, origin = ArrowRow(rows, index), Origin(file.name, number + index + 1)
            yield (
                _nested_record(fields, reading, origin)
                if texts is None
                else _record(texts[index], fields, reading.spec, origin)
            )


def _nested_record(fields: ArrowRow, reading: Reading, origin: Origin) -> Record:
    try:
        value = value_at(fields, reading.spec.field)
    except NotThere as problem:
        return _without_field(fields, reading, origin, problem)
    reading.found = True
    return _record(value, fields, reading.spec, origin)


def _record(value: Any, fields: Mapping[str, Any], spec: InputSpec, origin: Origin) -> Record:
    if isinstance(value, str):
        return Record(value, fields, origin)
    if isinstance(value, int | float):
        return Record(value.literal if isinstance(value, Number) else json.dumps(value), fields, origin)
    if spec.whole:
        return Record("", fields, origin)
    problem = f'field "{spec.field}" is null' if value is None else f'field "{spec.field}" holds no text'
    return Record("", fields, origin, error=problem)


def _column_missing(field: str, where: str, names: list[str]) -> FieldMissing:
    known = ", ".join(names) or "nothing"
    return FieldMissing(f'no column "{field}" in {quoted(where)}; it has: {known} (choose one with --field)')


_TEXT_READERS: dict[str, Callable[[InputFile, Reading, Iterator[str]], Iterator[Record]]] = {
    "txt": _read_text,
    "jsonl": _read_jsonl,
    "json": _read_json,
    "csv": _read_delimited,
    "tsv": _read_delimited,
}
