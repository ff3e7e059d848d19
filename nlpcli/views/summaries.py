"""Summaries for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from nlpcli.records.record import Record


def draw_summary(record: Record) -> RenderableType:
    """Where the document is from, and what it says in short."""
    summary = (record.result or {})["summary"]
    return Group(Text(str(record.origin), style="dim"), Text(summary), Text(""))
