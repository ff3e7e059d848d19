"""Vectors, search results and similarities on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nlpcli.records.json_text import encode_json
from nlpcli.records.record import Record
from nlpcli.views.attribution.tokens import draw_tokens, draw_why, written
from nlpcli.views.bars import bar
from nlpcli.views.by_width import ByWidth

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

SHOWN_NUMBERS = 6
# From here on a text beside its score has a column that can be read.
_WIDE = 40


def vector_line(record: Record) -> str:
    """The numbers of a vector, separated by spaces."""
    return _written((record.result or {})["embedding"])


def chunk_lines(record: Record) -> str:
    """Place and numbers of each window."""
    chunks = (record.result or {})["chunks"]
    return "\n".join(f"{record.origin}\t{c['start']}\t{c['end']}\t{_written(c['embedding'])}" for c in chunks)


def _written(vector: Any) -> str:
    return encode_json(vector).decode()[1:-1].replace(",", " ")


def found_line(record: Record) -> str:
    """Score, place and text of a search result, separated by tabs."""
    return f"{(record.result or {})['score']:.4f}\t{record.origin}\t{_one_line(found_window(record))}{_reasons(record)}"


def _reasons(record: Record) -> str:
    result = record.result or {}
    return f"\t{written(result['why'])}" if "why" in result else ""


def pair_line(record: Record) -> str:
    """Score and the two texts of a pair, separated by tabs."""
    score = (record.result or {})["score"]
    return f"{score:.4f}\t{_one_line(record.fields['text_a'])}\t{_one_line(record.fields['text_b'])}"


def draw_vector(record: Record) -> RenderableType:
    """The text, and below it the first numbers of its vector and how many there are."""
    return _numbers_below(record.text, (record.result or {})["embedding"])


def draw_chunks(record: Record) -> RenderableType:
    """Each window with its place in the text, and below it the first numbers of its vector."""
    from rich.console import Group
    from rich.text import Text

    chunks = (record.result or {})["chunks"]
    drawn = [_numbers_below(record.text[c["start"] : c["end"]], c["embedding"]) for c in chunks]
    places = [Text(f"{record.origin}, {c['start']} to {c['end']}", style="magenta") for c in chunks]
    return Group(*(line for pair in zip(places, drawn, strict=True) for line in pair))


def _numbers_below(text: str, vector: Any) -> Text:
    from rich.text import Text

    first = "  ".join(f"{number:+.4g}" for number in vector[:SHOWN_NUMBERS].tolist())
    more = "  …" if len(vector) > SHOWN_NUMBERS else ""
    return Text.assemble(
        (_one_line(text), "bold"),
        "\n  ",
        (first + more, "cyan"),
        (f"  ({len(vector)} {vector.dtype})", "dim"),
    )


def found_window(record: Record) -> str:
    """The part of a text that a search found."""
    result = record.result or {}
    return record.text[result["start"] : result["end"]]


def draw_found(record: Record) -> RenderableType:
    """Score, bar, place and text of a search result."""
    from rich.console import Group
    from rich.text import Text

    found = Text.assemble((f"{record.origin}", "magenta"), "  ", _one_line(found_window(record)))
    result = record.result or {}
    drawn, why = _beside_score(result["score"], found), result.get("why")
    if not why:
        return drawn
    shaded = draw_tokens(why["query_text"], why["query"])
    own = [{**t, "start": t["start"] - result["start"], "end": t["end"] - result["start"]} for t in why["tokens"]]
    query = Text.assemble(("query ", "dim"), shaded)
    return Group(drawn, query, *draw_why(found_window(record), {**why, "tokens": own}))


def draw_pair(record: Record) -> RenderableType:
    """Score, bar and the two texts of a pair."""
    from rich.text import Text

    first, second = (_one_line(record.fields[name]) for name in ("text_a", "text_b"))
    return _beside_score((record.result or {})["score"], Text.assemble(first, (" ↔ ", "dim"), second))


def _beside_score(score: float, text: Text) -> RenderableType:
    """The score and its bar; the text goes on in its own column."""
    from rich.table import Table
    from rich.text import Text

    style = "green" if score >= 0.6 else "yellow" if score >= 0.3 else "dim"
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(style=style, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(f"{score:7.4f}", bar(score), text)
    return ByWidth(_WIDE, grid, Text.assemble((f"{score:.4f}", style), "  ", text))


def _one_line(text: str) -> str:
    return " ".join(text.split())
