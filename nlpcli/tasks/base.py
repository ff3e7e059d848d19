"""The contract of a task.

What stays loaded knows nothing of a run: `loader` names the function that loads a pipeline from a model and a
placement, and `make_task` puts the options of one run in front of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

from nlpcli.errors import NlpcliError, quoted
from nlpcli.models.foreign import first_line, said_at_computing, said_of
from nlpcli.models.reference import NOTHING, LocalModel
from nlpcli.records.record import Record
from nlpcli.runtime.arrivals import Arrivals
from nlpcli.runtime.batching import Split, Unit
from nlpcli.runtime.decode_slots import DecodeSlots
from nlpcli.runtime.device import Placement
from nlpcli.runtime.precision import FLOAT32, Precision, noted
from nlpcli.tasks.registry import TASKS

TextCallback = Callable[[Record, str], None]
"""Is told each piece of text as soon as it is written: of the record that comes out next, and of no other."""

Pipeline = TypeVar("Pipeline")


class Task:
    """What one run does to records. It reads no files, prints nothing, and picks no device.

    Notices that are given once, seeds and the options of the run live here and end with the run. Whatever a model does
    is done within `computing`, where its failures become errors that name it.
    """

    computing: Callable[[], AbstractContextManager[None]] = nullcontext

    def words_of(self, error: Exception | None) -> str:
        """What is said of a record that the model failed at."""
        failed = error or RuntimeError()
        try:
            with self.computing():
                raise failed  # noqa: TRY301 - the boundary has the words
        except NlpcliError as said:
            return str(said)
        except Exception as refused:  # noqa: BLE001 - what the system refuses goes through as it is
            return first_line(refused)

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """What goes out: the records themselves, or what was found in them."""
        return records


class BatchTask(Task, ABC):
    """A task whose units are run in batches.

    `batch_tokens`: padded tokens per batch where the model knows better than the device. `decode_slots`: those of the
    run, where batches encode and decode apart.
    """

    batch_tokens: int | None = None
    decode_slots: DecodeSlots | None = None

    @property
    def batches_with(self) -> Hashable:
        """Tasks over one pipeline whose values of this are equal may run their units in one batch: `run` of each does
        the same, and knows nothing of its run. None: with no other."""
        return None

    @abstractmethod
    def split(self, records: Sequence[Record]) -> list[Split]:
        """The units and the state of each record, in order."""

    @abstractmethod
    def run(self, units: Sequence[Unit]) -> Sequence[Any]:
        """One output per unit, or the error in its place. Raises OutOfMemory where the batch is too large."""

    @abstractmethod
    def join(self, record: Record, state: Any, outputs: Sequence[Any]) -> dict[str, Any] | Split:
        """The result fields of a record from the outputs of its units; or the units and state of another round.

        Raises:
            NlpcliError: the record has no result, and that as its error.
        """


class ContinuousTask(Task, ABC):
    """A task whose rows end at different times, so that it fills them itself instead of being given batches."""

    @abstractmethod
    def process(self, source: Arrivals, budget: int | None, on_text: TextCallback) -> Iterator[Record]:
        """Every record of `source`, in order, with its result or its error; `budget` in tokens, or as it sees fit."""


@dataclass(frozen=True, slots=True)
class Loaded(Generic[Pipeline]):
    """A pipeline on its device, with what it was loaded from. No run changes it; many runs may use it at a time.

    `precision`: what it was loaded in, which the placement alone does not tell.
    """

    pipeline: Pipeline
    model: LocalModel
    placement: Placement
    precision: Precision = FLOAT32


Loader = Callable[[LocalModel, Placement], Any]
"""Loads a pipeline; the same model, placement and loader give a pipeline that any run may share."""


class TaskOptions(Protocol):
    """A frozen dataclass with what the user asked of the task."""

    @property
    def fields(self) -> Mapping[str, str]:
        """Name and type of each result field (see `records.writers.ResultNames`)."""

    # Options of which some need no model say so with a property `needs_model`; see `registry.needs_model`. Where a
    # result depends on more than its record, a property `across_records` says so; see `registry.across_records`.


class TaskModule(Protocol):
    """What the module of a task provides."""

    OPTIONS: type[TaskOptions]

    def loader(self, options: Any, model: LocalModel, placement: Placement) -> Loader:
        """The loader of the pipeline that these options need. Raises UsageError where the placement cannot serve."""

    def make_task(self, options: Any, loaded: Any) -> BatchTask | ContinuousTask:
        """The task of one run over a loaded pipeline."""


def load(name: str, options: Any, model: LocalModel, placement: Placement) -> Loaded[Any]:
    """The pipeline that a task needs for these options, on its device. Imports torch and transformers.

    Raises:
        ModelError: the folder does not hold a model for this task.
        UsageError: the model or the placement cannot do what the options ask for.
    """
    return load_with(loader_of(name, options, model, placement), model, placement)


def loader_of(name: str, options: Any, model: LocalModel, placement: Placement) -> Loader:
    """What loads the pipeline that a task needs. Raises UsageError where the placement cannot serve."""
    return _module(name).loader(options, model, placement)


def load_with(loader: Loader, model: LocalModel, placement: Placement) -> Loaded[Any]:
    """The pipeline that a loader loads. Raises ModelError where the folder does not hold such a model."""
    with said_of(f"{quoted(model.name)} cannot be loaded"), noted() as precisions:
        pipeline = loader(model, placement)
    # What decides nothing, such as static vectors, is computed in one way.
    return Loaded(pipeline, model, placement, precisions[-1] if precisions else FLOAT32)


def make_task(name: str, options: Any, loaded: Loaded[Any]) -> BatchTask | ContinuousTask:
    """The task of one run.

    Raises:
        UsageError: the model cannot do what the options ask for.
        ModelUnusable: the model fails at what the options ask for.
    """
    if loaded.model is NOTHING:
        return _module(name).make_task(options, loaded)
    computing = partial(said_at_computing, loaded.model.name)
    with computing():
        task = _module(name).make_task(options, loaded)
    task.computing = computing
    return task


def _module(name: str) -> TaskModule:
    return cast(TaskModule, TASKS[name].load_module())
