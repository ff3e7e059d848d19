"""Stages before the student: the teacher learns, phrases are made, the teacher rates them.

What a stage made lies in the folder for work, and so does the time it took: a run that was stopped goes on from there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from nlpcli.models.reference import Say
from nlpcli.training.objective import answered
from nlpcli.training.phrases import PhrasesRecipe, phrases
from nlpcli.training.sentiment_data import Example
from nlpcli.training.teacher import Teacher, TeacherRecipe
from nlpcli.training.teacher_weights import teacher_folder


class Stages:
    """The files of the stages, and how long each stage took."""

    def __init__(self, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.work = work
        self.teacher = work / "teacher.safetensors"
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
