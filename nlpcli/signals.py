"""How a signal ends the process: at once, with what is half-made put away, and with the status that shells expect."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from nlpcli.errors import NlpcliError

# Those of them that this system has.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGXCPU", "SIGBREAK")
# A program that forwards Ctrl-C sends it a second time at once; a person who means it needs longer.
_SECONDS_UNTIL_SERIOUS = 0.5
# A folder on a share that hangs keeps nobody here.
_SECONDS_TO_MAKE = 1.0

_to_put_away: dict[object, Callable[[], object]] = {}
_leaving = threading.Event()
_first: list[float] = []
_making = threading.RLock()


@contextmanager
def put_away_if_killed(action: Callable[[], object]) -> Iterator[None]:
    """Within, `action` runs in another thread where a signal ends the process: it deletes what is half-made."""
    key = object()
    _to_put_away[key] = action
    try:
        yield
    finally:
        # Whoever fails because of a signal leaves what is to be done to it: the file that it was writing has gone.
        if not _leaving.is_set():
            _to_put_away.pop(key, None)


@contextmanager
def making() -> Iterator[None]:
    """Within, something is made, and `put_away_if_killed` told of it: no signal ends the process in between."""
    with _making:
        yield


def wait_if_leaving() -> None:
    """Where a signal is ending the process, wait for that: what failed meanwhile failed because of it."""
    if _leaving.is_set():
        threading.Event().wait()


def leave_when_signaled() -> None:
    """Signals that end a process do it whatever the main thread is doing.

    An exception in the main thread would wait for the end of an import or of a matrix product, and can get lost there.
    So a thread of its own hears of the signal. What the caller has ignored, as `nohup` does and a shell for what
    runs in the background, stays ignored.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def heard(number: int, frame: object) -> None:  # noqa: ARG001
        now = time.monotonic()
        _first.append(now)
        if now - _first[0] > _SECONDS_UNTIL_SERIOUS:
            os._exit(status_of(number))
        with suppress(BlockingIOError):
            os.write(writing, bytes([number]))

    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, heard)
    if os.name == "posix":
        # Python's own handlers wait for the main thread; this write does not.
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=lambda: _leave(os.read(reading, 1)[0]), name="nlpcli-signals", daemon=True).start()


def status_of(number: int) -> int:
    """130 for Ctrl-C, 143 for SIGTERM: what a shell says of a program that a signal ended."""
    return 128 + number


def _leave(number: int) -> None:
    _leaving.set()
    try:
        # What is saved at the end may wait for a thread that is about to make something.
        _put_away()
        _making.acquire(timeout=_SECONDS_TO_MAKE)
        _put_away()
    finally:
        os._exit(status_of(number))


def _put_away() -> None:
    """The last that was made goes first."""
    while _to_put_away:
        # Another thread may be done with it in between.
        with suppress(KeyError, OSError, RuntimeError, NlpcliError):
            _to_put_away.popitem()[1]()
