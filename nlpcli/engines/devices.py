"""One run on all devices of a machine: each takes records from one queue, and they leave in their order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from typing import TypeVar

from nlpcli.records.record import Record
from nlpcli.runtime import runs
from nlpcli.runtime.arrivals import LARGEST_WINDOW, Arrivals

# What a device may have finished before those ahead of it leave.
_MOST_FINISHED = 4 * LARGEST_WINDOW

Device = TypeVar("Device")


def on_all(
    devices: Sequence[Device], source: Arrivals, run: Callable[[Device, Arrivals], Iterator[Record]]
) -> Iterator[Record]:
    """What `run` makes of the records of `source` on any of `devices`, in the order of `source`.

    `run` gives back the records that it takes, in order. What it raises on one device ends all of them.
    """
    shared = _Shared(source)
    shares = [_Share(shared) for _ in devices]

    def work(device: Device, share: _Share) -> None:
        try:
            for record in run(device, share):
                share.give(record)
        except BaseException as error:  # noqa: BLE001 - raised again where records leave
            shared.fail(error)
        shared.end(share)

    threads = [
        threading.Thread(target=copy_context().run, args=(work, device, share), name=f"nlpcli-device-{number}")
        for number, (device, share) in enumerate(zip(devices, shares, strict=True))
    ]
    for thread in threads:
        thread.start()
    try:
        yield from shared.leaving()
    finally:
        shared.fail(runs.Cancelled())
        for thread in threads:
            thread.join()


class _Shared:
    """The records that were taken, by whom, in their order."""

    def __init__(self, source: Arrivals) -> None:
        self.source = source
        self.changed = threading.Condition()
        self.error: BaseException | None = None
        self.read_error: BaseException | None = None
        self.taking = threading.Lock()
        self._order: deque[tuple[_Share, int]] = deque()
        self._working: set[_Share] = set()

    def took(self, share: _Share, records: list[Record]) -> list[Record]:
        if records:
            with self.changed:
                self._order.append((share, len(records)))
                self.changed.notify_all()
        return records

    def begin(self, share: _Share) -> None:
        self._working.add(share)

    def end(self, share: _Share) -> None:
        with self.changed:
            self._working.discard(share)
            self.changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """Nothing more is taken, and nobody waits for room."""
        with self.changed:
            self.error = self.error or error
            self.changed.notify_all()
        self.source.abandon(error)

    def leaving(self) -> Iterator[Record]:
        """The records in their order, as they are finished; then what went wrong.

        Raises whatever a device raised, once the records before are gone that are finished.
        """
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self._order or not self._working)
                if not self._order:
                    break
                share, count = self._order.popleft()
            finished = 0
            while finished < count and (record := share.next()) is not None:
                yield record
                finished += 1
            if finished < count:
                break
        if (problem := self.error or self.read_error) is not None:
            raise problem


class _Share(Arrivals):
    """What one device takes of the records of all, and what it has finished of them."""

    def __init__(self, shared: _Shared) -> None:
        super().__init__()
        self._shared = shared
        self.first_window = shared.source.first_window
        self._finished: deque[Record] = deque()
        shared.begin(self)

    def take(self, most: int) -> list[Record]:
        source = self._shared.source
        while True:
            # Whoever waits for a record must not keep those from taking who only look.
            source.look(1, 0)
            with self._shared.taking:
                if records := self._shared.took(self, source.take_what_is_there(most)):
                    return records
                if source.is_over:
                    return self._shared.took(self, self._last(most))

    def _last(self, most: int) -> list[Record]:
        """What the reader met comes behind the records before it, whoever computes them."""
        try:
            return self._shared.source.take(most)
        except BaseException as error:  # noqa: BLE001 - raised again where records leave
            self._shared.read_error = error
            return []

    def take_ahead(self, most: int) -> list[Record]:
        with self._shared.taking:
            return self._shared.took(self, self._shared.source.take_ahead(most))

    def take_what_is_there(self, most: int) -> list[Record]:
        with self._shared.taking:
            return self._shared.took(self, self._shared.source.take_what_is_there(most))

    def give(self, record: Record) -> None:
        """A record is finished; waits where too many are. Raises what ends the run."""
        shared = self._shared
        with shared.changed:
            shared.changed.wait_for(lambda: len(self._finished) < _MOST_FINISHED or shared.error)
            if shared.error is not None:
                raise shared.error
            self._finished.append(record)
            shared.changed.notify_all()

    def next(self) -> Record | None:
        """The next record that is finished; None where the run has failed before."""
        shared = self._shared
        with shared.changed:
            shared.changed.wait_for(lambda: self._finished or shared.error)
            if not self._finished:
                return None
            record = self._finished.popleft()
            shared.changed.notify_all()
            return record
