"""Records → CSV or TSV that is read again as the same rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from nlpcli.records.delimited import tsv_row
from nlpcli.records.json_text import Number, encode_json, is_sound
from nlpcli.records.record import Record
from nlpcli.records.table import ERROR, InputColumns, NotHeld, OutputNames

# So many failed records wait for the first that has columns.
_MOST_HELD = 1000


class TableWriter:
    """CSV or TSV; the columns are those of the input where they are known, else of the first record.

    Lists and objects are written as JSON.
    """

    def __init__(
        self, stream: BinaryIO, names: Mapping[str, str], format_name: str, columns: InputColumns | None
    ) -> None:
        self._stream = stream
        self._names = names
        self._format = format_name
        self._known = columns
        self._text = io.StringIO(newline="")
        # With this end of a line csv quotes both halves of it in a cell; it is cut to one below.
        self._rows = csv.writer(self._text, lineterminator="\r\n")
        self._output_names = OutputNames(names)
        self._columns: dict[str, None] | None = None
        self._held: list[Record] = []

    def write(self, record: Record) -> None:
        """Raises NotHeld where a field came after the header, or holds what is not Unicode."""
        if self._columns is None:
            check_unicode(record.fields, self._format)
            if record.result is None and len(self._held) < _MOST_HELD and not self._known_names():
                # A record that failed may be no more than a broken line, whose fields are no columns.
                self._held.append(record)
                return
            self._begin(record.fields)
        elif not self._columns.keys() >= record.fields.keys():
            self._refuse_new_fields(record)
        self._write(record)

    def close(self) -> None:
        if self._columns is None:
            self._begin(())

    def _known_names(self) -> list[str]:
        return list(self._known.fields) if self._known else []

    def _refuse_new_fields(self, record: Record) -> None:
        columns = self._columns or {}
        new = next(name for name in record.fields if name not in columns)
        fields = {name: value for name, value in record.fields.items() if name in columns}
        raise NotHeld(f'field "{new}" comes after the header of the {self._format} was written; use -F jsonl', fields)

    def _begin(self, fields: Iterable[str]) -> None:
        held, self._held = self._held, []
        known = self._known_names()
        self._columns = dict.fromkeys([*known, *fields, *(name for record in held for name in record.fields)])
        self._output_names.add(self._columns)
        self._send(self._row([*(self._output_names[name] for name in self._columns), *self._names, ERROR]).encode())
        for record in held:
            self._write(record)

    def _write(self, record: Record) -> None:
        get, result = record.fields.get, (record.result or {}).get
        values = [get(name) for name in self._columns or ()]
        values += [result(name) for name in self._names]
        values.append(record.error)
        row = self._row([value if type(value) is str else _cell(value) for value in values])
        try:
            line = row.encode()
        except UnicodeEncodeError:
            check_unicode(record.fields, self._format)
            line = row.encode("utf-8", "replace")
        self._send(line)

    def _row(self, cells: Sequence[str]) -> str:
        if self._format == "tsv":
            return tsv_row(cells)
        self._rows.writerow(cells)
        row = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return row[:-2] + "\n"

    def _send(self, line: bytes) -> None:
        self._stream.write(line)
        self._stream.flush()


def check_unicode(fields: Mapping[str, Any], format_name: str) -> None:
    """Raises NotHeld where a text holds half a surrogate pair, which only JSON can spell."""
    unsound = [name for name, value in fields.items() if not is_sound(name) or not _is_sound_value(value)]
    if unsound:
        mended = {_mended(name): _mended(value) for name, value in fields.items()}
        raise NotHeld(
            f'field "{_mended(unsound[0])}" holds half a surrogate pair, which {format_name} cannot; use -F jsonl',
            mended,
        )


def _is_sound_value(value: Any) -> bool:
    return not isinstance(value, str) or is_sound(value)


def _mended(value: Any) -> Any:
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return value.literal if isinstance(value, Number) else encode_json(value).decode()
