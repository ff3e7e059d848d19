"""`--exact`: each unit is computed by itself in one thread: the same bit for bit whatever stands beside it.

Libraries sum in another order for another number of rows or threads, and padding changes the last digit of a softmax.
A unit by itself has a shape that depends on nothing but its own length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nlpcli.engines.worker_pool import RunBatch, use_threads
from nlpcli.runtime.batching import RunBatches, Unit


def one_at_a_time(run_batches: RunBatches) -> RunBatches:
    """As `run_batches`, which is given every unit as a batch of its own."""

    def run_units(run: RunBatch, batches: list[list[Unit]]) -> Iterator[Any]:
        units = [[unit] for batch in batches for unit in batch]
        return _Regrouped(run_batches(_in_one_thread(run), units), [len(batch) for batch in batches])

    return run_units


def _in_one_thread(run: RunBatch) -> RunBatch:
    def run_alone(units: Sequence[Unit]) -> Any:
        use_threads(1)
        return run(units)

    return run_alone


class _Regrouped:
    """Outcomes of single units as those of the batches that they were; `close` forgets those that have not begun."""

    def __init__(self, outcomes: Iterator[Any], sizes: Sequence[int]) -> None:
        self._outcomes = outcomes
        self._sizes = iter(sizes)

    def __iter__(self) -> _Regrouped:
        return self

    def __next__(self) -> list[Any]:
        return [_only(next(self._outcomes)) for _ in range(next(self._sizes))]

    def close(self) -> None:
        if hasattr(self._outcomes, "close"):
            self._outcomes.close()


def _only(outcome: Any) -> Any:
    """The output of a unit that was run alone, or the error in its place."""
    return outcome[0] if isinstance(outcome, Sequence) else outcome
