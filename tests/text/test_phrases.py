"""Phrases between marks and stop words, where they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.text.phrases import phrases_in, phrases_of, stop_words, words_of

TEXT = "The old stone bridge, over the river Alder. It is an old stone bridge!"


def _found(text, language, longest=3):
    phrases = phrases_of(words_of(text, language), stop_words(language), longest)
    return {text[phrase.start : phrase.end]: phrase.times for phrase in phrases}


def test_phrases_cross_no_mark_and_have_no_stop_word_at_an_end():
    assert _found(TEXT, "en") == {
        "old": 2, "old stone": 2, "old stone bridge": 2, "stone": 2, "stone bridge": 2, "bridge": 2,
        "river": 1, "river Alder": 1, "Alder": 1,
    }  # fmt: skip


def test_a_stop_word_may_stand_within():
    assert "council of Brightwater" in _found("The council of Brightwater met.", "en")


def test_words_of_chinese_are_those_of_a_dictionary():
    text = "上海博物馆的工程师说。"
    assert [text[word.start : word.end] for word in words_of(text, "zh")] == ["上海博物馆", "的", "工程师", "说"]
    assert "上海博物馆" in _found(text, "zh")


@pytest.mark.parametrize("language", ["en", "zh", "ja", "de", "xx"])
@given(text=st.text())
def test_offsets_slice_the_text_to_its_words(language, text):
    words = words_of(text, language)
    assert all(text[word.start : word.end] == word.text != "" for word in words)
    assert [word.start for word in words] == sorted(word.start for word in words)
    for phrase in phrases_of(words, stop_words(language)):
        assert text[phrase.start : phrase.end].casefold().startswith(phrase.words[0])


def test_phrases_of_noun_chunks_have_no_stop_words_around_them_and_end_with_what_they_are():
    text = "The old bridge and the very large new red stone pedestrian bridge of it, an old bridge."
    words, stops = words_of(text, "en"), stop_words("en")
    chunks = [(0, 14), (19, 65), (69, 71), (73, 86)]
    found = phrases_in(words, stops, chunks)
    assert [(text[one.start : one.end], one.times) for one in found] == [
        ("old bridge", 2), ("new red stone pedestrian bridge", 1),
    ]  # fmt: skip
