import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from nlpcli.records.record import Origin, Record
from nlpcli.views.labels import draw_labelled, draw_tally


def drawn(drawing, width=60):
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False)
    console.print(drawing)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def record(text, **result):
    return Record(text, {}, Origin("x", 1), result=result)


def test_a_label_stands_before_its_score_and_text():
    assert drawn(draw_labelled(record("I love\nthis [b]film", label="positive", score=0.5))) == [
        "positive 0.5000 ██████       I love this [b]film"
    ]


def test_other_scores_stand_below():
    scores = {"negative": 0.25, "neutral": 0.0, "positive": 0.75}
    assert drawn(draw_labelled(record("Good.", label="positive", score=0.75, scores=scores))) == [
        "positive   0.7500 █████████    Good.",
        "  negative 0.2500 ███",
        "  neutral  0.0000",
    ]


@pytest.mark.parametrize("width", [40, 80])
def test_wide_characters_wrap_in_their_column(width):
    lines = drawn(draw_labelled(record("这部电影非常好看，" * 8, label="positive", score=0.9)), width)
    assert len(lines) > 1
    assert all(cell_len(line) <= width for line in lines)


def test_a_tally_shows_shares_as_bars():
    assert drawn(draw_tally(record("", label="neutral", count=1234, share=0.25, score=0.8)), 80) == [
        "neutral      ██████                    25.0%    1,234 mean score 0.8000"
    ]


def test_a_label_that_nobody_got_has_no_score():
    assert drawn(draw_tally(record("", label="neutral", count=0, share=0.0, score=None)), 80)[0].endswith(" 0")
