"""Files and streams of every format → records, one at a time."""

from __future__ import annotations

import csv
import json
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

from nlpcli.errors import ExtraMissing, FieldMissing, InputBroken, UsageError
from nlpcli.records import splitting
from nlpcli.records.content import Content
from nlpcli.records.inputs import ARGUMENT, InputFile, InputSpec, is_wide
from nlpcli.records.json_stream import JsonBroken, json_problem, json_values
from nlpcli.records.record import Origin, Record

log = logging.getLogger(__name__)

TEXT_FIELD = "text"
PARQUET_ROWS = 256
_JSON_FORMATS = frozenset({"jsonl", "json"})
_PER = {
    "line": splitting.by_line,
    "paragraph": splitting.by_paragraph,
    "document": splitting.by_document,
}


def read_records(spec: InputSpec, files: list[InputFile]) -> Iterator[Record]:
    """All records of `spec` in order; `files` comes from `input_files`.

    Raises:
        InputError: a file cannot be read, is damaged, or lacks the field.
    """
    decoder = decoder_for(spec.encoding)
    for number, argument in enumerate(spec.texts, start=1):
        text = decoder.mend(argument)
        yield Record(text, {TEXT_FIELD: text}, Origin(ARGUMENT, number))
    said: set[str] = set()
    for file in files:
        for record in _read_file(file, spec, decoder, said):
            if file.format.name in _JSON_FORMATS:
                record.text = decoder.mend(record.text)
            yield record
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


def _read_file(file: InputFile, spec: InputSpec, decoder: splitting.Decoder, said: set[str]) -> Iterator[Record]:
    stream = file.open()
    try:
        content = file.content(stream, is_wide(spec))
        _say_findings(file, content, decoder.encoding, said)
        if content.format == "parquet":
            yield from _read_parquet(file, spec, stream, content)
        else:
            texts = decoder.decode(content.chunks, content.encoding)
            yield from _TEXT_READERS[content.format](file, spec, texts)
    except UnicodeError as error:
        raise InputBroken(f"{file.name} cannot be read as {decoder.encoding}: {error}; name its --encoding") from error
    finally:
        if file.path is not None:
            stream.close()


def _say_findings(file: InputFile, content: Content, encoding: str, said: set[str]) -> None:
    """Say what the bytes of a file are that nobody had named: each finding once, with the first file that has it."""
    findings = list(content.unexpected)
    if content.encoding is not None and not encoding.startswith(content.encoding):
        findings.append(content.encoding.upper())
    if new := [finding for finding in findings if finding not in said]:
        said.update(new)
        log.warning("%s is %s, as its first bytes say; it is read so", file.name, " and ".join(new))


def _read_text(file: InputFile, spec: InputSpec, texts: Iterator[str]) -> Iterator[Record]:
    pieces = splitting.by_null(texts) if spec.null_separated else _PER[spec.per](texts)
    for text, line in pieces:
        if not text and file.path is None and spec.per == "document" and not spec.null_separated:
            return  # an empty pipe holds no document; an empty file is one
        yield Record(text, {TEXT_FIELD: text}, Origin(file.name, line))


def _read_jsonl(file: InputFile, spec: InputSpec, texts: Iterator[str]) -> Iterator[Record]:
    fields = _Fields(spec)
    for line, number in splitting.by_line(texts):
        if not line.strip():
            continue
        origin = Origin(file.name, number)
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Record("", {spec.field: line}, origin, error=f"broken JSON: {json_problem(error)}")
        else:
            yield fields.record(value, origin)


def _read_json(file: InputFile, spec: InputSpec, texts: Iterator[str]) -> Iterator[Record]:
    fields = _Fields(spec)
    try:
        for value, line in json_values(texts):
            yield fields.record(value, Origin(file.name, line))
    except JsonBroken as error:
        raise InputBroken(f"{file.name}:{error.line}: broken JSON: {error}; mend the file there") from error


class _Fields:
    """Makes records of JSON values; knows whether the field was ever seen."""

    def __init__(self, spec: InputSpec) -> None:
        self.field = spec.field
        self.seen = spec.whole
        self._spec = spec

    def record(self, value: Any, origin: Origin) -> Record:
        if isinstance(value, str):
            return Record(value, {self.field: value}, origin)
        if not isinstance(value, dict):
            return Record("", {self.field: value}, origin, error="neither an object nor a string")
        if self.field not in value and not self.seen:
            raise _field_missing(self.field, "field", str(origin), value)
        if self.field not in value and not self._spec.whole:
            return Record("", value, origin, error=f'no field "{self.field}"')
        self.seen = True
        return _structured(value, self._spec, origin)


def _read_csv(file: InputFile, spec: InputSpec, texts: Iterator[str]) -> Iterator[Record]:
    # No field is too long for us; the default limit of 131,072 characters is there for untrusted servers.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    lines = (f"{line}\n" for line in splitting.split_at(texts, "\n"))
    rows = csv.reader(lines, delimiter="\t" if file.format.name == "tsv" else ",")
    try:
        header = next(rows, None)
        if header is None:
            return
        if spec.field not in header and not spec.whole:
            raise _field_missing(spec.field, "column", file.name, header)
        header = _distinct(header)
        start = rows.line_num + 1
        for row in rows:
            origin, start = Origin(file.name, start), rows.line_num + 1
            if row:
                yield _row_record(header, row, spec, origin)
    except csv.Error as error:
        where = f"{file.name}:{rows.line_num}"
        raise InputBroken(f"{where}: broken {file.format.name}: {error}; mend the file there") from error


def _distinct(header: list[str]) -> list[str]:
    """Column names without repetition, so that no column hides another: a, a → a, a_2."""
    names: list[str] = []
    for name in header:
        candidate, count = name, 1
        while candidate in names:
            count += 1
            candidate = f"{name}_{count}"
        names.append(candidate)
    return names


def _row_record(header: list[str], row: list[str], spec: InputSpec, origin: Origin) -> Record:
    fields: dict[str, Any] = dict(zip(header, row, strict=False))
    if len(row) == len(header):
        return _structured(fields, spec, origin)
    fields.update(dict.fromkeys(header[len(row) :], ""))
    problem = f"{len(row)} values for {len(header)} columns"
    if surplus := row[len(header) :]:
        # Nothing is lost: what stands behind the last column stays with it.
        fields[header[-1]] = "\t".join([fields[header[-1]], *surplus])
    return Record("", fields, origin, error=problem)


def _read_parquet(file: InputFile, spec: InputSpec, stream: BinaryIO, content: Content) -> Iterator[Record]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ExtraMissing("reading parquet", "parquet") from error
    spooled = file.stream or not content.raw
    if spooled:
        # The format keeps its index at the end: a pipe has to be on disk first.
        spool = tempfile.TemporaryFile()
        spool.writelines(content.chunks)
        spool.seek(0)
        stream = cast(BinaryIO, spool)
    try:
        table = pq.ParquetFile(stream)
        if spec.field not in table.schema_arrow.names and not spec.whole:
            raise _field_missing(spec.field, "column", file.name, table.schema_arrow.names)
        row = 0
        for batch in table.iter_batches(PARQUET_ROWS):
            for fields in batch.to_pylist():
                row += 1
                yield _structured(fields, spec, Origin(file.name, row))
    # Arrow says with OSError what is wrong inside a page.
    except (pa.ArrowException, OSError) as error:
        problem = f"{file.name} is not a sound parquet file: {error}"
        raise InputBroken(f"{problem}; fetch or write it again") from error
    finally:
        if spooled:
            stream.close()


def _structured(fields: dict[str, Any], spec: InputSpec, origin: Origin) -> Record:
    field = spec.field
    value = fields.get(field)
    if isinstance(value, str):
        return Record(value, fields, origin)
    if isinstance(value, int | float):
        return Record(json.dumps(value), fields, origin)
    if spec.whole:
        return Record("", fields, origin)
    problem = f'field "{field}" is null' if value is None else f'field "{field}" holds no text'
    return Record("", fields, origin, error=problem)


def _field_missing(field: str, kind: str, where: str, names: Any) -> FieldMissing:
    known = ", ".join(str(name) for name in names) or "nothing"
    return FieldMissing(f'no {kind} "{field}" in {where}; it has: {known} (choose one with --field)')


_TEXT_READERS: dict[str, Callable[[InputFile, InputSpec, Iterator[str]], Iterator[Record]]] = {
    "txt": _read_text,
    "jsonl": _read_jsonl,
    "json": _read_json,
    "csv": _read_csv,
    "tsv": _read_csv,
}
