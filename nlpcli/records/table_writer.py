"""Records → CSV or TSV that is read again as the same rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from nlpcli.records.delimited import escaped_cell
from nlpcli.records.json_text import Number, encode_json, is_sound
from nlpcli.records.record import Record
from nlpcli.records.table import ERROR, InputColumns, NotHeld, OutputNames, result_row

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
        self._columns: list[str] | None = None
        self._output_names = OutputNames(names)
        self._held: list[Record] = []

    def write(self, record: Record) -> None:
        """Raises NotHeld where a field came after the header, or holds what is not Unicode."""
        self._check(record)
        if self._columns is None and record.result is None and len(self._held) < _MOST_HELD and not self._known_names():
            # A record that failed may be no more than a broken line, whose fields are no columns.
            self._held.append(record)
            return
        self._begin(record.fields)
        self._write(record)
        self._send()

    def close(self) -> None:
        self._begin(())
        self._send()

    def _known_names(self) -> list[str]:
        return list(self._known.fields) if self._known else []

    def _check(self, record: Record) -> None:
        if self._columns is not None and (new := [name for name in record.fields if name not in self._output_fields]):
            fields = {name: value for name, value in record.fields.items() if name not in new}
            raise NotHeld(
                f'field "{new[0]}" comes after the header of the {self._format} was written; use -F jsonl', fields
            )
        check_unicode(record.fields, self._format)

    def _begin(self, fields: Iterable[str]) -> None:
        if self._columns is not None:
            return
        held = [name for record in self._held for name in record.fields]
        self._output_fields = dict.fromkeys([*self._known_names(), *fields, *held])
        self._output_names.add(self._output_fields)
        self._columns = [self._output_names[name] for name in self._output_fields]
        self._put([*self._columns, *self._names, ERROR])
        for record in self._held:
            self._write(record)
        self._held.clear()

    def _write(self, record: Record) -> None:
        results = result_row(record, self._names)
        get = record.fields.get
        self._put([*(_cell(get(name)) for name in self._output_fields), *map(_cell, results.values())])

    def _put(self, cells: Sequence[str]) -> None:
        if self._format == "tsv":
            self._text.write("\t".join(map(escaped_cell, cells)) + "\n")
            return
        self._rows.writerow(cells)
        self._text.seek(self._text.tell() - 2)
        self._text.write("\n")
        self._text.truncate()

    def _send(self) -> None:
        self._stream.write(self._text.getvalue().encode("utf-8", "replace"))
        self._stream.flush()
        self._text.seek(0)
        self._text.truncate()


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
