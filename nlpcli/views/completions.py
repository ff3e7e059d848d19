"""Completions, drawn on a terminal: each under its number where a prompt has several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.records.record import Record
from nlpcli.views.attribution.tokens import draw_why, written

if TYPE_CHECKING:
    from rich.console import RenderableType


def completed_lines(record: Record) -> str:
    """The completion, or all of them below each other."""
    result = record.result or {}
    texts = result["completions"] if "completions" in result else [str(result["completion"])]
    if "why" not in result:
        return "\n".join(texts)
    whys = result["why"] if "completions" in result else [result["why"]]
    return "\n".join(f"{text}\t{written(why)}" for text, why in zip(texts, whys, strict=True))


def draw_completed(record: Record) -> RenderableType:
    """The completion, or all of them with a rule above each."""
    from rich.console import Group
    from rich.rule import Rule
    from rich.text import Text

    result = record.result or {}
    whys = result.get("why")
    if "completion" in result:
        text = Text(result["completion"])
        return text if whys is None else Group(text, *draw_why(record.text, whys))
    parts: list[RenderableType] = []
    for number, text in enumerate(result["completions"], start=1):
        parts += [Rule(str(number), style="dim", align="left"), Text(text)]
        parts += draw_why(record.text, whys[number - 1]) if whys else []
    return Group(*parts)
