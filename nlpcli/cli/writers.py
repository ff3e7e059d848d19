"""Writers around others, and for whoever looks on: drawings on a terminal, text while it is written, nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from nlpcli.cli.console import Activity, results_console, visible_record
from nlpcli.records.record import Record
from nlpcli.records.writers import Writer

if TYPE_CHECKING:
    from rich.console import RenderableType


class TerminalWriter:
    """Draws each result; a record that failed is drawn as its error."""

    def __init__(self, draw: Callable[[Record], RenderableType], activity: Activity) -> None:
        self._console = results_console()
        self._draw = draw
        self._activity = activity

    def write(self, record: Record) -> None:
        from rich.text import Text

        self._activity.end()
        record = visible_record(record)
        failed = record.result is None
        self._console.print(Text(f"{record.origin}: {record.error}", style="red") if failed else self._draw(record))

    def close(self) -> None:
        self._activity.end()


class StreamedWriter:
    """Text as it is written, each record ended like a line (or with NUL); not drawn on a terminal either."""

    def __init__(self, render: Callable[[Record], str], stream: BinaryIO, activity: Activity, null: bool) -> None:
        self._render = render
        self._stream = stream
        self._activity = activity
        self._terminator = b"\0" if null else b"\n"
        self._heard = ""

    def on_text(self, record: Record, piece: str) -> None:  # noqa: ARG002
        self._activity.end()
        self._heard += piece
        self._put(piece.encode("utf-8", "replace"))

    def write(self, record: Record) -> None:
        self._activity.end()
        rest = "" if record.result is None else self._render(record)[len(self._heard) :]
        self._heard = ""
        self._put(rest.encode("utf-8", "replace") + self._terminator)

    def _put(self, content: bytes) -> None:
        self._stream.write(content)
        self._stream.flush()

    def close(self) -> None:
        self._activity.end()


class LateWriter:
    """Makes its writer for the first record: what flows out can depend on what flows in, which is seen only then."""

    def __init__(self, make: Callable[[], Writer]) -> None:
        self._make = make

    @cached_property
    def made(self) -> Writer:
        return self._make()

    def on_text(self, record: Record, piece: str) -> None:
        """Takes a piece of a text that is being written; a format whose records are written whole does without."""
        if isinstance(self.made, StreamedWriter):
            self.made.on_text(record, piece)

    def write(self, record: Record) -> None:
        self.made.write(record)

    def close(self) -> None:
        self.made.close()


class RowsWriter:
    """Writes several rows for a record, or none."""

    def __init__(self, writer: Writer, rows: Callable[[Record], Iterable[Record]]) -> None:
        self._writer = writer
        self._rows = rows

    def write(self, record: Record) -> None:
        for row in self._rows(record):
            self._writer.write(row)

    def close(self) -> None:
        self._writer.close()


class NoWriter:
    """Takes records and shows nothing."""

    def write(self, record: Record) -> None: ...

    def close(self) -> None: ...
