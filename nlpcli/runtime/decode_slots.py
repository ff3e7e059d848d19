"""Which batches compute when more are under way than there are cores for.

Autoregressive decoding is many small operations: it keeps a core busy, but two decoding batches wait for the
interpreter's lock. So only a share of the batches decodes at a time while others encode; a batch that waits for a
decode slot lends its core to the next batch.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class DecodeSlots:
    """Cores and decode slots of one run; `share` sets how many there are. First come, first served."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._free_cores = 1
        self._slots = 1
        self._decoding = 0
        self._waiting_for_core: deque[object] = deque()
        self._waiting_for_slot: deque[object] = deque()

    def share(self, cores: int) -> None:
        """Compute `cores` batches at a time, half of them decoding at most. Called before any of them starts."""
        self._free_cores = cores
        self._slots = max(1, cores // 2)

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Wait for a core, and hold it."""
        with self._changed:
            self._wait(self._waiting_for_core, self._may_compute)
            self._free_cores -= 1
        try:
            yield
        finally:
            with self._changed:
                self._free_cores += 1
                self._changed.notify_all()

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Within `computing`: lend the core until a decode slot is free, then hold both."""
        with self._changed:
            self._free_cores += 1
            try:
                self._wait(self._waiting_for_slot, self._may_decode)
            finally:
                self._free_cores -= 1
            self._decoding += 1
        try:
            yield
        finally:
            with self._changed:
                self._decoding -= 1
                self._changed.notify_all()

    def _wait(self, queue: deque[object], may_go: Callable[[], bool]) -> None:
        """Queue up until first and allowed. Leaving the queue, even by an exception, may let others go."""
        ticket = object()
        queue.append(ticket)
        try:
            self._changed.notify_all()
            self._changed.wait_for(lambda: queue[0] is ticket and may_go())
        finally:
            queue.remove(ticket)
            self._changed.notify_all()

    def _may_compute(self) -> bool:
        others_come_first = self._waiting_for_slot and self._decoding < self._slots
        return self._free_cores > 0 and not others_come_first

    def _may_decode(self) -> bool:
        # With no other use for the core, two decoding batches that wait for each other are still a little faster.
        return self._free_cores > 0 and (self._decoding < self._slots or not self._waiting_for_core)
