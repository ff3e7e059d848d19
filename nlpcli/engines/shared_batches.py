"""Batches of many runs on the cores of one machine: fairly, and together where their tasks allow it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import nullcontext
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any

from nlpcli.engines.worker_pool import MAX_WORKERS, Begun, RunBatch, run_with_threads
from nlpcli.errors import ModelUnusable, OutOfMemory
from nlpcli.runtime import runs
from nlpcli.runtime.batching import Unit
from nlpcli.runtime.decode_slots import DecodeSlots

# Padded tokens that batches of several runs may have together, for each token that is none.
_MOST_PADDED = 1.25


@dataclass(slots=True, eq=False)
class _Batch:
    """Units of one run, on their way."""

    lane: Lane
    run: RunBatch
    units: list[Unit]
    threads: int
    context: Context
    future: Future[Any] = field(default_factory=Future)

    @property
    def longest(self) -> int:
        return max(unit.cost for unit in self.units)

    @property
    def tokens(self) -> int:
        return sum(unit.cost for unit in self.units)


class FairBatches:
    """Computes batches in the order of what their runs have had: who had least comes first.

    A run alone computes as it would in a `WorkerPool`: one batch with all threads, several side by side.
    """

    def __init__(self, cores: int, on_batch: Callable[[int], object] = lambda size: None) -> None:  # noqa: ARG005
        """`on_batch` is told how many units are computed as one."""
        self._on_batch = on_batch
        self._cores = cores
        self._free = cores
        self._lanes: list[Lane] = []
        self._served = 0.0
        self._changed = threading.Condition()
        # One more than there are cores: a batch that waits for a decode slot lends its core.
        for number in range(min(cores, MAX_WORKERS) + 1):
            threading.Thread(target=self._work, name=f"nlpcli-compute-{number}", daemon=True).start()

    def lane(
        self, device_type: str, threads: int, budget: int, together: Hashable = None, slots: DecodeSlots | None = None
    ) -> Lane:
        """What runs the batches of one run; those of lanes with an equal `together` may be computed as one of at most
        `budget` padded tokens."""
        return Lane(self, device_type, threads, budget, together, slots)

    def submit(self, lane: Lane, batches: list[_Batch]) -> None:
        """Queue batches of a lane; a lane without any does not stand in the queue."""
        if not batches:
            return
        with self._changed:
            if not lane.waiting:
                # Time that a run was not there is no credit.
                lane.served = max(lane.served, self._served)
                self._lanes.append(lane)
            lane.waiting.extend(batches)
            self._changed.notify_all()

    def forget(self, lane: Lane) -> None:
        """Begin no more batches of a lane."""
        with self._changed:
            waiting = list(lane.waiting)
            lane.waiting.clear()
            if lane in self._lanes:
                self._lanes.remove(lane)
        for batch in waiting:
            batch.future.cancel()

    def _work(self) -> None:
        while True:
            group: list[_Batch] = []
            cores = 0
            try:
                with self._changed:
                    self._changed.wait_for(self._may_begin)
                    # Taken one by one: what has left the queue is in the group, whatever goes wrong behind it.
                    self._fill(group)
                    cores = self._cores_of(group[0])
                    self._free -= cores
                self._on_batch(sum(len(batch.units) for batch in group))
                _compute(group)
            except BaseException as error:  # noqa: BLE001 - a mistake of ours: raised again where a run waits
                self._give_up(group, error)
            finally:
                with self._changed:
                    self._free += cores
                    self._changed.notify_all()

    def _give_up(self, group: list[_Batch], error: BaseException) -> None:
        """Whoever waits for a batch of the group hears of a mistake; of one in choosing it, everyone who waits."""
        with self._changed:
            lanes = [] if group else list(self._lanes)
            waiting = [*group, *(batch for lane in lanes for batch in lane.waiting)]
            for lane in lanes:
                lane.waiting.clear()
                self._lanes.remove(lane)
        for batch in waiting:
            if not batch.future.done():
                batch.future.set_exception(error)

    def _may_begin(self) -> bool:
        return bool(self._lanes) and self._free >= self._cores_of(self._first().waiting[0])

    def _first(self) -> Lane:
        return min(self._lanes, key=lambda lane: lane.served)

    def _cores_of(self, batch: _Batch) -> int:
        # Of batches with decode slots one more is under way than there are cores.
        return 0 if batch.lane.lends_a_core else min(batch.threads, self._cores)

    def _fill(self, group: list[_Batch]) -> None:
        """Take the next batch, and the first of every other lane that may and can be computed with it."""
        first = self._first()
        self._served = first.served
        group.append(self._take(first))
        count, longest, tokens = len(group[0].units), group[0].longest, group[0].tokens
        for lane in sorted(self._lanes, key=lambda lane: lane.served) if first.together is not None else ():
            if lane is first or lane.together != first.together:
                continue
            head = lane.waiting[0]
            now = max(longest, head.longest)
            # What is much longer, or much shorter, would cost more in padding than a batch of its own.
            if now * (count + len(head.units)) > min(first.budget, _MOST_PADDED * (tokens + head.tokens)):
                continue
            group.append(self._take(lane))
            count, longest, tokens = count + len(head.units), now, tokens + head.tokens
        for batch in group:
            batch.lane.served += longest * len(batch.units)
            if self._lanes:
                # Others wait for a core: two batches side by side are faster than one after the other on both.
                batch.threads = min(batch.threads, batch.lane.threads_beside_others)

    def _take(self, lane: Lane) -> _Batch:
        batch = lane.waiting.popleft()
        if not lane.waiting:
            self._lanes.remove(lane)
        return batch


class Lane:
    """The batches of one run; a `RunBatches`. `ran_out` once one text alone did not fit into memory."""

    def __init__(
        self,
        batches: FairBatches,
        device_type: str,
        threads: int,
        budget: int,
        together: Hashable,
        slots: DecodeSlots | None,
    ) -> None:
        self._batches = batches
        self._threads = threads
        self._count = min(threads, MAX_WORKERS) if device_type == "cpu" else 1
        self._on_device = device_type != "cpu"
        self.budget = budget
        self.together = together
        self.slots = slots
        self.waiting: deque[_Batch] = deque()
        self.served = 0.0
        self.cancellation = runs.cancellation()
        self.ran_out = False
        if slots is not None:
            slots.share(self._count)

    @property
    def threads_beside_others(self) -> int:
        """Those of a batch that is not computed alone. A GPU computes one at a time, whatever is left of the cores."""
        return self._threads if self._on_device else max(1, self._threads // self._count)

    @property
    def lends_a_core(self) -> bool:
        """Whether its batches wait for each other in slots of their own, so that no core need be free for them."""
        return self.slots is not None and self._count > 1

    def __call__(self, run: RunBatch, batches: list[list[Unit]]) -> Iterator[Any]:
        """The outcome of each batch, in order; they begin at once."""
        threads = self._threads if len(batches) == 1 else self.threads_beside_others
        made = [_Batch(self, run, units, threads, copy_context()) for units in batches if units]
        self._batches.submit(self, made)
        return Begun([batch.future for batch in made])

    def close(self) -> None:
        """Forget what has not begun."""
        self._batches.forget(self)


def _compute(group: list[_Batch]) -> None:
    begun = [batch for batch in group if batch.future.set_running_or_notify_cancel()]
    if len(begun) > 1 and _compute_together(begun):
        return
    for batch in begun:
        _compute_alone(batch)


def _compute_together(group: list[_Batch]) -> bool:
    """Whether it could be done; where anything is wrong, each batch is to find out by itself whether it is its own."""
    units = [unit for batch in group for unit in batch.units]
    cancellations = [batch.lane.cancellation for batch in group]
    try:
        with runs.together(cancellations):
            outcome = run_with_threads(max(batch.threads for batch in group), group[0].run, units)
    except Exception:  # noqa: BLE001 - raised again where a batch computes alone
        return False
    if isinstance(outcome, OutOfMemory | ModelUnusable):
        return False
    start = 0
    for batch in group:
        batch.future.set_result(outcome[start : start + len(batch.units)])
        start += len(batch.units)
    return True


def _compute_alone(batch: _Batch) -> None:
    try:
        batch.context.run(runs.check)
        with batch.lane.slots.computing() if batch.lane.slots else nullcontext():
            outcome = batch.context.run(run_with_threads, batch.threads, batch.run, batch.units)
    except BaseException as error:  # noqa: BLE001 - raised again where the outcome is taken
        batch.future.set_exception(error)
        return
    if isinstance(outcome, OutOfMemory) and len(batch.units) == 1:
        batch.lane.ran_out = True
    batch.future.set_result(outcome)


def lane_key(pipeline: object, task: object, batches_with: Hashable) -> Hashable:
    """What has to be equal where batches are computed as one: the loaded pipeline, the task, and what it says."""
    return None if batches_with is None else (id(pipeline), type(task), batches_with)
