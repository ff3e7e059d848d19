"""What a command is to do, as a value; light, because `--help` and completion come past it.

`run` carries it out, in this process, in the worker that it is sent to, or as a job that is resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nlpcli.records.record import Record

if TYPE_CHECKING:
    from rich.console import RenderableType

    from nlpcli.cli.failures import MaxErrors
    from nlpcli.engines.job import Job, Resuming
    from nlpcli.records.table import InputColumns
    from nlpcli.records.writers import Writer

Tap = Callable[[Iterator[Record]], Iterator[Record]]


@dataclass(frozen=True, slots=True)
class LongForm:
    """Results that are lists: in tables and lines each thing in them has a row of its own, and a record has several.

    `rows` makes them of a record, each with its result `fields`; of a failed record itself.
    """

    fields: Mapping[str, str]
    rows: Callable[[Record], Iterable[Record]]


@dataclass(frozen=True, slots=True)
class View:
    """How the results of a task look: a line of the text format, and a drawing for a terminal."""

    render: Callable[[Record], str]
    draw: Callable[[Record], RenderableType]
    own_rows: bool = False
    """The rows are found in the input, and have none of its fields."""
    of_all: bool = False
    """The rows are those of all files together, in an order of their own."""
    long: LongForm | None = None
    """Lines and tables have a row for each thing that was found; `render` is given such rows."""

    def writer(
        self, name: str, stream: BinaryIO, names: Mapping[str, str], null: bool, columns: InputColumns | None
    ) -> Writer:
        """What writes the results in the format of that name."""
        from nlpcli.cli.writers import RowsWriter
        from nlpcli.records.writers import make_writer

        if self.long is None or name not in _FORMATS_OF_ROWS:
            return make_writer(name, stream, names, self.render, null, columns)
        return RowsWriter(make_writer(name, stream, self.long.fields, self.render, null, columns), self.long.rows)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command is to do; `carry_out` does it. Results that are `kept_back` are not written."""

    job: Job
    view: View
    tap: Tap | None = None
    kept_back: bool = False
    streamed: bool = False
    quiet: bool = False
    verbose: bool = False
    progress: bool | None = None
    server: bool | None = None
    keep_warm: str | None = None
    resuming: Resuming | None = None
    on_ray: bool = False
    ray_address: str | None = None
    max_errors: MaxErrors | None = None
    summary: Path | None = None


_FORMATS_OF_ROWS = frozenset({"text", "csv", "tsv", "parquet"})
