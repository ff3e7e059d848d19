"""Words and their measuring, against the formulas written out."""

from itertools import pairwise

import numpy as np
import pytest

from nlpcli.errors import NlpcliError
from nlpcli.models.static.store import vectors_of
from nlpcli.pipelines.words import WordSpace
from nlpcli.records.record import Origin, Record
from nlpcli.tasks.words import WordsOptions, WordsTask
from nlpcli.tasks.words_evaluation import evaluate, ranks

WORDS = [f"w{number}" for number in range(200)] + ["Paris", "paris"]
VECTORS = np.random.default_rng(7).normal(size=(len(WORDS), 12)).astype(np.float32)
UNITS = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)


@pytest.fixture
def space():
    return WordSpace(vectors_of("tiny", WORDS, VECTORS))


def answer(space, text, **options):
    task = WordsTask(WordsOptions(**options), space)
    (split,) = task.split([Record(text, {}, Origin("x", 1))])
    (output,) = task.run(split.units)
    if isinstance(output, NlpcliError):
        raise output
    record = Record(text, {}, Origin("x", 1), result=output)
    return [row.result for row in task.reduce(iter([record]))]


def test_the_nearest_words_are_those_with_the_largest_cosine(space):
    scores = UNITS @ UNITS[3]
    order = [place for place in np.argsort(-scores) if place != 3][:5]
    found = answer(space, "W3", result="nearest", top=5)
    assert [row["word"] for row in found] == [WORDS[place] for place in order]
    assert np.allclose([row["score"] for row in found], scores[order], atol=1e-6)


def test_the_most_frequent_words_alone_can_be_asked(space):
    assert {row["word"] for row in answer(space, "w3", top=300, vocabulary=9)} == {f"w{n}" for n in range(9)} - {"w3"}


@pytest.mark.parametrize("method", ["add", "mul"])
def test_an_analogy_is_that_of_its_formula(space, method):
    a, b, c = UNITS[1], UNITS[2], UNITS[5]
    cosines = UNITS @ np.stack([a, b, c]).T
    if method == "add":
        scores = UNITS @ (a - b + c) / np.linalg.norm(a - b + c)
    else:
        one, two, three = ((1 + cosines) / 2).T
        scores = one * three / (two + 0.001)
    scores[[1, 2, 5]] = -np.inf
    found = answer(space, "w1 w2 w5", result="analogy", method=method, top=3)
    assert [row["word"] for row in found] == [WORDS[place] for place in np.argsort(-scores)[:3]]
    assert np.allclose([row["score"] for row in found], np.sort(scores)[::-1][:3], atol=1e-5)


def test_the_odd_word_is_the_farthest_from_the_mean(space):
    mean = UNITS[:4].mean(0)
    (row,) = answer(space, "w0 w1 w2 w3", result="odd")
    assert row["word"] == f"w{(UNITS[:4] @ mean).argmin()}"


def test_two_words_compare_by_their_cosine(space):
    (row,) = answer(space, "w0\tw1", result="compare")
    assert row["score"] == pytest.approx(float(UNITS[0] @ UNITS[1]), abs=1e-6)


def test_an_axis_goes_from_the_mean_of_one_pole_to_that_of_the_other(space):
    direction = (UNITS[0] + UNITS[1]) / 2 - UNITS[2]
    (row,) = answer(space, "w9", result="axis", poles=("w0,w1", "w2"))
    assert row["score"] == pytest.approx(float(UNITS[9] @ direction / np.linalg.norm(direction)), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "result"), [("zebra", "nearest"), ("", "nearest"), ("w1 w2", "analogy"), ("w1 w2 zebra", "analogy"), ("w1", "compare"), ("w1 w2", "odd")]
)  # fmt: skip
def test_what_cannot_be_answered_is_the_error_of_its_record(space, text, result):
    with pytest.raises(NlpcliError):
        answer(space, text, result=result)


def lines(text, name="q.txt"):
    return (
        Record(line, {}, Origin(name, number), result={"line": line})
        for number, line in enumerate(text.splitlines(), start=1)
    )


@pytest.mark.parametrize("method", ["add", "mul"])
@pytest.mark.parametrize("limit", [50, None])
def test_every_answer_of_many_is_that_of_one(space, method, limit):
    """Blocks of words and of questions change nothing; nor do words that differ in case alone."""
    random = np.random.default_rng(1)
    asked = random.integers(0, limit or len(WORDS), size=(700, 4))
    text = ": one\n" + "\n".join(" ".join(WORDS[row] for row in question) for question in asked)
    *_, total = evaluate(lines(text), space, limit, method)
    canonical = {word.upper(): word for word in reversed(WORDS)}
    right = 0
    for question in asked:
        a, b, c, d = (canonical[WORDS[row].upper()] for row in question)
        found = [word for word, _ in space.analogy([b, a, c], 9, method, limit)]
        right += next(canonical[word.upper()] for word in found if canonical[word.upper()] not in (a, b, c)) == d
    assert (total.result["correct"], total.result["total"]) == (right, 700)


def test_unknown_questions_are_left_out_and_counted(space):
    rows = list(evaluate(lines(": a\nw1 w2 w3 w4\nw1 w2 w3 zebra\n: b\nW1 PARIS w3 w9\n"), space, None, "add"))
    assert [(row.result["section"], row.result["total"], row.result["left_out"]) for row in rows] == [
        ("a", 1, 1), ("b", 1, 0), ("all", 2, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("separator", ["\t", ",", " ", ";"])
def test_pairs_are_compared_by_ranks(space, separator):
    people = [1.0, 5, 3, 3, 2, 4]
    text = "# a comment\n" + "\n".join(
        separator.join([f"w{n}", f"w{n + 1}", str(score)]) for n, score in enumerate(people)
    )
    (row,) = evaluate(lines(text), space, None, "add")
    machine = np.array([float(UNITS[n] @ UNITS[m]) for n, m in pairwise(range(7))])
    expected = np.corrcoef(ranks(np.array(people)), ranks(machine))[0, 1]
    assert row.result["score"] == pytest.approx(expected, abs=1e-6)
    assert row.result["section"] == "q.txt"


def test_equal_values_share_the_mean_of_their_ranks():
    assert ranks(np.array([3.0, 1, 3, 2])).tolist() == [3.5, 1, 3.5, 2]


def test_a_line_of_another_form_is_an_error_with_its_place(space):
    failed, row = evaluate(lines("word1 word2\nw1 w2 3\nw1 w2 w3\nw3 w4 1\n"), space, None, "add")
    assert (failed.origin.line, failed.error.split(";")[0]) == (
        3,
        "no analogy (four words) and no pair (two words and a score)",
    )
    assert row.result["total"] == 2
