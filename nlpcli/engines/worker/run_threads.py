"""Threads for the runs of the worker: one for each that is under way, and some that wait for the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from queue import SimpleQueue
from threading import Lock, Thread

_MOST_IDLE = 4
_START_SECONDS = 10.0


class RunThreads:
    """Each run is computed in a context of its own, whichever thread it gets."""

    def __init__(self) -> None:
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._idle = 0
        self._changing = Lock()

    async def begin(self, work: Callable[[], None]) -> None:
        """Have `work` done, by a thread that is idle or by a new one.

        Raises:
            RuntimeError: the system gives no memory for one more thread.
        """
        with self._changing:
            is_new = not self._idle
            self._idle -= not is_new
        if is_new:
            thread = Thread(target=self._serve, name="nlpcli-run", daemon=True)
            try:
                # Where memory ends while a thread begins, Python waits for it for ever: not here, where all are served.
                await asyncio.wait_for(asyncio.to_thread(thread.start), _START_SECONDS)
            except TimeoutError as error:
                raise RuntimeError("a new thread does not begin") from error
        self._work.put(work)

    def _serve(self) -> None:
        while True:
            Context().run(self._work.get())
            with self._changing:
                if self._idle >= _MOST_IDLE:
                    return
                self._idle += 1
