import random

import pytest

from nlpcli.training.sentiment_data import as_treebank, batches_by_length, by_length, part_of, read_labelled, read_rated


@pytest.fixture
def rated(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text('rating\tsource\ttext\n-2.1\tx\tBad "quote.\n0.5\tx\tPlain.\n0.6\tx\tGood.\n-0.5\tx\tPlain too.\n')
    return read_rated(path)


def test_classes_begin_beyond_half_a_point(rated):
    assert [example.label for example in rated] == [0, 1, 2, 1]


def test_quotes_are_part_of_the_text(rated):
    assert rated[0].text == 'Bad "quote.'


def test_probabilities_say_how_near_the_boundary_a_rating_is(rated):
    for example in rated:
        assert sum(example.probabilities) == pytest.approx(1)
        assert example.probabilities[example.label] >= 0.499
    assert rated[0].probabilities[0] > 0.999
    assert rated[2].probabilities[1] > 0.3


def test_labelled_rows_are_certain(tmp_path):
    path = tmp_path / "dev.tsv"
    path.write_text("label\ttext\npositive\tGood .\nnegative\tBad .\n")
    assert [example.label for example in read_labelled(path)] == [2, 0]


def test_the_split_depends_on_the_text_alone_and_holds_back_two_tenths():
    parts = [part_of(f"text {number}") for number in range(5000)]
    assert parts.count("test") == pytest.approx(500, abs=80)
    assert parts.count("calibration") == pytest.approx(500, abs=80)
    assert part_of("Some  Text") == part_of("some text")


@pytest.mark.parametrize(
    ("text", "treebank"),
    [
        ("I don't like it.", "i do n't like it ."),
        ("Well, really (yes)!", "well , really -lrb-yes-rrb- !"),
        ("3.5 stars", "3.5 stars"),
    ],
)
def test_the_treebank_writes_punctuation_apart(text, treebank):
    assert as_treebank(text) == treebank


def test_batches_hold_every_text_once_and_keep_the_budget():
    lengths = [random.Random(0).randint(1, 60) for _ in range(500)]
    batches = batches_by_length(lengths, 256, random.Random(1))
    assert sorted(index for batch in batches for index in batch) == list(range(500))
    assert all(max(lengths[index] for index in batch) * len(batch) <= 256 for batch in batches)


def test_batches_in_order_of_length_hold_every_text_once_and_keep_the_budget():
    lengths = [random.Random(0).randint(1, 60) for _ in range(500)]
    batches = by_length(lengths, 256)
    assert sorted(index for batch in batches for index in batch) == list(range(500))
    assert all(max(lengths[index] for index in batch) * len(batch) <= 256 for batch in batches)
    assert [lengths[index] for batch in batches for index in batch] == sorted(lengths)
