"""One batch of a decoder for all who write with it at a time; whoever waits for a token computes it for all."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable

from nlpcli.pipelines.generation.continuous import ContinuousBatch, Ending, Event, Request
from nlpcli.runtime import runs


class _Open:
    """A batch and those that share it. All but the batch's own steps happens under `changed`."""

    def __init__(self, batch: ContinuousBatch) -> None:
        self.batch = batch
        self.shares: list[Share] = []
        self.leaving: list[Share] = []
        self.arriving: list[Request] = []
        self.changed = threading.Condition()
        self.is_stepping = False


class SharedBatches:
    """The batches of one model that are in use, by what has to be equal in one."""

    def __init__(self) -> None:
        self._open: dict[Hashable, _Open] = {}
        self._changing = threading.Lock()

    def join(self, key: Hashable, make: Callable[[], ContinuousBatch]) -> Share:
        """A share of the batch of that key, which `make` makes where nobody uses one. To be closed."""
        with self._changing:
            opened = self._open.get(key)
            if opened is None:
                opened = self._open[key] = _Open(make())
            share = Share(opened, lambda: self._leave(key, share))
            with opened.changed:
                opened.shares.append(share)
        return share

    def _leave(self, key: Hashable, share: Share) -> None:
        with self._changing:
            opened = self._open[key]
            with opened.changed:
                opened.shares.remove(share)
                opened.arriving = [request for request in opened.arriving if request.share is not share]
                opened.leaving.append(share)
                if not opened.shares:
                    del self._open[key]


class Share:
    """What one run has of a batch: as a `ContinuousBatch` of its own, but its rows stand beside those of others."""

    def __init__(self, opened: _Open, leave: Callable[[], None]) -> None:
        self._opened = opened
        self._leave: Callable[[], None] | None = leave
        self._events: deque[Event] = deque()
        self._unfinished = 0
        self.cancellation = runs.cancellation()

    @property
    def room(self) -> int:
        """How many more prompts it could use now: its part of the rows, and always one."""
        opened = self._opened
        with opened.changed:
            part = -(-opened.batch.most_rows // len(opened.shares))
            free = min(opened.batch.room - len(opened.arriving), part - self._unfinished)
            return max(free, 0 if self._unfinished else 1)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return self._unfinished == 0

    def submit(self, requests: Iterable[Request]) -> None:
        """As `ContinuousBatch.submit`."""
        submitted = list(requests)
        for request in submitted:
            request.share = self
        with self._opened.changed:
            self._opened.arriving += submitted
            self._unfinished += len(submitted)

    def advance(self) -> list[Event]:
        """What became of each row since the last call; waits until there is something.

        Raises what the model fails with where it fails at everything; where it fails at one prompt, an event says so.
        """
        runs.check()
        opened = self._opened
        while self._unfinished:
            with opened.changed:
                opened.changed.wait_for(lambda: self._events or not opened.is_stepping)
                if self._events:
                    return self._taken()
                opened.is_stepping = True
                for share in opened.leaving:
                    opened.batch.forget(share)
                opened.leaving.clear()
                opened.batch.submit(opened.arriving)
                opened.arriving = []
                cancellations = [share.cancellation for share in opened.shares]
            self._step(cancellations)
        return []

    def _step(self, cancellations: list[runs.Cancellation | None]) -> None:
        events: list[Event] = []
        try:
            with runs.together(cancellations):
                events = self._opened.batch.advance()
        finally:
            with self._opened.changed:
                for event in events:
                    owner = event.request.share
                    if isinstance(owner, Share):
                        owner._events.append(event)
                self._opened.is_stepping = False
                self._opened.changed.notify_all()

    def _taken(self) -> list[Event]:
        events = list(self._events)
        self._events.clear()
        broken = next((event.error for event in events if event.ending is Ending.BROKEN), None)
        if broken is not None:
            raise broken
        self._unfinished -= sum(event.ending is not None for event in events)
        return events

    def close(self) -> None:
        """Leave the batch; rows of this share that are not finished go."""
        if self._leave is not None:
            self._leave()
            self._leave = None
