import numpy as np

from nlpcli.pipelines.extractive import are_crumbs, best, choose


def unit(*rows):
    vectors = np.array(rows, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_what_is_central_and_early_comes_first():
    vectors = unit([1, 0.1], [1, 0], [1, 0.2], [-0.2, 1])
    assert choose(vectors, [10] * 4, 10, 40) == [0]
    assert best(vectors, [10] * 4) == 0


def test_what_was_said_is_not_said_again():
    vectors = unit([1, 1, 0], [1, 1, 0], [1, 0, 1])
    assert choose(vectors, [10] * 3, 20, 30) == [0, 2]


def test_the_choice_stands_in_the_order_of_the_text_and_keeps_to_the_limit():
    rng = np.random.default_rng(0)
    vectors = unit(*rng.normal(size=(50, 8)))
    words = [int(count) for count in rng.integers(1, 30, 50)]
    for limit in (5, 20, 100):
        chosen = choose(vectors, words, limit, limit)
        assert chosen == sorted(set(chosen))
        assert 0 < sum(words[index] for index in chosen) <= limit


def test_crumbs_count_for_less_than_sentences():
    vectors = unit([1, 0], [1, 0.05], [1, 0.1])
    assert choose(vectors, [1, 12, 12], 12, 30) == [1]
    assert are_crumbs([2, 3], 12)
    assert not are_crumbs([2, 3], 3)
    assert not are_crumbs([2, 9], 12)


def test_nothing_is_chosen_where_nothing_fits():
    assert choose(unit([1, 0], [0, 1]), [9, 9], 5, 5) == []


def test_what_one_quotation_holds_together_counts_once():
    vectors = unit([1, 0], *[[0, 1]] * 4)
    words = [10] * 5
    assert choose(vectors, words, 10, 50) == [1]
    assert choose(vectors, words, 10, 50, [1] * 5, [1, 0.25, 0.25, 0.25, 0.25]) == [0]
