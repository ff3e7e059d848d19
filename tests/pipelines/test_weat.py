"""WEAT against the formulas of Caliskan et al. 2017, written out."""

from itertools import combinations
from math import sqrt

import numpy as np
import pytest

from nlpcli.errors import NlpcliError
from nlpcli.pipelines.weat import FILE, AssociationTest, WordSet, association, read_tests

RANDOM = np.random.default_rng(3)
VECTORS = {f"{key}{number}": RANDOM.normal(size=6) for key in "xyab" for number in range(6)}


def cosine(first, second):
    return sum(first * second) / sqrt(sum(first**2)) / sqrt(sum(second**2))


def s_word(word, a, b):
    return sum(cosine(word, one) for one in a) / len(a) - sum(cosine(word, one) for one in b) / len(b)


def reference(x, y, a, b):
    """Effect size and p-value, as the paper writes them."""
    x, y, a, b = ([VECTORS[word] for word in words] for words in (x, y, a, b))
    each = [s_word(word, a, b) for word in x + y]
    mean_x, mean_y, mean = sum(each[: len(x)]) / len(x), sum(each[len(x) :]) / len(y), sum(each) / len(each)
    deviation = sqrt(sum((value - mean) ** 2 for value in each) / (len(each) - 1))
    statistic = sum(each[: len(x)]) - sum(each[len(x) :])
    larger = total = 0
    for chosen in combinations(range(len(each)), len(x)):
        others = [place for place in range(len(each)) if place not in chosen]
        found = sum(each[place] for place in chosen) - sum(each[place] for place in others)
        larger, total = larger + (found > statistic + 1e-9), total + 1
    return (mean_x - mean_y) / deviation, larger / total, statistic


def make(x=6, y=6, a=6, b=6):
    sizes = dict(zip("xyab", (x, y, a, b), strict=True))
    words = {key: tuple(f"{key}{number}" for number in range(size)) for key, size in sizes.items()}
    return words, AssociationTest("t", "", "", *(WordSet(key, words[key]) for key in "xyab"))


@pytest.mark.parametrize("sizes", [(6, 6, 6, 6), (4, 4, 2, 3), (2, 2, 1, 1), (5, 3, 2, 2)])
def test_effect_size_and_p_value_are_those_of_the_paper(sizes):
    words, test = make(*sizes)
    found = association(test, VECTORS.get)
    expected = reference(*(words[key] for key in "xyab"))
    assert np.allclose((found.effect_size, found.p_value, found.statistic), expected, atol=1e-9)


def test_many_partitions_are_drawn_always_the_same(monkeypatch):
    words, test = make()
    exact = reference(*(words[key] for key in "xyab"))[1]
    monkeypatch.setattr("nlpcli.pipelines.weat.MOST_PARTITIONS", 900)
    monkeypatch.setattr("nlpcli.pipelines.weat._PARTITIONS_AT_A_TIME", 900)
    first, second = (association(test, VECTORS.get).p_value for _ in range(2))
    assert first == second
    assert abs(first - exact) < 0.06


def test_words_without_a_vector_are_left_out_and_named():
    words, test = make()
    known = {word: vector for word, vector in VECTORS.items() if word not in ("x1", "a2")}
    found = association(test, known.get)
    left = {key: tuple(word for word in words[key] if word in known) for key in "xyab"}
    assert found.left_out == ("x1", "a2")
    assert found.effect_size == pytest.approx(reference(*(left[key] for key in "xyab"))[0])


def test_too_few_known_words_are_an_error():
    with pytest.raises(NlpcliError, match="too few words"):
        association(make()[1], {"x0": VECTORS["x0"]}.get)


def test_the_published_sets_have_the_sizes_of_their_tables():
    tests = read_tests(FILE)
    sizes = [tuple(len(getattr(tests[f"weat-{number}"], key).words) for key in "xyab") for number in range(1, 11)]
    assert sizes == [
        (25, 25, 25, 25), (25, 25, 25, 25), (32, 32, 25, 25), (16, 16, 25, 25), (16, 16, 8, 8), (8, 8, 8, 8),
        (8, 8, 8, 8), (8, 8, 8, 8), (6, 6, 7, 7), (8, 8, 8, 8),
    ]  # fmt: skip
    assert all(test.source and test.title for test in tests.values())


@pytest.mark.parametrize(
    "text", ["", "= 1", "x = 1", "[t]\nx = ['a']\n", "[t]\nx=['a','b']\ny=['a','b']\na=['a']\nb=[1]\n"]
)
def test_a_file_that_is_no_test_is_said(text, tmp_path):
    (tmp_path / "t.toml").write_text(text)
    with pytest.raises(NlpcliError, match=r"t\.toml"):
        read_tests(tmp_path / "t.toml")
