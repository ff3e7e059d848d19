"""Masked texts, and texts that are so no longer, as lines and on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.records.record import Record

if TYPE_CHECKING:
    from rich.console import RenderableType


def masked_text(record: Record) -> str:
    """The masked text alone."""
    text: str = (record.result or {})["masked"]
    return text


def unmasked_text(record: Record) -> str:
    """The text with the originals."""
    text: str = (record.result or {})["unmasked"]
    return text


def draw_masked(record: Record) -> RenderableType:
    """The masked text, its tokens in color."""
    from rich.text import Text

    drawn = Text(masked_text(record))
    for span in (record.result or {})["spans"]:
        drawn.highlight_words([span["token"]], "bold cyan")
    return drawn


def draw_unmasked(record: Record) -> RenderableType:
    """The text with the originals."""
    from rich.text import Text

    return Text(unmasked_text(record))
