"""The task over tiny random classifiers."""

import logging

import numpy as np
import pytest
from tasks_by_hand import results_of
from tasks_by_hand import task_of as task_named
from tiny import save_classifier

from nlpcli.errors import UsageError
from nlpcli.models.reference import LocalModel
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.device import Placement
from nlpcli.tasks.sentiment import SentimentOptions

FLOAT32 = Placement("cpu", "float32", "", "")


def task_of(folder, languages=(), **options):
    return task_named(
        "sentiment", SentimentOptions(**options), LocalModel("tiny", folder, languages=languages), FLOAT32
    )


def results(task, *texts):
    records = [Record(text, {}, Origin("x", number)) for number, text in enumerate(texts, start=1)]
    return results_of(task, records)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def multi_label(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("multi"), problem_type="multi_label_classification")


def test_the_label_is_that_of_the_best_score(folder):
    (result,) = results(task_of(folder, all_scores=True), "a b c")
    assert list(result["scores"]) == ["negative", "neutral", "positive"]
    assert result["scores"][result["label"]] == result["score"] == max(result["scores"].values())
    assert sum(result["scores"].values()) == pytest.approx(1, abs=1e-5)


def test_a_score_below_the_threshold_gives_no_label(folder):
    (free,) = results(task_of(folder), "a b c")
    (bound,) = results(task_of(folder, threshold=1.0), "a b c")
    assert (bound["label"], bound["score"]) == ("none", free["score"])


def test_the_windows_of_a_long_text_count_by_their_length(folder):
    task = task_of(folder, all_scores=True)
    record = Record("A b c d e f g h i j k l m n o p q! We r s t! They u v w x!", {}, Origin("x", 1))
    ((units, state),) = task.split([record])
    judged = task.run(units)
    assert len(judged) > 1
    expected = np.average([one.numbers for one in judged], axis=0, weights=[len(unit.payload) for unit in units])
    assert np.allclose(list(task.join(record, state, judged)["scores"].values()), expected, atol=1e-6)


def test_long_texts_are_announced_once(folder, caplog):
    with caplog.at_level(logging.WARNING, "nlpcli"):
        results(task_of(folder), "a", "a b c d " * 40, "b c d e " * 40)
    assert [record.getMessage()[:3] for record in caplog.records if "windows" in record.getMessage()] == ["x:2"]


def test_a_multi_label_model_gives_all_that_hold(multi_label):
    (every,) = results(task_of(multi_label, threshold=0.0), "a b c")
    assert sorted(every["label"].split(",")) == ["negative", "neutral", "positive"]
    (no_one,) = results(task_of(multi_label, threshold=1.0), "a b c")
    assert no_one["label"] == "none"


def test_a_regression_model_gives_its_value(tmp_path):
    folder = save_classifier(tmp_path, "bert", ("LABEL_0",), problem_type="regression")
    (result,) = results(task_of(folder), "a b c")
    assert result["label"] == "value"
    with pytest.raises(UsageError, match="--threshold"):
        task_of(folder, threshold=0.5)


@pytest.mark.parametrize("text", ["这是一个普通的句子。", "Esta é uma frase comum em português."])
def test_a_language_that_the_model_does_not_know_is_said_once(folder, caplog, text):
    with caplog.at_level(logging.WARNING, "nlpcli"):
        results(task_of(folder, languages=("en",)), "An ordinary sentence.", text, text)
    assert [record.getMessage()[:3] for record in caplog.records if "language" in record.getMessage()] == ["x:2"]


@pytest.mark.parametrize("text", ["An ordinary sentence.", "lol", "gr8 m8", "12 34", "", "😍", "NOT BAD AT ALL"])
def test_english_and_what_is_no_language_give_no_warning(folder, caplog, text):
    with caplog.at_level(logging.WARNING, "nlpcli"):
        results(task_of(folder, languages=("en",)), text)
    assert not caplog.records


def test_models_whose_languages_nobody_knows_are_not_watched(folder, caplog):
    with caplog.at_level(logging.WARNING, "nlpcli"):
        results(task_of(folder), "这是一个普通的句子。")
    assert not caplog.records
