"""Phrases near to a text and not near each other."""

import numpy as np

from nlpcli.pipelines.keyphrases import ranked

DOCUMENT = np.array([2.0, 0.0], np.float32)
PHRASES = np.array([[1, 0.05], [3, 0.1], [0.8, -0.6], [0, 0]], np.float32)


def test_without_diversity_the_nearest_come_first():
    found = ranked(DOCUMENT, PHRASES, 3, 0.0)
    assert {index for index, _ in found[:2]} == {0, 1}
    assert found[2][0] == 2


def test_with_diversity_what_says_the_same_comes_later():
    assert [index for index, _ in ranked(DOCUMENT, PHRASES, 3, 0.7)][1] != 1 - ranked(DOCUMENT, PHRASES, 1, 0.7)[0][0]


def test_all_phrases_where_fewer_are_there_than_asked_for():
    assert sorted(index for index, _ in ranked(DOCUMENT, PHRASES, 99, 0.3)) == [0, 1, 2, 3]
