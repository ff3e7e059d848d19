"""What belongs to one run where a process has many: whether it was cancelled, who waits for
it, where its messages go, what it used."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nlpcli.records.record import Record


def no_text(record: Record, piece: str) -> None:
    """Nobody listens to pieces of texts: results are taken when they are whole."""


class Cancelled(Exception):
    """Nobody waits for this run any more."""


class Cancellation:
    """Whether a run was cancelled; what must happen then is told by `on_cancel`."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._actions: list[Callable[[], object]] = []
        self._changing = threading.Lock()

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def on_cancel(self, action: Callable[[], object]) -> None:
        """Call `action` when the run is cancelled; at once where it is already."""
        with self._changing:
            if not self.is_cancelled:
                self._actions.append(action)
                return
        action()

    def cancel(self) -> None:
        """From any thread, any number of times."""
        with self._changing:
            self._cancelled.set()
            actions, self._actions = self._actions, []
        for action in actions:
            action()


class _Joint:
    """Several runs whose work is done together: cancelled when all of them are."""

    def __init__(self, cancellations: Sequence[Cancellation | None]) -> None:
        self._cancellations = cancellations

    @property
    def is_cancelled(self) -> bool:
        return all(one is not None and one.is_cancelled for one in self._cancellations)


@dataclass(slots=True)
class Usage:
    """The records that a run has computed, the tokens that it has read and written, and where it does so."""

    read: int = 0
    written: int = 0
    records: int = 0
    model: str = ""
    device: str = ""
    dtype: str = ""


# The shards of a job are computed side by side.
_counting = threading.Lock()
_cancellation: ContextVar[Cancellation | _Joint | None] = ContextVar("cancellation", default=None)
_listener: ContextVar[Callable[[logging.LogRecord], object] | None] = ContextVar("listener", default=None)
_usage: ContextVar[Usage | None] = ContextVar("usage", default=None)
_progress: ContextVar[Callable[[str], object] | None] = ContextVar("progress", default=None)


def cancellation() -> Cancellation | None:
    """That of the run which this thread works for; None where nothing can cancel it."""
    current = _cancellation.get()
    return current if isinstance(current, Cancellation) else None


def check() -> None:
    """Raises Cancelled where nobody waits for what this thread computes."""
    current = _cancellation.get()
    if current is not None and current.is_cancelled:
        raise Cancelled


def count(read: int = 0, written: int = 0, records: int = 0) -> None:
    """Tokens and records of the run that this thread works for."""
    usage = _usage.get()
    if usage is not None:
        with _counting:
            usage.read += read
            usage.written += written
            usage.records += records


def say_place(model: str, device: str, dtype: str) -> None:
    """Where the run is computed that this thread works for."""
    usage = _usage.get()
    if usage is not None:
        usage.model, usage.device, usage.dtype = model, device, dtype


def tell(text: str, fraction: float | None = None) -> None:  # noqa: ARG001 - of a download
    """Say what takes long to who waits for this thread's run, if anybody does."""
    progress = _progress.get()
    if progress is not None:
        progress(text)


@contextmanager
def telling(progress: Callable[[str], object]) -> Iterator[None]:
    """Within, `progress` is told what takes long."""
    token = _progress.set(progress)
    try:
        yield
    finally:
        _progress.reset(token)


@contextmanager
def running(
    cancellation: Cancellation, listener: Callable[[logging.LogRecord], object], usage: Usage | None = None
) -> Iterator[None]:
    """Within, this thread works for one run; `listener` is given its messages, and `usage` counts its tokens."""
    tokens = _cancellation.set(cancellation), _listener.set(listener), _usage.set(usage)
    try:
        yield
    finally:
        _cancellation.reset(tokens[0])
        _listener.reset(tokens[1])
        _usage.reset(tokens[2])


@contextmanager
def counted(usage: Usage) -> Iterator[None]:
    """Within, `usage` counts what this thread computes."""
    token = _usage.set(usage)
    try:
        yield
    finally:
        _usage.reset(token)


@contextmanager
def together(cancellations: Sequence[Cancellation | None]) -> Iterator[None]:
    """Within, this thread works for several runs at a time."""
    token = _cancellation.set(_Joint(cancellations))
    try:
        yield
    finally:
        _cancellation.reset(token)


@contextmanager
def listening(listener: Callable[[logging.LogRecord], object]) -> Iterator[None]:
    """Within, `listener` is given the messages of this thread too."""
    before = _listener.get()

    def both(record: logging.LogRecord) -> None:
        listener(record)
        if before is not None:
            before(record)

    token = _listener.set(both)
    try:
        yield
    finally:
        _listener.reset(token)


class RunHandler(logging.Handler):
    """Gives each message to the run that it is of; one that is of no run goes to `otherwise`."""

    def __init__(self, otherwise: logging.Handler | None = None) -> None:
        super().__init__()
        self._otherwise = otherwise

    def emit(self, record: logging.LogRecord) -> None:
        listener = _listener.get()
        if listener is not None:
            listener(record)
        elif self._otherwise is not None and record.levelno >= self._otherwise.level:
            self._otherwise.handle(record)


def repeat(record: logging.LogRecord) -> None:
    """Log a message again, for another run."""
    logger = logging.getLogger(record.name)
    if logger.isEnabledFor(record.levelno):
        logger.handle(record)


def check_in_modules() -> None:
    """Every module of torch checks from now on, before it computes: a run that was cancelled ends within one."""
    from torch.nn.modules.module import register_module_forward_pre_hook

    register_module_forward_pre_hook(lambda module, inputs: check())  # noqa: ARG005
