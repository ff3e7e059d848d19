import json

import pytest

from nlpcli.training import distillation
from nlpcli.training.distillation import Stages, rated_phrases
from nlpcli.training.phrases import PhrasesRecipe
from nlpcli.training.teacher import TeacherRecipe
from tests.training.test_teacher import EXAMPLES, RECIPE, folder, quiet  # noqa: F401 (a fixture)

PHRASES = PhrasesRecipe(source="films", parts_of_each=1, treebank_share=0.0)


@pytest.fixture
def teacher_here(folder, monkeypatch):  # noqa: F811
    monkeypatch.setattr(distillation, "teacher_folder", lambda work, say: folder)


def test_every_phrase_gets_what_the_teacher_says_of_it(teacher_here, tmp_path):
    rated = rated_phrases(EXAMPLES, Stages(tmp_path), RECIPE, PHRASES, quiet)
    assert {example.label for example in rated if "a b c" in example.text} == {2}
    assert {example.label for example in rated if "d e f" in example.text} == {0}


def test_a_run_that_was_stopped_goes_on_from_there(teacher_here, tmp_path, monkeypatch):
    stages = Stages(tmp_path)
    first = rated_phrases(EXAMPLES, stages, RECIPE, PHRASES, quiet)
    assert set(stages.minutes) == {"teacher", "rating"}
    monkeypatch.setattr(distillation, "Teacher", None)
    assert rated_phrases(EXAMPLES, Stages(tmp_path), TeacherRecipe(), PHRASES, quiet) == first


def test_the_time_of_a_stage_is_kept(tmp_path):
    with Stages(tmp_path).timed("student"):
        pass
    taken = json.loads((tmp_path / "minutes.json").read_text())["student"]
    assert taken["wall"] >= 0
    assert taken["cpu"] >= 0
