"""Translations on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.records.record import Record

if TYPE_CHECKING:
    from rich.console import RenderableType


def translated(record: Record) -> str:
    """The translation."""
    return str((record.result or {})["translation"])


def translated_line(record: Record) -> str:
    """The translation without its last line break: a document ends with one of its own, and every record gets one."""
    return translated(record).removesuffix("\n").removesuffix("\r")


def draw_translation(record: Record) -> RenderableType:
    """The translation; below it what of it may be missing or wrong; and, dimmed, what it is a translation of."""
    from rich.text import Text

    result = record.result or {}
    text = Text(result["translation"])
    pair = f"{result['source_lang']} → {result['target_lang']}"
    if result.get("confidence") is not None:
        pair += f"  {result['confidence']:.3f}"
    warning = (f"{result['warning']}\n", "yellow") if result.get("warning") else ""
    return Text.assemble(text, "\n", warning, (f"{pair}  {' '.join(record.text.split())}", "dim"))
