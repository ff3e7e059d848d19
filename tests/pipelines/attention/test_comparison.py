"""Two inspections, head by head."""

import numpy as np
import pytest
from views.attention.samples import inspection_of

from nlpcli.pipelines.attention.comparison import compare
from nlpcli.records.inspection import AttentionMap, Kind, Token


def inspected(words, weights):
    tokens = tuple(map(Token, words.split()))
    matrix = np.array(weights, np.float32)[None, None]
    return inspection_of(AttentionMap(Kind.SELF, tokens, tokens, (0,), (0,), matrix, np.ones(matrix.shape[1:], bool)))


def test_a_head_is_no_distance_from_itself():
    one = inspected("a b", [[1, 0], [0.5, 0.5]])
    (head,) = compare(one, one).heads
    assert head.distance == 0


def test_weights_that_share_nothing_are_1_apart_and_half_of_them_half():
    (head,) = compare(inspected("a b", [[1, 0], [1, 0]]), inspected("a b", [[0, 1], [0, 1]])).heads
    assert head.distance == pytest.approx(1)
    (head,) = compare(inspected("a b", [[1, 0], [1, 0]]), inspected("a b", [[0, 1], [1, 0]])).heads
    assert head.distance == pytest.approx(0.5)


def test_a_word_that_was_replaced_is_a_pair_and_one_that_was_added_is_none():
    comparison = compare(inspected("a b", np.eye(2)), inspected("a c", np.eye(2)))
    assert comparison.pairs[Kind.SELF][0] == [(0, 0), (1, 1)]
    comparison = compare(inspected("a b", np.eye(2)), inspected("a very b", np.eye(3)))
    assert comparison.pairs[Kind.SELF][0] == [(0, 0), (1, 2)]
    assert comparison.heads[0].distance == 0


def test_what_goes_to_tokens_of_one_text_alone_counts_once():
    first = inspected("a b", [[1, 0], [1, 0]])
    second = inspected("a x b", [[0.4, 0.6, 0], [1, 0, 0], [0.4, 0.6, 0]])
    (head,) = compare(first, second).heads
    assert head.distance == pytest.approx(0.6)


def test_texts_without_a_common_token_have_no_distance():
    (head,) = compare(inspected("a b", np.eye(2)), inspected("c", np.eye(1))).heads
    assert head.distance is None
