"""How long something takes, whatever else the machine does meanwhile: CPU seconds of this process, and the least of
several times, because other processes take away caches and none gives them back."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def takes_less_than(seconds: float, work: Callable[[], object], times: int = 3) -> bool:
    """Whether `work` does once, of so many times at most."""
    return any(cpu_seconds(work) < seconds for _ in range(times))


def grows_as_its_size(work: Callable[[int], object], size: int, quick: float = 0.1) -> bool:
    """Whether work of four times the size takes less than eight times as long, where sixteen is quadratic.

    What takes less than `quick` at that size needs no comparison.
    """
    smaller = larger = float("inf")
    for _ in range(3):
        larger = min(larger, cpu_seconds(lambda: work(4 * size)))
        if larger < quick:
            return True
        smaller = min(smaller, cpu_seconds(lambda: work(size)))
        if larger < 8 * smaller:
            return True
    return False


def cpu_seconds(work: Callable[[], object]) -> float:
    """Without looking for garbage, which takes as long as all that the tests before left behind is large."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        started = time.process_time()
        work()
        return time.process_time() - started
    finally:
        if was_on:
            gc.enable()
