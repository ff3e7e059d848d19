"""Translations on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.records.record import Record
from nlpcli.views.attribution.tokens import draw_why, written

if TYPE_CHECKING:
    from rich.console import RenderableType


def translated(record: Record) -> str:
    """The translation."""
    return str((record.result or {})["translation"])


def translated_line(record: Record) -> str:
    """The translation without its last line break: a document ends with one of its own, and every record gets one."""
    return translated(record).removesuffix("\n").removesuffix("\r") + _reasons(record)


def _reasons(record: Record) -> str:
    result = record.result or {}
    return f"\t{written(result['why'])}" if "why" in result else ""


def draw_translation(record: Record) -> RenderableType:
    """The translation; below it what of it may be missing or wrong; and, dimmed, what it is a translation of."""
    from rich.console import Group
    from rich.text import Text

    result = record.result or {}
    text = Text(result["translation"])
    pair = f"{result['source_lang']} → {result['target_lang']}"
    if result.get("confidence") is not None:
        pair += f"  {result['confidence']:.3f}"
    warning = (f"{result['warning']}\n", "yellow") if result.get("warning") else ""
    drawn = Text.assemble(text, "\n", warning, (f"{pair}  {' '.join(record.text.split())}", "dim"))
    if not result.get("why"):
        return drawn
    return Group(Text.assemble(text, "\n", warning, (pair, "dim")), *draw_why(record.text, result["why"]))
