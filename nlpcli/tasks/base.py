"""The `Task` protocol and the registry: one line per task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Protocol

from nlpcli.batching import BatchTask
from nlpcli.device import Placement
from nlpcli.models.reference import LocalModel
from nlpcli.records.record import Record


class Task(BatchTask, Protocol):
    """What is done to records. It reads no files, prints nothing, and picks no device."""

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """What goes out: the records themselves, or what was found in them."""


class TaskOptions(Protocol):
    """A frozen dataclass with what the user asked of the task."""

    @property
    def fields(self) -> Mapping[str, str]:
        """Name and type of each result field (see `records.writers.ResultNames`)."""


# Task name → module; each has `load(options, model, placement) -> Task`.
TASKS = {
    "embed": "nlpcli.tasks.embed",
    "sentiment": "nlpcli.tasks.sentiment",
    "translate": "nlpcli.tasks.translate",
}


def load_task(name: str, options: Any, model: LocalModel, placement: Placement) -> Task:
    """Load the model and make the task ready. Imports torch and transformers."""
    task: Task = import_module(TASKS[name]).load(options, model, placement)
    return task
