"""CSV and TSV: text → rows, and the cells of TSV that need another spelling. Completion reads headers with it."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from nlpcli.errors import UsageError
from nlpcli.records.splitting import split_at

NO_QUOTE = "none"
# An open quote takes what follows; a row this long has one.
_MOST_CHARACTERS = 1 << 26
_BREAKS_TSV = re.compile(r"[\t\n\r]")


class Dialect(NamedTuple):
    """How a table is written. `quote` is None where a quote is a character like any other.

    `escaped`: a cell with a tab or the end of a line in it stands there as a string of JSON.
    """

    delimiter: str
    quote: str | None
    escaped: bool = False


class Row(NamedTuple):
    """The cells of a row that begins on `line`; a broken one has none, but its text and what is wrong with it."""

    cells: list[str]
    line: int
    text: str = ""
    problem: str | None = None


def dialect(format_name: str, delimiter: str | None = None, quote: str | None = None) -> Dialect:
    """The dialect of `csv` or `tsv`, or what --delimiter and --quote make of it.

    Raises:
        UsageError: one of them is no single character, or both are the same.
    """
    chosen = {None: "\t" if format_name == "tsv" else ",", r"\t": "\t"}.get(delimiter, delimiter) or ""
    if len(chosen) != 1 or chosen in "\r\n":
        raise UsageError(f'--delimiter takes one character, or \\t, not "{delimiter}"')
    if quote is None and format_name == "tsv":
        return Dialect(chosen, None, escaped=True)
    if quote == NO_QUOTE:
        return Dialect(chosen, None)
    mark = '"' if quote is None else quote
    if len(mark) != 1 or mark in "\r\n" or mark == chosen:
        raise UsageError(f'--quote takes {NO_QUOTE} or one character that is not the delimiter, not "{quote}"')
    return Dialect(chosen, mark)


def rows(texts: Iterable[str], how: Dialect) -> Iterator[Row]:
    """The rows of a table, blank lines passed over. A broken row is one row, and the next line begins another."""
    if how.quote is not None:
        return _quoted_rows(texts, how.delimiter, how.quote)
    return _split_rows(texts, how)


def _split_rows(texts: Iterable[str], how: Dialect) -> Iterator[Row]:
    for number, ended in enumerate(split_at(texts, "\n"), start=1):
        line = ended.removesuffix("\r")
        if not line:
            continue
        cells = line.split(how.delimiter)
        yield Row([_unescaped(cell) for cell in cells] if how.escaped and '"' in line else cells, number)


def _quoted_rows(texts: Iterable[str], delimiter: str, quote: str) -> Iterator[Row]:
    # No field is too long for us; the default limit of 131,072 characters is there for untrusted servers.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    lines = _Lines(texts)
    while True:
        reader = csv.reader(lines.read(), delimiter=delimiter, quotechar=quote, strict=True)
        try:
            for cells in reader:
                number = lines.next_row(len(lines.row))
                if cells:
                    yield Row(cells, number)
        except csv.Error as error:
            yield _broken_row(lines, error, delimiter, quote)
        else:
            return


class _Lines:
    """The lines of a text; those of the row that is being read can be read again."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._lines = split_at(texts, "\n")
        self._again: deque[str] = deque()
        self._first = 1
        self.row: list[str] = []

    def read(self) -> Iterator[str]:
        """What was not read yet, or is to be read again. Raises csv.Error where a row has no end."""
        row, again, size = self.row, self._again, 0
        while True:
            line = again.popleft() if again else next(self._lines, None)
            if line is None:
                return
            size = size + len(line) if row else 0
            if size > _MOST_CHARACTERS:
                raise csv.Error(f"a row of over {_MOST_CHARACTERS:,} characters")
            row.append(line)
            yield f"{line}\n"

    def next_row(self, count: int) -> int:
        """Ends the row after `count` of its lines, and gives back the others; the number of its first line."""
        first = self._first
        self._first += count
        if count < len(self.row):
            self._again.extendleft(reversed(self.row[count:]))
        self.row.clear()
        return first


def _broken_row(lines: _Lines, error: csv.Error, delimiter: str, quote: str) -> Row:
    opened = _open_quote("\n".join(lines.row) + "\n", delimiter, quote)
    count = len(lines.row) if opened is None else opened + 1
    text = "\n".join(lines.row[:count]).removesuffix("\r")
    first = lines.next_row(count)
    if opened is None:
        problem = "a carriage return outside quotes" if "new-line" in str(error) else str(error)
    else:
        problem = f"the quote that opens on line {first + opened} is not closed where a field ends"
    return Row([], first, text, problem)


def _open_quote(text: str, delimiter: str, quote: str) -> int | None:
    """On which line of `text`, counted from 0, a quote opens that no quote closes before the end of a field."""
    position = 0
    while position < len(text):
        if text[position] == quote:
            end = _closing_quote(text, position, quote)
            if end is None or text[end + 1 : end + 2] not in {delimiter, "\n", "\r", ""}:
                return text.count("\n", 0, position)
            position = end + 1
        found = re.compile(f"[{re.escape(delimiter)}\r\n]").search(text, position)
        position = found.end() if found else len(text)
    return None


def _closing_quote(text: str, opening: int, quote: str) -> int | None:
    place = text.find(quote, opening + 1)
    while place >= 0 and text[place + 1 : place + 2] == quote:
        place = text.find(quote, place + 2)
    return place if place >= 0 else None


def tsv_row(cells: Sequence[str]) -> str:
    """A line of TSV that is read as these cells again."""
    row = "\t".join(cells)
    if '"' in row or "\n" in row or "\r" in row or row.count("\t") >= len(cells):
        row = "\t".join(map(_escaped, cells))
    return f"{row}\n"


def _escaped(cell: str) -> str:
    """A cell of TSV: a string of JSON where it holds what would end it, or could be taken for such a string."""
    if _BREAKS_TSV.search(cell) or (cell.startswith('"') and _unescaped(cell) != cell):
        return json.dumps(cell, ensure_ascii=False)
    return cell


def _unescaped(cell: str) -> str:
    """What `_escaped` made a cell of; any other cell is itself, quotes and backslashes included."""
    if not (cell.startswith('"') and cell.endswith('"')):
        return cell
    try:
        value = json.loads(cell)
    except ValueError:
        return cell
    return value if isinstance(value, str) and _escaped(value) == cell else cell
