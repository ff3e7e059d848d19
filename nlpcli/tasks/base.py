"""The `Task` protocol and the registry: one line per task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from nlpcli.models.reference import LocalModel
from nlpcli.records.record import Record
from nlpcli.runtime.batching import BatchTask, ReadAhead
from nlpcli.runtime.device import Placement
from nlpcli.runtime.turns import Turns


class Task(BatchTask, Protocol):
    """What is done to records. It reads no files, prints nothing, and picks no device."""

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """What goes out: the records themselves, or what was found in them."""


Hear = Callable[[Record, str], None]
"""Is told each piece of text as soon as it is written: of the record that comes out next, and of no other."""


@runtime_checkable
class ContinuousTask(Protocol):
    """A task whose rows end at different times, so that it fills them itself instead of being given batches."""

    def process(self, source: ReadAhead, budget: int | None, hear: Hear) -> Iterator[Record]:
        """Every record of `source`, in order, with its result or its error; `budget` in tokens, or as it sees fit."""

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """What goes out: the records themselves, or what was found in them."""


@runtime_checkable
class BatchSizeTask(Protocol):
    """A task that may know better than its device how many padded tokens a batch should have; None: it does not."""

    @property
    def batch_tokens(self) -> int | None: ...


@runtime_checkable
class TurnsTask(Protocol):
    """A task whose batches may not all do the same thing at a time; None: they may."""

    @property
    def turns(self) -> Turns | None: ...


class TaskOptions(Protocol):
    """A frozen dataclass with what the user asked of the task."""

    @property
    def fields(self) -> Mapping[str, str]:
        """Name and type of each result field (see `records.writers.ResultNames`)."""


# Task name → module; each has `load(options, model, placement) -> Task`.
TASKS = {
    "attention-inspect": "nlpcli.tasks.attention",
    "embed": "nlpcli.tasks.embed",
    "generate": "nlpcli.tasks.generate",
    "sentiment": "nlpcli.tasks.sentiment",
    "summarize": "nlpcli.tasks.summarize",
    "translate": "nlpcli.tasks.translate",
}


def load_task(name: str, options: Any, model: LocalModel, placement: Placement) -> Task | ContinuousTask:
    """Load the model and make the task ready. Imports torch and transformers."""
    task: Task | ContinuousTask = import_module(TASKS[name]).load(options, model, placement)
    return task
