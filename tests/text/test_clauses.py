"""Sentences that are too long are cut where a clause ends, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.text.clauses import halves, parts_of


@pytest.mark.parametrize(
    ("language", "text", "second"),
    [
        ("en", "Ann bought a car, a boat and a bike, and Bob sold his old house in the town.", "and Bob sold"),
        ("en", "Ann bought a car in the old town while Bob was selling his house.", "while Bob was"),
        ("en", "Ann bought a red car; Bob, who had no money, sold his house.", "Bob, who had"),
        ("en", "In the town Ann met Bob (he came late, and left early) and they sang to us.", "and they sang"),
        ("en", "she went home. then she slept for a very long time.", "then she slept"),
        ("pt", "A Ana comprou um carro na cidade porque o Bruno vendeu a casa.", "porque o Bruno"),
        ("zh", "今天天气很好，我们去公园散步吧。", "我们去"),
        (None, "Ana sosta kala mena, bero tilo.", "bero tilo"),
    ],
)
def test_a_sentence_is_cut_where_a_clause_ends(language, text, second):
    parts = [part for part in halves(text, language) if part.is_sentence]
    assert text[parts[1].start :].startswith(second)
    assert [(part.is_cut_before, part.is_cut_behind) for part in parts] == [(False, True), (True, False)]


def test_no_word_is_cut_in_halves():
    assert [text for text in ("lost.", "Überfall", "x") if len(halves(text, "en")) > 1] == []
    assert len(halves("今天天气很好", "zh")) == 2


@given(st.text(alphabet="ab ,;.()“”\n。，", max_size=80), st.integers(1, 12), st.sampled_from(["en", "zh", None]))
def test_together_the_parts_are_the_text_and_each_fits(text, most, language):
    parts = parts_of(text, language, lambda part: len(part) <= most)
    assert "".join(text[part.start : part.end] for part in parts) == text
    assert all(len(text[part.start : part.end]) <= most for part in parts if part.is_sentence)
