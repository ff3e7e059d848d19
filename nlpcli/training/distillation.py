"""The stages: a teacher learns, rates phrases, and the student learns from people first, then from both.

What a stage made lies in the folder for work, and so does the time it took: a run that was stopped goes on from there.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nlpcli.models.reference import Say
from nlpcli.training.objective import answered
from nlpcli.training.phrases import PhrasesRecipe, phrases
from nlpcli.training.sentiment_data import Example
from nlpcli.training.student import Student
from nlpcli.training.teacher import Teacher, TeacherRecipe
from nlpcli.training.teacher_weights import teacher_folder


class Stages:
    """The files of the stages, and how long each stage took."""

    def __init__(self, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.work = work
        self.teacher = work / "teacher.safetensors"
        self.student = work / "student.safetensors"
        self.rated = work / "rated.jsonl"
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


def trained_student(
    student: Student, examples: Sequence[Example], rated: Sequence[Example], stages: Stages
) -> dict[str, Tensor]:
    """The tensors of the student after both lessons."""
    if not stages.student.exists():
        with stages.timed("student of people"):
            save_file(student.learn(examples, student.recipe.of_people), stages.student)
    student.recall(load_file(stages.student))
    lesson = student.recipe.of_people_and_teacher
    some = random.Random(student.recipe.seed).sample(examples, round(lesson.share * len(examples)))
    with stages.timed("student of people and teacher"):
        return student.learn([*some, *rated], lesson)


def rated_phrases(
    examples: Sequence[Example], stages: Stages, of_teacher: TeacherRecipe, of_phrases: PhrasesRecipe, say: Say
) -> list[Example]:
    """Phrases made of `examples`, with what a teacher says of them that learnt from `examples`."""
    if not stages.rated.exists():
        teacher = Teacher(teacher_folder(stages.work, say), of_teacher, say)
        if not stages.teacher.exists():
            with stages.timed("teacher"):
                teacher.learn(examples, stages.teacher)
        teacher.recall(stages.teacher)
        with stages.timed("rating"):
            _rate(phrases(examples, of_phrases), teacher, stages.rated)
    with stages.rated.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return answered([row["text"] for row in rows], torch.tensor([row["logits"] for row in rows]))


def _rate(texts: Sequence[str], teacher: Teacher, path: Path) -> None:
    rows = zip(texts, teacher.answers(texts).tolist(), strict=True)
    lines = [json.dumps({"text": text, "logits": logits}, ensure_ascii=False) for text, logits in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
