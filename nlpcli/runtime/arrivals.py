"""Records that have arrived and wait to be computed: a bounded queue, filled by a thread that reads ahead."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextvars import copy_context

from nlpcli.records.record import Record

# The first window is small, so that the first result comes soon; later ones grow, so that sorting pays.
FIRST_WINDOW = 64
LARGEST_WINDOW = 2048
# Long documents fill a window by their size: this bounds memory, whatever a record holds.
WINDOW_CHARACTERS = 2_000_000


class Arrivals:
    """Records that have arrived and wait to be taken: put there by one thread, taken by another."""

    first_window = FIRST_WINDOW
    """How many of them are taken at first."""

    def __init__(self, most_characters: int = 2 * WINDOW_CHARACTERS) -> None:
        self._waiting: deque[Record] = deque()
        self._characters = 0
        self._most_characters = most_characters
        self._ended = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def put(self, records: Sequence[Record]) -> None:
        """Add records, however many wait already."""
        with self._changed:
            self._waiting.extend(records)
            self._characters += sum(len(record.text) for record in records)
            self._changed.notify_all()

    def end(self, error: BaseException | None = None) -> None:
        """No more will come; `error` is raised where they would be taken."""
        with self._changed:
            self._ended, self._error = True, self._error or error
            self._changed.notify_all()

    def abandon(self, error: BaseException) -> None:
        """Raise `error` at once where records are taken; those that wait are forgotten."""
        with self._changed:
            self._waiting.clear()
            self._characters = 0
        self.end(error)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come than what waits."""
        return self._ended

    def wait_for_room(self) -> None:
        """Until so few wait that more are welcome, or none are to come."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_full())

    def _is_full(self) -> bool:
        full = len(self._waiting) >= 2 * LARGEST_WINDOW or self._characters >= self._most_characters
        return full and not self._ended

    def take(self, most: int) -> list[Record]:
        """Wait for one record, then take what is there, up to `most`; an empty list is the end of the input.

        Raises:
            InputError: whatever the reader met, after the records before it were taken.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            if not self._waiting and self._error is not None:
                raise self._error
            return self._taken(most)

    def look(self, most: int, seconds: float) -> list[Record]:
        """Wait for one record, then that long for as many as `most`; they stay to be taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            self._changed.wait_for(lambda: len(self._waiting) >= most or self._is_full() or self._ended, seconds)
            return list(self._waiting)[:most]

    def take_ahead(self, most: int) -> list[Record]:
        """`most` records where as many have arrived, or all that there will be; else none. Waits for none."""
        with self._changed:
            whole = len(self._waiting) >= most or self._characters >= WINDOW_CHARACTERS
            return self._taken(most) if whole or self._ended else []

    def take_what_is_there(self, most: int) -> list[Record]:
        """Up to `most` records that have arrived; waits for none."""
        with self._changed:
            return self._taken(most)

    def _taken(self, most: int) -> list[Record]:
        taken: list[Record] = []
        size = 0
        while self._waiting and len(taken) < most and size < WINDOW_CHARACTERS:
            taken.append(self._waiting.popleft())
            size += len(taken[-1].text)
        self._characters -= size
        self._changed.notify_all()
        return taken


class ReadAhead(Arrivals):
    """Reads records in a thread of its own, so that input arrives while the model works. Bounded."""

    def __init__(self, records: Iterable[Record], most_characters: int = 2 * WINDOW_CHARACTERS) -> None:
        super().__init__(most_characters)
        reading = copy_context()
        threading.Thread(target=lambda: reading.run(self._read, iter(records)), daemon=True).start()

    def _read(self, records: Iterator[Record]) -> None:
        try:
            for record in records:
                self.wait_for_room()
                self.put([record])
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that takes
            self.end(error)
        self.end()
