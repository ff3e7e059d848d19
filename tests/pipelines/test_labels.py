import pytest
from transformers import BertConfig

from nlpcli.pipelines.labels import label_names, normalized


def config(*names, **settings):
    return BertConfig(
        id2label=dict(enumerate(names)), label2id={name: number for number, name in enumerate(names)}, **settings
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("POS", "positive"), ("Neg", "negative"), ("NEU", "neutral"), ("Very Negative", "very negative"),
        ("very_positive", "very positive"), ("LABEL_POSITIVE", "positive"), ("5 stars", "5 stars"),
        ("1 star", "1 star"), ("4_stars", "4 stars"), ("Star 3", "3 stars"), ("⭐⭐", "2 stars"), ("joy", "joy"),
        ("LABEL_2", "LABEL_2"), ("积极", "积极"),
    ],
)  # fmt: skip
def test_one_meaning_has_one_name(name, expected):
    assert normalized(name) == expected


def test_generic_names_stay_where_nobody_says_what_they_mean():
    assert label_names(config("LABEL_0", "LABEL_1"), "someone/something") == ("LABEL_0", "LABEL_1")


def test_generic_names_are_read_from_the_model_card_that_we_know():
    names = label_names(config("LABEL_0", "LABEL_1", "LABEL_2"), "cardiffnlp/twitter-roberta-base-sentiment")
    assert names == ("negative", "neutral", "positive")


def test_a_table_for_another_number_of_labels_is_not_used():
    names = label_names(config("LABEL_0", "LABEL_1"), "cardiffnlp/twitter-roberta-base-sentiment")
    assert names == ("LABEL_0", "LABEL_1")


def test_names_that_stand_only_in_label2id_are_found():
    settings = config("LABEL_0", "LABEL_1")
    settings.label2id = {"NEG": 0, "POS": 1}
    assert label_names(settings, "x/y") == ("negative", "positive")


def test_two_labels_never_become_one():
    assert label_names(config("POS", "positive"), "x/y") == ("POS", "positive")


def test_a_value_is_called_value():
    assert label_names(config("LABEL_0", problem_type="regression"), "x/y") == ("value",)
