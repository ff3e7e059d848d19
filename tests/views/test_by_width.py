"""Drawings at any width, and texts that would control a terminal."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.cells import cell_len

from nlpcli.cli import console
from nlpcli.cli.console import results_console, visible_record
from nlpcli.records.record import Origin, Record
from nlpcli.streams import columns, visible
from nlpcli.views import completions, labels, summaries, translations, vectors

TEXT = "I love this long film so much that I saw it twice."
SCORES = {"positive": 0.9, "negative": 0.1}
FIXED = {"label", "source_lang", "target_lang"}
DRAWINGS = {
    "labelled": (labels.draw_labelled, {"label": "positive", "score": 0.9, "scores": SCORES}),
    "tally": (labels.draw_tally, {"label": "positive", "score": 0.9, "share": 0.5, "count": 1000}),
    "vector": (vectors.draw_vector, {"embedding": np.zeros(8, np.float32)}),
    "found": (vectors.draw_found, {"score": 0.7, "start": 0, "end": len(TEXT)}),
    "pair": (vectors.draw_pair, {"score": 0.7}),
    "translation": (translations.draw_translation, {"translation": TEXT, "source_lang": "en", "target_lang": "pt"}),
    "summary": (summaries.draw_summary, {"summary": TEXT}),
    "completion": (completions.draw_completed, {"completion": TEXT}),
    "completions": (completions.draw_completed, {"completions": [TEXT, TEXT]}),
}


def drawn(name, width, monkeypatch, text=TEXT):
    draw, result = DRAWINGS[name]
    kinds = {str: text, list: [text, text]}
    result = {key: kinds.get(type(value), value) if key not in FIXED else value for key, value in result.items()}
    result = {**result, "end": len(visible(text))} if "end" in result else result
    monkeypatch.setenv("COLUMNS", str(width))
    shown = results_console()
    shown.file = io.StringIO()
    record = Record(text, {"text_a": text, "text_b": text}, Origin("in.txt", 1), result)
    shown.print(draw(visible_record(record)))
    return shown.file.getvalue()


@pytest.mark.parametrize("width", [20, 30, 44, 60, 100])
@pytest.mark.parametrize("name", DRAWINGS)
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(name, width, monkeypatch):
    shown = drawn(name, width, monkeypatch)
    assert all(cell_len(line.rstrip()) <= width for line in shown.splitlines())
    if name not in {"tally"}:
        assert set(TEXT.split()) <= set(shown.split())


@pytest.mark.parametrize("hostile", ["\x1b[31m", "\x1b]0;title\x07", "\x9b2J", "\rover", "\x08\x7f", "\u202eback"])
@pytest.mark.parametrize("name", [name for name in DRAWINGS if name != "tally"])
def test_a_text_does_not_control_the_terminal(name, hostile, monkeypatch):
    shown = drawn(name, 80, monkeypatch, f"a{hostile}b")
    assert not set(shown) & set("\x1b\x9b\x07\r\x08\x7f\u202e")


@pytest.mark.parametrize(("value", "width"), [("0", 80), ("1", 20), ("30", 30), ("x", 80), ("-3", 80), ("", 80)])
def test_a_width_that_nothing_can_be_drawn_in_is_none(monkeypatch, value, width):
    monkeypatch.setenv("COLUMNS", value)
    monkeypatch.setattr(console.sys, "stdout", io.StringIO())
    monkeypatch.setattr(console.sys, "stderr", io.StringIO())
    assert columns() == width
