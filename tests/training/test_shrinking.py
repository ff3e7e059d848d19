"""From a student all of whose weights have learnt to an adapter, on a tiny random BERT."""

from dataclasses import replace

import pytest
import torch
from transformers import AutoTokenizer

from nlpcli.training.shrinking import Shrinking, ShrinkingRecipe
from nlpcli.training.student import Student
from tests.tiny import save_classifier
from tests.training.test_student import EXAMPLES, RECIPE, TAUGHT, quiet

ROOM_FOR_ALL = 1_000_000
SMALL = ShrinkingRecipe(
    numbers=2_500, batches_watched=5, epochs=10, batch_tokens=64, averaging=0.9, weight_of_targets=0.0
)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def whole(base):
    return Student(base, RECIPE, quiet).learn(EXAMPLES, TAUGHT)


@pytest.fixture
def shrink(base, whole, monkeypatch):
    # What is compared is the way to the adapter, not a CPU's rounding.
    monkeypatch.setattr("nlpcli.training.student.fastest_dtype", lambda: torch.float32)

    def shrunken(recipe):
        return Shrinking(base, whole, recipe, quiet)

    return shrunken


@pytest.fixture
def answers(base):
    tokenizer = AutoTokenizer.from_pretrained(base)
    inputs = tokenizer(["a b c", "d e f", "x y z", "a f b", "d z a"], return_tensors="pt")

    def of(model):
        with torch.no_grad():
            return model(**inputs).logits.float()

    return of


def test_with_room_for_all_it_says_what_the_whole_student_says(shrink, answers):
    shrinking = shrink(replace(SMALL, numbers=ROOM_FOR_ALL))
    small = shrinking.cut(shrinking.lesson(EXAMPLES, TAUGHT))
    torch.testing.assert_close(answers(small), answers(shrinking.whole), atol=1e-4, rtol=1e-4)


def test_an_adapter_is_no_larger_than_asked(shrink):
    assert sum(tensor.numel() for tensor in shrink(SMALL).learn(EXAMPLES, TAUGHT).values()) <= SMALL.numbers


def test_learning_brings_it_nearer_to_the_whole_student(shrink, answers):
    shrinking = shrink(SMALL)
    lesson = shrinking.lesson(EXAMPLES, TAUGHT)
    small = shrinking.cut(lesson)
    before = (answers(small) - answers(shrinking.whole)).square().mean()
    shrinking.heal(small, lesson)
    assert (answers(small) - answers(shrinking.whole)).square().mean() < 0.5 * before
