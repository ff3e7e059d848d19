"""Who works when more batches are under way than there are cores for.

A batch that goes on in small operations keeps a core busy, but beside another one of its kind each waits for the
interpreter. So one at a time takes small steps while others work; a batch that has to wait for that lends its place
to the next one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Places for batches to work in; `share` says how many there are."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._free = 1
        self._most_in_small_steps = 1
        self._in_small_steps = 0
        self._about_to_work = 0
        # In the order in which they came: the results of the first are waited for.
        self._about_to_step: deque[object] = deque()

    def share(self, places: int) -> None:
        """So many batches work at a time, half of them at most in small steps. Said before any works."""
        self._free = places
        self._most_in_small_steps = max(1, places // 2)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Wait for a place, and have it."""
        with self._changed:
            self._about_to_work += 1
            self._changed.notify_all()
            self._changed.wait_for(self._may_work)
            self._about_to_work -= 1
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
            ticket = object()
            self._about_to_step.append(ticket)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._may_step(ticket))
            self._about_to_step.popleft()
            self._free -= 1
            self._in_small_steps += 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._in_small_steps -= 1
                self._changed.notify_all()

    def _may_work(self) -> bool:
        others_come_first = self._about_to_step and self._in_small_steps < self._most_in_small_steps
        return self._free > 0 and not others_come_first

    def _may_step(self, ticket: object) -> bool:
        # Where nobody wants the place for anything else, two that wait for each other are still a little faster.
        allowed = self._in_small_steps < self._most_in_small_steps or not self._about_to_work
        return self._free > 0 and allowed and self._about_to_step[0] is ticket
