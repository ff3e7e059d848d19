"""The student, on a tiny random BERT."""

import pytest
import torch
from transformers import AutoTokenizer

from nlpcli.training.lesson import Taught
from nlpcli.training.likeness import Likeness
from nlpcli.training.sentiment_data import Example
from nlpcli.training.student import Student, StudentRecipe
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
RECIPE = StudentRecipe(batch_tokens=64, epochs=10, averaging=0.9, rate=0.01, rate_of_head=0.01, rate_of_likeness=0.05)


def quiet(text, fraction=None):
    pass


@pytest.fixture
def student(tmp_path):
    return Student(save_classifier(tmp_path), RECIPE, quiet)


def test_all_weights_learn_but_those_of_words(student):
    before = {
        name: tensor.clone() for name, tensor in student._model.named_parameters() if "word_embeddings" not in name
    }
    after = student.learn(EXAMPLES[:3], TAUGHT)
    assert after.keys() == before.keys()
    changed = {name for name in after if not torch.equal(after[name], before[name].float())}
    # Of two segments, as of the key's bias, which moves every score alike, nothing depends on the second.
    assert {name for name in after if name not in changed and "key.bias" not in name} == set()


def said_of(student, folder, texts):
    with torch.no_grad():
        logits = student._model.eval()(**AutoTokenizer.from_pretrained(folder)(texts, return_tensors="pt")).logits
    return logits.argmax(-1).tolist()


def test_it_says_what_people_and_the_teacher_say(student, tmp_path):
    student.learn(EXAMPLES, TAUGHT)
    assert said_of(student, tmp_path, ["a b c", "d e f"]) == [2, 0]
    assert said_of(student, tmp_path, ["a f", "d z"]) == [2, 0]


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
