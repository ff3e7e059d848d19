"""Drawings on terminals: python tests/views/attention/test_report.py writes the snapshots anew."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from nlpcli.records.inspection import Inspection, InspectionResult, Kind
from nlpcli.records.record import Origin, Record
from nlpcli.views.attention.alignment import alignment
from nlpcli.views.attention.heat_map import Sides, draw_heat_map
from nlpcli.views.attention.labels import fitted, label, right_fitted, short_label, stacked
from nlpcli.views.attention.report import chosen_head, draw_inspection, render_inspection, report
from views.attention.samples import decoder, encoder, inspection_of, map_of, translation, verified

SNAPSHOTS = Path(__file__).parent / "snapshots"
WIDTHS = (30, 60, 80, 160)
SAMPLES = {"encoder": encoder, "decoder": decoder, "translation": translation, "verified": verified}
AT_EVERY_WIDTH = pytest.mark.parametrize("width", WIDTHS)
OF_EVERY_SAMPLE = pytest.mark.parametrize("sample", SAMPLES)


def drawn(inspection, width, coloured):
    """What a terminal of that width is sent."""
    console = Console(
        file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False, force_terminal=coloured,
        color_system="truecolor" if coloured else None, no_color=not coloured, legacy_windows=False,
    )  # fmt: skip
    console.print(draw_inspection(Record("", {}, Origin("x", 1), InspectionResult({}, inspection))))
    return console.file.getvalue()


def snapshot(sample, width, coloured):
    return SNAPSHOTS / f"{sample}-{width}-{'colour' if coloured else 'plain'}.txt"


@AT_EVERY_WIDTH
@OF_EVERY_SAMPLE
@pytest.mark.parametrize("coloured", [True, False], ids=["colour", "plain"])
def test_the_drawing_is_that_of_the_snapshot(sample, width, coloured):
    assert drawn(SAMPLES[sample](), width, coloured) == snapshot(sample, width, coloured).read_text(encoding="utf-8")


FITTING = [(sample, width) for sample in SAMPLES for width in (*WIDTHS, 40, 50)]


@pytest.mark.parametrize(("sample", "width"), FITTING)
@pytest.mark.parametrize("coloured", [True, False], ids=["colour", "plain"])
def test_no_line_is_wider_than_the_terminal(sample, width, coloured):
    assert all(line.cell_len <= width for line in report(SAMPLES[sample](), width, coloured))


def test_plain_text_has_no_escape_codes_and_follows_the_width_of_the_environment(monkeypatch):
    record = Record("", {}, Origin("x", 1), InspectionResult({}, encoder()))
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        text = render_inspection(record)
        assert "\x1b" not in text
        assert text + "\n" == drawn(encoder(), width, coloured=False)


@AT_EVERY_WIDTH
def test_wide_characters_and_emoji_do_not_move_the_cells(width):
    """Every row of the matrix begins in the same column, whatever its label holds."""
    lines = draw_heat_map(
        np.eye(5), Sides(("猫", "a", "😀", "👩‍👧", "naïve"), ("猫", "a", "😀", "👩‍👧", "naïve")), width, False
    )
    rows = [line for line in lines if "█" in line.plain][:5]
    starts = [cell_len(line.plain[: line.plain.index("█")]) for line in rows]
    assert starts == [starts[0] + 2 * place for place in range(5)]


def test_half_blocks_show_two_rows_a_line_named_at_both_sides():
    sides = Sides(tuple(f"t{place}" for place in range(44)), tuple(f"t{place}" for place in range(44)))
    lines = [line.plain for line in draw_heat_map(np.eye(44), sides, 80, True)]
    rows = [line for line in lines if "▀" in line]
    assert len(rows) == 22
    assert rows[3].split()[:2] == ["t6", "6"]
    assert rows[3].split()[-2:] == ["7", "t7"]


def test_what_is_too_wide_is_pooled_and_said_so():
    matrix = np.zeros((200, 200))
    matrix[101, 33] = 0.75
    sides = Sides(*[tuple(map(str, range(200)))] * 2)
    lines = [line.plain for line in draw_heat_map(matrix, sides, 80, False)]
    assert lines[-1].rstrip() == "each cell: the largest of 3 × 3 tokens"
    assert sum(line.count("█") for line in lines[:-2]) == 1
    assert "0.75" in lines[-2]


def test_the_chosen_head_does_something_and_is_of_the_cross_attention_where_there_is_one():
    assert chosen_head(encoder()).pattern == "previous token"
    assert chosen_head(translation()).kind is Kind.CROSS


def test_one_head_needs_no_overview():
    one = map_of(Kind.SELF, "abc", "abc")
    one = type(one)(one.kind, one.queries, one.keys, (1,), (3,), one.weights[1:, 3:], one.visible[1:])
    lines = [line.plain for line in report(inspection_of(one), 80, False)]
    assert lines[:3] == ["tiny  self-attention  1 layer × 1 head, 3 tokens", "", lines[2]]
    assert lines[2].startswith("layer 1, head 3: ")


def test_an_alignment_leaves_special_tokens_out_and_sums_to_1():
    matrix = alignment(translation().map_of(Kind.CROSS))
    assert (matrix[:, -1] == 0).all()
    np.testing.assert_allclose(matrix.sum(-1), 1, atol=1e-6)


def test_rollout_takes_the_place_of_a_head():
    lines = [line.plain for line in report(encoder(rollout=np.eye(15, dtype=np.float32)), 80, False)]
    assert "attention rollout through layers 0 to 1" in lines


def test_gradients_are_named_as_such():
    map_ = map_of(Kind.SELF, "abcd", "abcd", gradient=np.full((2, 4, 4, 4), 0.25, np.float32))
    assert any(line.plain.startswith("gradient × attention, layer") for line in report(inspection_of(map_), 80, False))


def test_a_layer_that_differs_is_named():
    lines = [line.plain for line in report(verified(3e-3), 80, False)]
    assert lines[2].endswith("differs")
    assert lines[-2:] == ["largest difference 3.0e-03 (at most 1e-05)", "the layers do not compute the formula"]


def test_a_text_without_tokens_is_said_to_have_none():
    assert [line.plain for line in report(Inspection("tiny", (), ()), 80, False)] == ["(no tokens)"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\n", "⏎"),
        ("a\tb", "a⇥b"),
        ("\x1b[31m", "\ufffd[31m"),
        ("👩\u200d👧", "👩👧"),
        ("e\u0301", "e"),
        ("\u00ad", "·"),
    ],
)
def test_a_label_is_one_line_of_characters_of_a_certain_width(text, shown):
    assert label(text) == shown


def test_labels_are_cut_between_characters_and_filled_up():
    assert fitted("猫猫猫", 5) == "猫猫…"
    assert fitted("猫猫猫", 4) == "猫… "
    assert right_fitted("猫", 4) == "  猫"
    assert [short_label(text) for text in ("##ing", "▁cat", "##", "▁")] == ["ing", "cat", "##", "▁"]
    assert stacked("猫ab", 4) == ["  ", "猫", "a ", "b "]
    assert stacked("abcdef", 4) == ["a ", "b ", "c ", "⋮ "]


if __name__ == "__main__":
    SNAPSHOTS.mkdir(exist_ok=True)
    for name, make in SAMPLES.items():
        for width in WIDTHS:
            for coloured in (True, False):
                snapshot(name, width, coloured).write_text(drawn(make(), width, coloured), encoding="utf-8")
