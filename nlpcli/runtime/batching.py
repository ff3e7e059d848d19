"""Records → batches of about equal cost → records in their own order again.

A batch is padded to its longest unit, so it costs longest × count. Units are sorted by cost inside a bounded
look-ahead window, cut by a budget of padded tokens, run, and given back in the order in which they came. When
input is slow the window holds only what has arrived, and leaves at once. When it is fast the next window begins
while this one is at work, so that no core waits for the other at the end of each.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from nlpcli.errors import ModelUnusable, NlpcliError, NoNumbers, OutOfMemory, UsageError
from nlpcli.records.record import Record
from nlpcli.runtime import runs
from nlpcli.runtime.arrivals import FIRST_WINDOW, LARGEST_WINDOW, Arrivals
from nlpcli.runtime.repeats import Repeats

log = logging.getLogger(__name__)

# So many units that fail, each alone, before any succeeds, are no accident of theirs: the model fails.
_MOST_FAILING = 8


class Unit(NamedTuple):
    """What one row of a batch holds: a whole text, or one window of a long one. `cost` is in tokens."""

    cost: int
    payload: Any


class Split(NamedTuple):
    """The units of one record, and the state that `join` gets back with their outputs."""

    units: list[Unit]
    state: Any = None


class BatchTask(Protocol):
    """The part of a task that the batcher needs."""

    def split(self, records: Sequence[Record]) -> list[Split]:
        """The units and the state of each record, in order."""

    def run(self, units: Sequence[Unit]) -> Sequence[Any]:
        """One output per unit, or the error in its place. Raises OutOfMemory where the batch is too large."""

    def join(self, record: Record, state: Any, outputs: Sequence[Any]) -> dict[str, Any] | Split:
        """The result fields of a record from the outputs of its units; or the units and state of another round.

        Raises:
            UsageError: the options do not fit the model, which ends the run.
            NlpcliError: the record has no result, and that as its error.
        """


RunBatches = Callable[[Callable[[Sequence[Unit]], Any], list[list[Unit]]], Iterator[Any]]
"""Runs a function on each batch, possibly several at a time and at once, and gives the outcomes in the order of the
batches; an iterator with `close` forgets by it what has not begun."""


def cut(costs: Sequence[int], budget: int) -> list[list[int]]:
    """Indices of `costs` in batches of at most `budget` padded tokens, longest first.

    A unit that is over the budget by itself makes a batch of its own.
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(costs)), key=lambda index: -costs[index]):
        longest = costs[batches[-1][0]] if batches else 0
        if not batches or longest * (len(batches[-1]) + 1) > budget:
            batches.append([])
        batches[-1].append(index)
    return batches


@dataclass(slots=True)
class _Owner:
    """The record of some units, its state, and the outputs that are there."""

    record: Record
    units: list[Unit]
    state: Any
    outputs: list[Any] = field(init=False)
    missing: int = field(init=False)

    def __post_init__(self) -> None:
        self.outputs, self.missing = [None] * len(self.units), len(self.units)


@dataclass(slots=True)
class _Batches:
    """Units as batches of their indices, and the outcomes of these, which may be on their way already."""

    units: list[Unit]
    indices: list[list[int]]
    outcomes: Iterator[Any]


@dataclass(slots=True)
class _Window:
    """Records of which none is given back yet, those that have units, and the batches of these; or a failure."""

    waiting: deque[Record]
    owners: list[_Owner] = field(default_factory=list)
    batches: _Batches = field(default_factory=lambda: _Batches([], [], iter(())))
    failure: Exception | None = None

    def forget(self) -> None:
        """Begin no more batches."""
        if hasattr(self.batches.outcomes, "close"):
            self.batches.outcomes.close()


@dataclass(slots=True)
class Batcher:
    """Runs a task over a stream of records; `budget` is in padded tokens and halves when memory runs out.

    A batch at which the model fails is run again in halves, until the units are found that it fails at: theirs are the
    records that have an error. Where it fails at everything, the run ends.

    `report` is told how many of how many units are done, where a record has several. The task works within
    `computing`, which says what goes wrong there.
    """

    task: BatchTask
    budget: int
    run_batches: RunBatches
    report: Callable[[int, int], None] = lambda done, total: None  # noqa: ARG005
    computing: Callable[[], AbstractContextManager[None]] = nullcontext
    repeats: Repeats | None = None
    _size: int = field(default=FIRST_WINDOW)
    _following: Future[_Window] | None = field(default=None)
    _has_worked: bool = field(default=False)
    _said: bool = field(default=False)

    def process(self, source: Arrivals) -> Iterator[Record]:
        """Every record of `source`, in order, with its result or its error."""
        ahead = ThreadPoolExecutor(1, "nlpcli-window")
        window: _Window | None = None
        self._size = max(self._size, source.first_window)
        try:
            while records := source.take(self._size):
                window = self._begun(records)
                while window is not None:
                    yield from self._process_window(window, lambda: self._look_ahead(source, ahead))
                    following, self._following = self._following, None
                    window = following.result() if following else None
        finally:
            if window is not None:
                window.forget()
            if self._following is not None:
                self._following.add_done_callback(lambda begun: begun.result().forget())
            ahead.shutdown(wait=False)

    def _look_ahead(self, source: Arrivals, ahead: ThreadPoolExecutor) -> None:
        if self._following is None and (records := source.take_ahead(self._size)):
            self._following = ahead.submit(copy_context().run, self._begun, records)

    def _begun(self, records: list[Record]) -> _Window:
        """A window whose batches are on their way; what goes wrong before that is raised when its turn comes."""
        if len(records) == self._size:
            self._size = min(4 * self._size, LARGEST_WINDOW)
        window = _Window(deque(records))
        sound = [record for record in records if record.error is None]
        try:
            if self.repeats is not None:
                sound = self.repeats.first(sound)
            runs.count(records=len(sound))
            with self.computing():
                splits = self.task.split(sound) if sound else []
            window.owners = [_Owner(record, *split) for record, split in zip(sound, splits, strict=True)]
            runs.count(read=sum(unit.cost for split in splits for unit in split.units))
            window.batches = self._batches_of(window.owners)
        except Exception as error:  # noqa: BLE001 - raised behind the records of the window before
            window.failure = error
        return window

    def _process_window(self, window: _Window, look_ahead: Callable[[], None]) -> Iterator[Record]:
        if window.failure is not None:
            raise window.failure
        waiting = window.waiting
        yield from self._finish(waiting, [owner for owner in window.owners if not owner.missing], [])
        owners, batches = window.owners, window.batches
        while owners:
            following: list[_Owner] = []
            for owner in self._run_round(owners, batches, look_ahead):
                yield from self._finish(waiting, [owner], following)
            owners, batches = following, self._batches_of(following)
        yield from self._finished(waiting)

    def _run_round(self, owners: list[_Owner], batches: _Batches, look_ahead: Callable[[], None]) -> Iterator[_Owner]:
        """Run the units of each owner, and give it back once all its outputs are there."""
        places = [(owner, number) for owner in owners for number in range(len(owner.units))]
        total = len(batches.units)
        several = total > len(owners)
        for done, (index, output) in enumerate(self._outputs(batches, look_ahead), start=1):
            owner, number = places[index]
            owner.outputs[number] = output
            owner.missing -= 1
            if several:
                self.report(done, total)
            if not owner.missing:
                yield owner

    def _finish(self, waiting: deque[Record], owners: Iterable[_Owner], following: list[_Owner]) -> Iterator[Record]:
        """Join the outputs of owners that have all; the records at the head of the window that are complete then."""
        for owner in owners:
            split = self._join(owner)
            if split is not None:
                following.append(_Owner(owner.record, *split))
            elif self.repeats is not None:
                self.repeats.done(owner.record)
        yield from self._finished(waiting)

    def _finished(self, waiting: deque[Record]) -> Iterator[Record]:
        while waiting and (waiting[0].result is not None or waiting[0].error is not None):
            yield waiting.popleft()

    def _join(self, owner: _Owner) -> Split | None:
        """The next round of a record that needs one; else its result is set."""
        failed = next((output for output in owner.outputs if isinstance(output, NlpcliError)), None)
        if failed is not None:
            owner.record.error = str(failed)
            return None
        with self.computing():
            try:
                joined = self.task.join(owner.record, owner.state, owner.outputs)
            except UsageError:
                raise  # of every record, not of this one
            except NlpcliError as error:
                owner.record.error = str(error)
                return None
        if isinstance(joined, Split):
            return joined
        owner.record.result = joined
        return None

    def _batches_of(self, owners: Sequence[_Owner]) -> _Batches:
        return self._batches([unit for owner in owners for unit in owner.units])

    def _batches(self, units: list[Unit]) -> _Batches:
        return self._run_all(units, cut([unit.cost for unit in units], self.budget))

    def _run_all(self, units: list[Unit], indices: list[list[int]]) -> _Batches:
        outcomes = self.run_batches(self._run_or_say, [[units[index] for index in batch] for batch in indices])
        return _Batches(units, indices, outcomes)

    def _outputs(self, batches: _Batches, look_ahead: Callable[[], None]) -> Iterator[tuple[int, Any]]:
        """Index and output of every unit; one that does not fit or that the model fails at gives its error as output.

        Raises:
            ModelUnusable: the model fails at every unit that it was given so far.
        """
        failed: list[tuple[int, ModelUnusable]] = []
        yield from self._outputs_but_of(failed, batches, look_ahead)
        if failed and not self._has_worked:
            raise failed[0][1]
        yield from failed

    def _outputs_but_of(
        self, failed: list[tuple[int, ModelUnusable]], batches: _Batches, look_ahead: Callable[[], None]
    ) -> Iterator[tuple[int, Any]]:
        """As `_outputs`; the units at which the model fails are added to `failed` instead."""
        for batch in batches.indices:
            look_ahead()
            outcome = next(batches.outcomes)
            if isinstance(outcome, OutOfMemory):
                yield from self._run_smaller(batches.units, batch, outcome)
            elif not isinstance(outcome, ModelUnusable):
                self._has_worked = True
                yield from zip(batch, outcome, strict=True)
            elif len(batch) > 1:
                middle = len(batch) // 2
                halves = self._run_all(batches.units, [batch[:middle], batch[middle:]])
                yield from self._outputs_but_of(failed, halves, lambda: None)
            elif isinstance(outcome, NoNumbers):
                yield batch[0], outcome
            else:
                failed.append((batch[0], outcome))
                if len(failed) >= _MOST_FAILING and not self._has_worked:
                    raise outcome

    def _run_or_say(self, units: Sequence[Unit]) -> Sequence[Any] | OutOfMemory | ModelUnusable:
        # A batch that was cut before memory ran out elsewhere need not find that out itself.
        if len(units) > 1 and max(unit.cost for unit in units) * len(units) > self.budget:
            return OutOfMemory("cut for a larger budget")
        try:
            with self.computing():
                return self.task.run(units)
        except (OutOfMemory, ModelUnusable) as error:
            return error

    def _run_smaller(self, units: list[Unit], batch: list[int], error: OutOfMemory) -> Iterator[tuple[int, Any]]:
        if len(batch) == 1:
            yield batch[0], error
            return
        smaller = max(1, units[batch[0]].cost * len(batch) // 2)
        if smaller < self.budget:
            self.budget = smaller
            said = log.info if self._said else log.warning
            said("out of memory: going on with at most %d padded tokens per batch", self.budget)
            self._said = True
        batches = self._batches([units[index] for index in batch])
        for index, output in self._outputs(batches, lambda: None):
            yield batch[index], output
