"""`--why`: what the tokens of a text make of its result."""

import pytest
from tasks_by_hand import results_of, task_of
from tiny import save_classifier

from nlpcli.models.reference import LocalModel
from nlpcli.records.attribution import Share, at_their_places
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.device import Placement
from nlpcli.tasks.sentiment import SentimentOptions
from nlpcli.text.origins import Origins

FLOAT32 = Placement("cpu", "float32", "", "")


def reasons(folder, text, **options):
    task = task_of("sentiment", SentimentOptions(why=True, **options), LocalModel("tiny", folder), FLOAT32)
    (result,) = results_of(task, [Record(text, {}, Origin("x", 1))])
    return result


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "electra", "mpnet", "gpt2"])
def test_the_tokens_of_a_label_sum_to_what_the_text_makes_of_it(kind, tmp_path):
    save_classifier(tmp_path, kind)
    why = reasons(tmp_path, "a b c")["why"]
    total = sum(token["score"] for token in why["tokens"])
    # [CLS] is a word to this tokenizer, and has no place in the text.
    if kind == "gpt2":
        assert total == pytest.approx(why["value"] - why["baseline"] - why["error"], abs=1e-4)
    assert [(token["text"], token["start"], token["end"]) for token in why["tokens"]] == [
        ("a", 0, 1), ("b", 2, 3), ("c", 4, 5),
    ]  # fmt: skip
    assert why["method"] == "integrated gradients"
    assert abs(why["error"]) < 0.05


def test_the_label_is_the_same_with_and_without_reasons(tmp_path):
    save_classifier(tmp_path)
    plain = task_of("sentiment", SentimentOptions(), LocalModel("tiny", tmp_path), FLOAT32)
    (without,) = results_of(plain, [Record("a b c", {}, Origin("x", 1))])
    result = reasons(tmp_path, "a b c")
    assert {name: result[name] for name in without} == without
    assert result["why"]["target"] == f"log-odds of {without['label']}"


def test_the_tokens_of_a_long_text_say_their_window(tmp_path):
    save_classifier(tmp_path)
    text = "A b c d e f g h i j k l m n o p q! We r s t! They u v w x!"
    why = reasons(tmp_path, text)["why"]
    assert why["windows"] > 1
    assert {token["window"] for token in why["tokens"]} == set(range(why["windows"]))
    for token in why["tokens"]:
        assert text[token["start"] : token["end"]] == token["text"]


def test_what_the_vocabulary_lacks_is_shown_as_the_text_has_it(tmp_path):
    save_classifier(tmp_path)
    assert [token["text"] for token in reasons(tmp_path, "a 猫 b")["why"]["tokens"]] == ["a", "猫", "b"]


def test_an_empty_text_has_no_reasons(tmp_path):
    save_classifier(tmp_path)
    assert reasons(tmp_path, "  ")["why"] is None


@pytest.mark.parametrize("labels", [("negative", "positive"), ("positive", "negative")])
def test_labels_of_the_users_own_have_reasons(labels, tmp_path):
    save_classifier(tmp_path)
    result = reasons(tmp_path, "a b c", labels=labels)
    assert result["why"]["target"] == f"log-odds of {result['label']}"
    assert len(result["why"]["tokens"]) == 3


def test_an_inference_model_explains_the_text_and_not_the_label(tmp_path):
    save_classifier(tmp_path, labels=("contradiction", "neutral", "entailment"))
    why = reasons(tmp_path, "a b c", labels=("x", "y"), hypothesis="d {}")["why"]
    assert [token["text"] for token in why["tokens"]] == ["a", "b", "c"]
    assert sum(token["score"] for token in why["tokens"]) == pytest.approx(
        why["value"] - why["baseline"] - why["error"], abs=1e-4
    )


@pytest.mark.parametrize(
    ("original", "rewritten", "stretch", "expected"),
    [
        ("abc def", "abc def", (4, 7), (4, 7)),
        ("so 😍 good", "so smiling face good", (3, 10), (3, 4)),
        ("so 😍 good", "so smiling face good", (16, 20), (5, 9)),
        ("<b>fine</b> day", "fine day", (0, 4), (3, 7)),
        ("gave 1/5 here", "gave terrible here", (5, 13), (5, 8)),
    ],
)
def test_what_was_rewritten_has_its_place_in_the_original(original, rewritten, stretch, expected):
    assert Origins(original, rewritten).place(*stretch) == expected


def test_tokens_of_one_character_are_one():
    merged = at_their_places([Share("", 1.0), Share("", 2.0), Share("", 4.0)], "天 a", [(0, 1), (0, 1), (2, 3)])
    assert [(share.text, share.score) for share in merged] == [("天", 3.0), ("a", 4.0)]
