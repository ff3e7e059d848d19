"""Who works when more batches are under way than there are cores for.

A batch that goes on in small operations keeps a core busy, but beside another one of its kind each waits for the
interpreter. So one at a time takes small steps while others work; a batch that has to wait for that lends its place
to the next one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Turns:
    """Places for batches to work in; `share` says how many there are.

    Everyone is served in the order of coming, for the results of the first are waited for.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._free = 1
        self._most_in_small_steps = 1
        self._in_small_steps = 0
        self._about_to_work: deque[object] = deque()
        self._about_to_step: deque[object] = deque()

    def share(self, places: int) -> None:
        """So many batches work at a time, half of them at most in small steps. Said before any works."""
        self._free = places
        self._most_in_small_steps = max(1, places // 2)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Wait for a place, and have it."""
        with self._changed:
            self._wait(self._about_to_work, self._may_work)
            self._free -= 1
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    @contextmanager
    def small_steps(self) -> Iterator[None]:
        """For a batch at work: lend the place until it is this one's turn to take small steps, and take them."""
        with self._changed:
            self._free += 1
            try:
                self._wait(self._about_to_step, self._may_step)
            finally:
                self._free -= 1
            self._in_small_steps += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_small_steps -= 1
                self._changed.notify_all()

    def _wait(self, line: deque[object], may_go: Callable[[], bool]) -> None:
        """Stand in a line until it is this one's turn. Whoever leaves it, in whatever way, may let others go."""
        ticket = object()
        line.append(ticket)
        try:
            self._changed.notify_all()
            self._changed.wait_for(lambda: line[0] is ticket and may_go())
        finally:
            line.remove(ticket)
            self._changed.notify_all()

    def _may_work(self) -> bool:
        others_come_first = self._about_to_step and self._in_small_steps < self._most_in_small_steps
        return self._free > 0 and not others_come_first

    def _may_step(self) -> bool:
        # Where nobody wants the place for anything else, two that wait for each other are still a little faster.
        return self._free > 0 and (self._in_small_steps < self._most_in_small_steps or not self._about_to_work)
