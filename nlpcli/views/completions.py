"""Completions, drawn on a terminal: each under its number where a prompt has several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.records.record import Record

if TYPE_CHECKING:
    from rich.console import RenderableType


def completed_lines(record: Record) -> str:
    """The completion, or all of them below each other."""
    result = record.result or {}
    return "\n".join(result["completions"]) if "completions" in result else str(result["completion"])


def draw_completed(record: Record) -> RenderableType:
    """The completion, or all of them with a rule above each."""
    from rich.console import Group
    from rich.rule import Rule
    from rich.text import Text

    result = record.result or {}
    if "completion" in result:
        return Text(result["completion"])
    parts: list[RenderableType] = []
    for number, text in enumerate(result["completions"], start=1):
        parts += [Rule(str(number), style="dim", align="left"), Text(text)]
    return Group(*parts)
