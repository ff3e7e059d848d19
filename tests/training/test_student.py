"""The student, on a tiny random BERT."""

import pytest
import torch

from nlpcli.training.adapter_file import plain_name
from nlpcli.training.sentiment_data import Example
from nlpcli.training.student import Lesson, Student, StudentRecipe
from tests.tiny import save_classifier

EXAMPLES = [
    Example("a b c", 2, 3.0, (0, 0, 1)),
    Example("d e f", 0, -3.0, (1, 0, 0)),
    Example("x y", 1, 0.0, (0, 1, 0)),
] * 16


LESSON = Lesson(epochs=10, pace=1.0, averaging=0.9)


@pytest.fixture
def student(tmp_path):
    recipe = StudentRecipe(rank=2, alpha=4, batch_tokens=64, rate_of_a=0.01, rate_of_b=0.01, rate_of_head=0.01)
    return Student(save_classifier(tmp_path), recipe, lambda text, fraction=None: None)


def test_it_trains_adapters_and_head_and_nothing_else(student):
    names = {plain_name(name) for name in student.learn(EXAMPLES[:3], LESSON)}
    assert {name for name in names if ".lora_" not in name} == {
        "bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight", "classifier.bias",
    }  # fmt: skip
    assert "bert.encoder.layer.1.attention.self.query.lora_A" in names
    assert "bert.encoder.layer.0.output.dense.lora_B" in names


def test_it_says_what_it_was_taught(student):
    student.learn(EXAMPLES, LESSON)
    with torch.no_grad():
        logits = student._model.eval()(torch.tensor(student._token_ids(["a b c", "d e f"]))).logits
    assert logits.argmax(-1).tolist() == [2, 0]


def test_it_goes_on_from_what_it_learnt(student):
    trained = student.learn(EXAMPLES, LESSON)
    untouched = Lesson(epochs=1, pace=0.0, averaging=0.0)
    student.learn(EXAMPLES[:3], Lesson(epochs=1, pace=5.0, averaging=0.0))
    student.recall(trained)
    again = student.learn(EXAMPLES[:3], untouched)
    assert all(torch.equal(again[name], tensor) for name, tensor in trained.items())
