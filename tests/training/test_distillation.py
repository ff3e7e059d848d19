import json

import pytest
import torch

from nlpcli.models.reference import LocalModel
from nlpcli.training import distillation
from nlpcli.training.answers import Answers
from nlpcli.training.distillation import Stages, taught_texts
from nlpcli.training.objective import answered
from nlpcli.training.phrases import PhrasesRecipe
from nlpcli.training.teacher import TeacherRecipe
from tests.training.test_teacher import EXAMPLES, RECIPE, folder, quiet  # noqa: F401 (a fixture)

PHRASES = PhrasesRecipe(source="films", parts_of_each=1, treebank_share=0.0)


@pytest.fixture
def teacher_here(folder, monkeypatch):  # noqa: F811
    found = LocalModel("teacher", folder)
    monkeypatch.setattr(distillation, "resolve", lambda name, revision, offline, progress: found)


def test_every_phrase_gets_what_the_teacher_says_of_it(teacher_here, tmp_path):
    examples, states = taught_texts(EXAMPLES, Stages(tmp_path), RECIPE, PHRASES, quiet)
    assert {example.label for example in examples if "a b c" in example.text} == {2}
    assert {example.label for example in examples if "d e f" in example.text} == {0}
    assert len(states) == len(examples)


def test_of_a_whole_text_people_and_the_teacher_speak_together(teacher_here, tmp_path):
    stages = Stages(tmp_path)
    examples, _ = taught_texts(EXAMPLES, stages, RECIPE, PHRASES, quiet)
    films = [example for example in EXAMPLES if example.source == "films"]
    answers = Answers.load(stages.rated)
    for film, example, rating in zip(films, examples, answered(answers.texts, answers.logits), strict=False):
        assert example.text == film.text
        assert example.rating == pytest.approx((film.rating + rating.rating) / 2)


def test_a_run_that_was_stopped_goes_on_from_there(teacher_here, tmp_path, monkeypatch):
    stages = Stages(tmp_path)
    first = taught_texts(EXAMPLES, stages, RECIPE, PHRASES, quiet)
    assert set(stages.minutes) == {"teacher", "rating"}
    monkeypatch.setattr(distillation, "Teacher", None)
    again = taught_texts(EXAMPLES, Stages(tmp_path), TeacherRecipe(), PHRASES, quiet)
    assert again.examples == first.examples
    assert all(torch.equal(one, other) for one, other in zip(again.states, first.states, strict=True))


def test_the_time_of_a_stage_is_kept(tmp_path):
    with Stages(tmp_path).timed("student"):
        pass
    taken = json.loads((tmp_path / "minutes.json").read_text())["student"]
    assert taken["wall"] >= 0
    assert taken["cpu"] >= 0
