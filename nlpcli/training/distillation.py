"""The stages: a teacher learns and rates texts, and the student learns from people and from the teacher.

What a stage made lies in the folder for work, and so does the time it took: a run that was stopped goes on from there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from nlpcli.models.cache import resolve
from nlpcli.models.reference import ProgressCallback
from nlpcli.training.answers import Answers
from nlpcli.training.objective import agreed, answered
from nlpcli.training.phrases import PhrasesRecipe, phrases, spellings
from nlpcli.training.sentiment_data import Example
from nlpcli.training.student import Student, Taught
from nlpcli.training.teacher import Teacher, TeacherRecipe

# sentence-transformers/all-mpnet-base-v2.
TEACHER = "starter/mpnet"


class Stages:
    """The files of the stages, and how long each stage took."""

    def __init__(self, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.work = work
        self.teacher = work / "teacher.safetensors"
        self.student = work / "student.safetensors"
        self.rated = work / "rated.safetensors"
        self._times = work / "minutes.json"

    @property
    def minutes(self) -> dict[str, dict[str, float]]:
        """By stage: `wall`, and `cpu` of all cores together."""
        times: dict[str, dict[str, float]] = json.loads(self._times.read_text()) if self._times.exists() else {}
        return times

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Note how long what follows takes."""
        wall, cpu = time.monotonic(), time.process_time()
        yield
        taken = {"wall": (time.monotonic() - wall) / 60, "cpu": (time.process_time() - cpu) / 60}
        self._times.write_text(json.dumps(self.minutes | {stage: taken}, indent=2))


def trained_student(student: Student, examples: Sequence[Example], taught: Taught, stages: Stages) -> dict[str, Tensor]:
    """The tensors of the student after its lesson."""
    if not stages.student.exists():
        with stages.timed("student"):
            save_file(student.learn(examples, taught), stages.student)
    return load_file(stages.student)


def taught_texts(
    examples: Sequence[Example],
    stages: Stages,
    of_teacher: TeacherRecipe,
    of_phrases: PhrasesRecipe,
    progress: ProgressCallback,
) -> Taught:
    """What a teacher that learnt from `examples` says of phrases made of them, and of the texts that those are made of.

    Of the phrases it speaks alone; of the texts together with the people who rated them.
    """
    whole = [example for example in examples if example.source == of_phrases.source]
    spelled = spellings([example.text for example in whole], of_phrases)
    if not stages.rated.exists():
        teacher = Teacher(resolve(TEACHER, None, False, progress).folder, of_teacher, progress)
        if not stages.teacher.exists():
            with stages.timed("teacher"):
                teacher.learn(examples, stages.teacher)
        teacher.recall(stages.teacher)
        with stages.timed("rating"):
            teacher.answers([*spelled, *phrases(examples, of_phrases)]).save(stages.rated)
    answers = Answers.load(stages.rated)
    rated = answered(answers.texts, answers.logits)
    together = [agreed(people, teacher) for people, teacher in zip(whole, rated, strict=False)]
    return Taught([*together, *rated[len(whole) :]], answers.states)
