"""The student, on a tiny random BERT."""

import pytest
import torch

from nlpcli.training.adapter_file import plain_name
from nlpcli.training.likeness import Likeness
from nlpcli.training.sentiment_data import Example
from nlpcli.training.student import Student, StudentRecipe, Taught
from tests.tiny import save_classifier

EXAMPLES = [
    Example("a b c", 2, 3.0, (0, 0, 1)),
    Example("d e f", 0, -3.0, (1, 0, 0)),
    Example("x y", 1, 0.0, (0, 1, 0)),
] * 16


WIDTH = 12
TAUGHT = Taught(
    [Example("a f", 2, 2.0, (0, 0, 1)), Example("d z", 0, -2.0, (1, 0, 0))] * 8,
    [torch.randn(4, WIDTH, generator=torch.Generator().manual_seed(0)).half() for _ in range(16)],
)


@pytest.fixture
def student(tmp_path):
    recipe = StudentRecipe(rank=2, alpha=4, batch_tokens=64, epochs=10, averaging=0.9,
                           rate_of_a=0.01, rate_of_b=0.01, rate_of_head=0.01, rate_of_likeness=0.05)  # fmt: skip
    return Student(save_classifier(tmp_path), recipe, lambda text, fraction=None: None)


def test_it_trains_adapters_and_head_and_nothing_else(student):
    names = {plain_name(name) for name in student.learn(EXAMPLES[:3], TAUGHT)}
    assert {name for name in names if ".lora_" not in name} == {
        "bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight", "classifier.bias",
    }  # fmt: skip
    assert "bert.encoder.layer.1.attention.self.query.lora_A" in names
    assert "bert.encoder.layer.0.output.dense.lora_B" in names


def said_of(student, texts):
    with torch.no_grad():
        logits = student._model.eval()(torch.tensor(student._token_ids(texts))).logits
    return logits.argmax(-1).tolist()


def test_it_says_what_people_and_the_teacher_say(student):
    student.learn(EXAMPLES, TAUGHT)
    assert said_of(student, ["a b c", "d e f"]) == [2, 0]
    assert said_of(student, ["a f", "d z"]) == [2, 0]


def test_its_states_become_like_those_of_the_teacher(student, monkeypatch):
    distances = []
    measured = Likeness.loss

    def noted(self, states, of_teacher):
        distance = measured(self, states, of_teacher)
        distances.append(distance.item())
        return distance

    same = Taught(TAUGHT.examples, [TAUGHT.states[place % 2] for place in range(16)])
    monkeypatch.setattr(Likeness, "loss", noted)
    student.learn(EXAMPLES[:3], same)
    assert distances[-1] < 0.95 * distances[0]
