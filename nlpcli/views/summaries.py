"""Summaries, as lines of text and on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nlpcli.records.record import Record

if TYPE_CHECKING:
    from rich.console import RenderableType


def summary_line(record: Record) -> str:
    """The summary in one line."""
    return _behind_file(record, [" ".join((record.result or {})["summary"].split())])


def summary_points(record: Record) -> str:
    """A sentence a line."""
    return _behind_file(record, (record.result or {})["summary"].splitlines())


def _behind_file(record: Record, lines: Sequence[str]) -> str:
    """Each line, behind the name of its file where there are several, as grep has it."""
    file = (record.result or {}).get("file")
    before = "" if file is None else f"{' '.join(file.split())}\t"
    return "\n".join(before + line for line in lines)


def draw_summary(record: Record) -> RenderableType:
    """Where the document is from, and what it says in short."""
    from rich.console import Group
    from rich.text import Text

    summary = (record.result or {})["summary"]
    return Group(Text(str(record.origin), style="dim"), Text(summary), Text(""))
