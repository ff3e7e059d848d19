import random

import pytest

from nlpcli.training.phrases import LONGEST_PART, PhrasesRecipe, halves, part, phrases, splices
from nlpcli.training.sentiment_data import Example

TEXT = "a slow start , but the last half hour is as good as anything that he has made"


@pytest.mark.parametrize("seed", range(20))
def test_a_part_is_some_words_in_a_row(seed):
    found = part(TEXT, random.Random(seed))
    assert found in TEXT
    assert 2 <= len(found.split()) <= LONGEST_PART


def test_one_word_is_its_own_part():
    assert part("superb", random.Random(0)) == "superb"


@pytest.mark.parametrize("text", [TEXT, "superb", "no seam here"])
def test_two_halves_are_the_text(text):
    for seed in range(20):
        assert "".join(halves(text, random.Random(seed))).strip() == text


def test_a_text_is_cut_where_a_clause_begins():
    assert {halves(TEXT, random.Random(seed))[0] for seed in range(20)} == {
        "a slow start",
        "a slow start , but the last half hour is as good as anything",
    }


def test_a_splice_begins_as_one_text_and_ends_as_another():
    assert set(splices(["good , sad", "bad , mad"], random.Random(0))) <= {
        "good , mad", "bad , sad", "good , sad", "bad , mad",
    }  # fmt: skip


def test_phrases_are_made_of_one_source_and_each_is_there_once():
    films = [
        Example(f"{word} film , and {word} music", 2, 1.0, (0, 0, 1), "films") for word in ("good", "great", "bad")
    ]
    tweets = [Example("what a tweet", 2, 1.0, (0, 0, 1), "tweets")]
    made = phrases([*films, *tweets], PhrasesRecipe(source="films", parts_of_each=5))
    assert len(made) == len(set(made)) > 5
    assert not any("tweet" in phrase for phrase in made)
    assert made == phrases([*films, *tweets], PhrasesRecipe(source="films", parts_of_each=5))
