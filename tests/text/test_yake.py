"""YAKE's statistics put what a text is about first."""

import pytest

from nlpcli.text.phrases import phrases_of, stop_words, words_of
from nlpcli.text.yake import best, scores

TEXT = (
    "The old stone bridge crosses the river Alder. Engineers fear for the old stone bridge. The river Alder rose again in"
    " spring, and the old stone bridge shook. Someone painted a door."
)


def _ranked(text, most=5):
    stops, words = stop_words("en"), words_of(text, "en")
    phrases = phrases_of(words, stops)
    return [
        (text[phrase.start : phrase.end], score) for phrase, score in best(phrases, scores(words, phrases, stops), most)
    ]


def test_what_is_named_often_and_with_capitals_comes_first():
    ranked = _ranked(TEXT)
    assert ranked[0][0] == "old stone bridge"
    assert "river Alder" in dict(ranked)
    assert [score for _, score in ranked] == sorted(score for _, score in ranked)


def test_no_phrase_is_nearly_a_better_one():
    ranked = [text for text, _ in _ranked("Old bridges fall. Old bridges rise. An old bridge stands.", 20)]
    assert not {"Old bridges", "old bridge"} <= set(ranked)


def test_one_word_has_the_score_of_the_paper():
    # One word once: case 0, position log(log 3), frequency 1, no neighbor, spread 1 of 1.
    ((text, score),) = _ranked("bridge")
    assert text == "bridge"
    word = 0.09404782 / 2
    assert score == pytest.approx(word / (1 + word), rel=1e-4)


@pytest.mark.parametrize("text", ["", "the of and", "123 45", "!?"])
def test_a_text_without_a_phrase_has_none(text):
    assert _ranked(text) == []
