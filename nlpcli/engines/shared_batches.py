"""Batches of many runs on the cores of one machine: fairly, and together where their tasks allow it."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from nlpcli.engines.worker_pool import MAX_WORKERS, Begun, RunBatch, run_with_threads
from nlpcli.errors import ModelUnusable, OutOfMemory
from nlpcli.runtime import runs
from nlpcli.runtime.batching import Unit
from nlpcli.runtime.decode_slots import DecodeSlots

# Padded tokens that units of several runs may have together, for each token that is none; and the part of a budget that
# a batch may have anyway, because another one would cost more.
_MOST_PADDED = 1.25
_SMALL_PART = 4
# Of a budget: a run that asks for no more than this part is small, one that has had so many is large.
_SMALL_RUN, _LARGE_RUN = 1 / 4, 4
# Among so many units of several runs those of about equal length are looked for.
_MOST_IN_POOL = 1024
_numbers = itertools.count()


@dataclass(slots=True, eq=False)
class _Batch:
    """Units of one run, on their way; those that are `left` have not begun, the longest first."""

    lane: Lane
    run: RunBatch
    units: list[Unit]
    threads: int
    context: Context
    future: Future[Any] = field(default_factory=Future)
    left: list[int] = field(init=False)
    outputs: list[Any] = field(init=False)
    missing: int = field(init=False)
    by_length: list[tuple[int, int, int]] = field(init=False)
    """For each unit its cost below zero, a number of the batch, and its index: sorted, the longest are first."""

    def __post_init__(self) -> None:
        number = next(_numbers)
        self.by_length = [(-unit.cost, number, index) for index, unit in enumerate(self.units)]
        self.left = list(range(len(self.units)))
        self.outputs, self.missing = [None] * len(self.units), len(self.units)

    def is_wanted(self) -> bool:
        """Whether somebody waits for it; asked when it begins, and when more of it does."""
        return self.future.running() or (not self.future.done() and self.future.set_running_or_notify_cancel())

    def fail(self, error: BaseException) -> None:
        """Whoever waits for it hears of a mistake."""
        with suppress(InvalidStateError):
            self.future.set_exception(error)

    def finish(self, indices: Sequence[int], outcome: Any) -> None:
        """The outputs of some of its units, or what is in the place of all."""
        with suppress(InvalidStateError):
            if not isinstance(outcome, Sequence):
                self.future.set_result(outcome)
                return
            for index, output in zip(indices, outcome, strict=True):
                self.outputs[index] = output
            self.missing -= len(indices)
            if not self.missing:
                self.future.set_result(self.outputs)


class _Part(NamedTuple):
    """Units of a batch that begin together."""

    batch: _Batch
    indices: list[int]

    @property
    def units(self) -> list[Unit]:
        return [self.batch.units[index] for index in self.indices]


class FairBatches:
    """Computes batches in the order of what their runs have had: who had least comes first.

    A run alone computes as it would in a `WorkerPool`: one batch with all threads, several side by side. Of
    several runs whose batches go together, units of about equal length are computed as one, whichever run they are of.
    A small run waits for no batch of a large one: there is a thread for it, and it shares no batch with large ones.
    """

    def __init__(self, cores: int, on_batch: Callable[[int], object] = lambda size: None) -> None:  # noqa: ARG005
        """`on_batch` is told how many units are computed as one."""
        self._on_batch = on_batch
        self._cores = cores
        self._free = cores
        self._lanes: list[Lane] = []
        self._at_work: list[Lane] = []
        self._served = 0.0
        self._changed = threading.Condition()
        # One more than there are cores: a batch that waits for a decode slot lends its core.
        self._idle = set(range(min(cores, MAX_WORKERS) + 1))
        self._threads = len(self._idle)
        for number in range(self._threads):
            self._begin(partial(self._next, number), number, f"nlpcli-compute-{number}")
        self._begin(self._next_small, None, "nlpcli-compute-small")

    def _begin(self, choose: Callable[[], Lane | None], number: int | None, name: str) -> None:
        threading.Thread(target=self._work, args=(choose, number), name=name, daemon=True).start()

    def lane(
        self, device_type: str, threads: int, budget: int, together: Hashable = None, slots: DecodeSlots | None = None
    ) -> Lane:
        """What runs the batches of one run; units of lanes with an equal `together` may be computed as one batch of at
        most `budget` padded tokens."""
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
            # Among hundreds of runs most wait for a core: nobody is to wake up for each only to see that none is free.
            if self._free or lane.lends_a_core or all(other.is_large for other in self._at_work):
                self._changed.notify_all()

    def forget(self, lane: Lane) -> None:
        """Begin no more of the batches of a lane."""
        with self._changed:
            waiting = list(lane.waiting)
            lane.waiting.clear()
            if lane in self._lanes:
                self._lanes.remove(lane)
        for batch in waiting:
            # One of which a part has begun cannot be cancelled, and will never be whole.
            if not batch.future.cancel():
                batch.fail(CancelledError())

    def _work(self, choose: Callable[[], Lane | None], number: int | None) -> None:
        """What the thread of a number does, or, of none, that for small runs."""
        while True:
            group: list[_Part] = []
            cores, lanes, outcomes = 0, [], []
            try:
                with self._changed:
                    self._changed.wait_for(choose)
                    # Taken one by one: what has left the queue is in the group, whatever goes wrong behind it.
                    self._fill(group, choose())
                    lanes = [part.batch.lane for part in group]
                    if number is not None:
                        cores = self._cores_of(group[0].batch)
                        self._free -= cores
                        self._idle.discard(number)
                    self._at_work += lanes
                    if self._free or any(lane.lends_a_core for lane in self._lanes):
                        self._changed.notify_all()
                self._on_batch(sum(len(part.indices) for part in group))
                outcomes = _outcomes(group)
            except BaseException as error:  # noqa: BLE001 - a mistake of ours: raised again where a run waits
                self._give_up(group, error)
            finally:
                # Before anybody hears of the outcome: who asks again then is alone, and computes so.
                with self._changed:
                    self._free += cores
                    if number is not None:
                        self._idle.add(number)
                    for lane in lanes:
                        self._at_work.remove(lane)
                    self._changed.notify_all()
            for deliver in outcomes:
                deliver()

    def _give_up(self, group: list[_Part], error: BaseException) -> None:
        """Whoever waits for a batch of the group hears of a mistake; of one in choosing it, everyone who waits."""
        with self._changed:
            lanes = [] if group else list(self._lanes)
            waiting = [*(part.batch for part in group), *(batch for lane in lanes for batch in lane.waiting)]
            for lane in lanes:
                lane.waiting.clear()
                self._lanes.remove(lane)
        for batch in waiting:
            batch.fail(error)

    def _next(self, number: int) -> Lane | None:
        """The run that had least, once there are cores for it.

        Of idle threads the first takes it: each keeps memory for the shapes that it has computed.
        """
        if number > min(self._idle):
            return None
        first = _least_served(self._lanes)
        return first if first is not None and self._free >= self._cores_of(first.waiting[0]) else None

    def _next_small(self) -> Lane | None:
        """A small run that would wait for large ones alone."""
        busy = self._threads - len(self._idle)
        if busy < min(self._cores, MAX_WORKERS) or not all(lane.is_large for lane in self._at_work):
            return None
        return _least_served([lane for lane in self._lanes if lane.is_small])

    def _cores_of(self, batch: _Batch) -> int:
        # Of batches with decode slots one more is under way than there are cores.
        return 0 if batch.lane.lends_a_core else min(self._threads_of(batch), self._cores)

    def _threads_of(self, batch: _Batch) -> int:
        """Where others wait or compute, two batches side by side are faster than one after the other on all cores."""
        is_alone = all(lane is batch.lane for lane in (*self._lanes, *self._at_work))
        return batch.threads if is_alone else min(batch.threads, batch.lane.threads_beside_others)

    def _fill(self, group: list[_Part], first: Lane | None) -> None:
        """Take the next batch; or, where others go together with it, its longest unit that is left and those of all of
        them that are about as long."""
        if first is None:
            return
        self._served = max(self._served, first.served)
        head = first.waiting[0]
        threads = self._threads_of(head)
        group.append(self._take(_Part(head, head.left)))
        lanes = sorted(self._lanes, key=lambda lane: lane.served) if first.together is not None else []
        others = [lane.waiting[0] for lane in lanes if lane is not first and lane.together == first.together
                  and not (first.is_small and lane.is_large)]  # fmt: skip
        if others:
            own, *parts = _about_as_long(group[0], others, first.budget)
            begun = set(own.indices)
            self._put_back(head, [index for index in group[0].indices if index not in begun])
            group[0] = own
            for part in parts:
                group.append(self._take(part))  # noqa: PERF401 - see `_work`
        head.threads = threads
        longest = max(unit.cost for part in group for unit in part.units)
        for part in group:
            part.batch.lane.charge(longest * len(part.indices))

    def _take(self, part: _Part) -> _Part:
        batch, lane = part.batch, part.batch.lane
        taken = set(part.indices)
        batch.left = [index for index in batch.left if index not in taken]
        if not batch.left:
            lane.waiting.popleft()
        if not lane.waiting:
            self._lanes.remove(lane)
        return part

    def _put_back(self, batch: _Batch, rest: list[int]) -> None:
        """Of a batch that was taken whole, some units wait on."""
        batch.left = rest
        if rest:
            if not batch.lane.waiting:
                self._lanes.append(batch.lane)
            batch.lane.waiting.appendleft(batch)


def _least_served(lanes: Sequence[Lane]) -> Lane | None:
    return min(lanes, key=lambda lane: lane.served, default=None)


def _about_as_long(first: _Part, others: Sequence[_Batch], budget: int) -> list[_Part]:
    """The longest unit of the first, and as many of all that are shorter, then longer, as go with it in a batch of
    `budget` padded tokens."""
    # Of units that are equally long those of the first come first.
    pool = [(first.batch.by_length[index][0], -1, index) for index in first.indices]
    seed = min(pool)
    batches = {-1: first.batch}
    for batch in others:
        if len(pool) >= _MOST_IN_POOL:
            break
        batches[batch.by_length[0][1]] = batch
        pool += [batch.by_length[index] for index in batch.left]
    pool.sort()
    begin, longest = pool.index(seed), -seed[0]
    end, tokens = begin + 1, longest
    while end < len(pool) and _fits(longest, end + 1 - begin, tokens - pool[end][0], budget):
        tokens -= pool[end][0]
        end += 1
    while begin and _fits(-pool[begin - 1][0], end + 1 - begin, tokens - pool[begin - 1][0], budget):
        begin -= 1
        tokens -= pool[begin][0]
    indices: dict[int, list[int]] = {-1: []}
    for _, number, index in pool[begin:end]:
        indices.setdefault(number, []).append(index)
    return [_Part(batches[number], found) for number, found in indices.items()]


def _fits(longest: int, count: int, tokens: int, budget: int) -> bool:
    """What is much longer, or much shorter, would cost more in padding than a batch of its own."""
    padded = longest * count
    return padded <= budget and padded <= max(_MOST_PADDED * tokens, budget // _SMALL_PART)


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
        self._asked = self._had = 0
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

    @property
    def is_small(self) -> bool:
        """Whether all that it ever asked for is little. A GPU computes one batch at a time, whatever its size."""
        return not self._on_device and self._asked <= _SMALL_RUN * self.budget

    @property
    def is_large(self) -> bool:
        """Whether it had much."""
        return self._had > _LARGE_RUN * self.budget

    def charge(self, tokens: int) -> None:
        """It has had so many padded tokens more."""
        self.served += tokens
        self._had += tokens

    def __call__(self, run: RunBatch, batches: list[list[Unit]]) -> Iterator[Any]:
        """The outcome of each batch, in order; they begin at once."""
        self._asked += sum(unit.cost for units in batches for unit in units)
        threads = self._threads if len(batches) == 1 else self.threads_beside_others
        made = [_Batch(self, run, units, threads, copy_context()) for units in batches if units]
        self._batches.submit(self, made)
        return Begun([batch.future for batch in made])

    def computing(self) -> AbstractContextManager[None]:
        """Within, a batch of this lane computes."""
        return self.slots.computing() if self.slots else nullcontext()

    def close(self) -> None:
        """Forget what has not begun."""
        self._batches.forget(self)


_Deliver = Callable[[], object]


def _outcomes(group: list[_Part]) -> list[_Deliver]:
    """Compute; what tells those who wait."""
    begun = [part for part in group if part.batch.is_wanted()]
    together = _computed_together(begun) if len(begun) > 1 else None
    return [_computed_alone(part) for part in begun] if together is None else together


def _computed_together(group: list[_Part]) -> list[_Deliver] | None:
    """None where anything is wrong: each part is to find out by itself whether it is its own."""
    first = group[0].batch
    units = [unit for part in group for unit in part.units]
    cancellations = [part.batch.lane.cancellation for part in group]
    try:
        with runs.together(cancellations), first.lane.computing():
            outcome = run_with_threads(first.threads, first.run, units)
    except Exception:  # noqa: BLE001 - raised again where a part computes alone
        return None
    if isinstance(outcome, OutOfMemory | ModelUnusable):
        return None
    found: list[_Deliver] = []
    start = 0
    for part in group:
        found.append(partial(part.batch.finish, part.indices, outcome[start : start + len(part.indices)]))
        start += len(part.indices)
    return found


def _computed_alone(part: _Part) -> _Deliver:
    batch, units = part.batch, part.units
    try:
        batch.context.run(runs.check)
        with batch.lane.computing():
            outcome = batch.context.run(run_with_threads, batch.threads, batch.run, units)
    except BaseException as error:  # noqa: BLE001 - raised again where the outcome is taken
        return partial(batch.fail, error)
    if isinstance(outcome, OutOfMemory) and len(units) == 1:
        batch.lane.ran_out = True
    return partial(batch.finish, part.indices, outcome)


def lane_key(pipeline: object, task: object, batches_with: Hashable) -> Hashable:
    """What has to be equal where batches are computed as one: the loaded pipeline, the task, and what it says."""
    return None if batches_with is None else (id(pipeline), type(task), batches_with)
