import io

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from nlpcli.records.record import Origin, Record
from nlpcli.views.bars import bar
from nlpcli.views.vectors import draw_found, draw_pair, draw_vector


def drawn(drawing, width=40):
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False)
    console.print(drawing)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("share", "cells"),
    [(0, ""), (-0.3, ""), (1, "█" * 12), (1.2, "█" * 12), (0.5, "█" * 6), (1 / 96, "▏"), (1 / 12 + 1 / 24, "█▌")],
)
def test_a_bar_is_as_long_as_its_share_and_always_twelve_cells_wide(share, cells):
    assert bar(share) == cells.ljust(12)


def test_a_vector_shows_its_first_numbers_and_its_size():
    vector = np.array([0.5, -0.25, 1, 0, 0, 2e-05, 7], np.float32)
    record = Record("[bold]a\ncat", {}, Origin("x", 1), result={"embedding": vector})
    assert drawn(draw_vector(record), width=80) == [
        "[bold]a cat",
        "  +0.5  -0.25  +1  +0  +0  +2e-05  …  (7 float32)",
    ]


def test_wide_characters_wrap_in_their_column():
    record = Record("一只猫正在沙发上睡觉。" * 3, {}, Origin("a.txt", 12), result={"score": 0.5, "start": 0, "end": 33})
    lines = drawn(draw_found(record))
    assert lines[0] == " 0.5000 ██████       a.txt:12"
    assert all(cell_len(line) <= 40 for line in lines)
    assert "".join(line[21:] for line in lines[1:]) == "一只猫正在沙发上睡觉。" * 3
    assert {line[:21] for line in lines[1:]} == {" " * 21}


def test_a_pair_shows_both_texts():
    record = Record("a", {"text_a": "a", "text_b": "b"}, Origin("x", 1), result={"score": -0.1})
    assert drawn(draw_pair(record)) == ["-0.1000              a ↔ b"]
