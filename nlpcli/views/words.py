"""Answers about words: lines of text, and drawings for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nlpcli.records.record import Record
from nlpcli.views.bars import bar

if TYPE_CHECKING:
    from rich.text import Text


def word_line(record: Record) -> str:
    """Word, score and what was asked, separated by tabs."""
    return f"{_result(record)['word']}\t{_result(record)['score']:.4f}\t{_one_line(record.text)}"


def score_line(record: Record) -> str:
    """Score and what was asked, separated by a tab."""
    return f"{_result(record)['score']:.4f}\t{_one_line(record.text)}"


def place_line(record: Record) -> str:
    """Two coordinates and the word, separated by tabs; or the numbers of a vector."""
    result = _result(record)
    if "embedding" in result:
        return " ".join(f"{number:.6g}" for number in result["embedding"].tolist())
    return f"{result['x']:.4f}\t{result['y']:.4f}\t{_one_line(record.text)}"


def evaluation_line(record: Record) -> str:
    """Score, how many were right of how many, how many were left out, and the section, separated by tabs."""
    result = _result(record)
    score = "-" if result["score"] is None else f"{result['score']:.4f}"
    of = f"{result['total']}" if result["correct"] is None else f"{result['correct']}/{result['total']}"
    return f"{score}\t{of}\t{result['left_out']}\t{_one_line(result['section'])}"


def draw_word(record: Record) -> Text:
    """Score, bar and word, and dim what was asked."""
    return _drawn(_result(record)["score"], _result(record)["word"], record.text)


def draw_score(record: Record) -> Text:
    """Score, bar and what was asked."""
    return _drawn(_result(record)["score"], _one_line(record.text), "")


def draw_place(record: Record) -> Text:
    """The line itself."""
    from rich.text import Text

    return Text(place_line(record))


def draw_evaluation(record: Record) -> Text:
    """Score, bar, section, and dim the numbers behind it."""
    result = _result(record)
    of = result["total"] if result["correct"] is None else f"{result['correct']:,} of {result['total']:,}"
    return _drawn(result["score"], result["section"], f"{of}, left out {result['left_out']:,}")


def _drawn(score: float | None, text: str, aside: str) -> Text:
    from rich.text import Text

    shown = "      -" if score is None else f"{score:7.4f}"
    return Text.assemble(
        (shown, "bold"), "  ", (bar(abs(score or 0)), "green" if (score or 0) >= 0 else "red"), "  ", text, "  ",
        (_one_line(aside), "dim"),
    )  # fmt: skip


def _result(record: Record) -> dict[str, Any]:
    return record.result or {}


def _one_line(text: str) -> str:
    return " ".join(text.split())
