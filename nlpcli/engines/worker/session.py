"""One run in the worker: records come in from the connection's loop, results go out to it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from nlpcli.engines.host import Host
from nlpcli.engines.job import Job
from nlpcli.engines.worker.messages import (
    Done,
    Failed,
    FrameError,
    Message,
    Note,
    Piece,
    Progress,
    Results,
    RunRequest,
    Taken,
    WireRecord,
    WireResult,
    frame,
)
from nlpcli.engines.worker.values import result_on_wire
from nlpcli.errors import NlpcliError, OutOfMemory
from nlpcli.records.inputs import InputSpec
from nlpcli.records.record import Origin, Record
from nlpcli.runtime import runs
from nlpcli.runtime.arrivals import Arrivals
from nlpcli.tasks.registry import TASKS

# So many messages wait for a command that does not read; then its run waits.
_MOST_WAITING = 4096
_PROGRESS_SECONDS = 0.05
_FOUND = -1


class _Ticket:
    """The number of a record in its run, shared with copies of the record; says when the last of them is gone."""

    __slots__ = ("_gone", "number")

    def __init__(self, number: int, gone: deque[int]) -> None:
        self.number = number
        self._gone = gone

    def __del__(self) -> None:
        self._gone.append(self.number)


@dataclass(slots=True)
class _Numbered(Record):
    """A record that knows which of its run it is."""

    ticket: _Ticket | None = None

    @property
    def number(self) -> int:
        """That of its run; `_FOUND` of one that the task has made."""
        return _FOUND if self.ticket is None else self.ticket.number


class Outbox:
    """What a run has to say, from any thread; the loop writes what has gathered, many results in one frame."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Message | WireResult] = deque()
        self._changed = threading.Condition()
        self._flushing: asyncio.Task[None] | None = None
        self._is_woken = False
        self._is_closed = False

    def put(self, message: Message | WireResult) -> None:
        """Say something; waits where too much waits already. Raises Cancelled where nobody listens any more."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < _MOST_WAITING or self._is_closed)
            if self._is_closed:
                raise runs.Cancelled
            self._waiting.append(message)
            if self._is_woken:
                return
            self._is_woken = True
        self._loop.call_soon_threadsafe(self._begin)

    def close(self) -> None:
        """Nobody listens any more."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _begin(self) -> None:
        self._flushing = self._loop.create_task(self._flush())

    async def _flush(self) -> None:
        while True:
            with self._changed:
                waiting = list(self._waiting)
                self._waiting.clear()
                self._changed.notify_all()
                if not waiting:
                    self._is_woken = False
                    return
            try:
                for message in _gathered(waiting):
                    self._writer.write(_framed(message))
                await self._writer.drain()
            except Exception as error:
                self.close()
                self._writer.close()
                if not isinstance(error, ConnectionError | RuntimeError):
                    raise


def _framed(message: Message) -> bytes:
    try:
        return frame(message)
    except FrameError as error:
        return frame(Failed("OutputError", f"a result cannot be sent ({error}); try --no-server", ""))


def _gathered(waiting: Sequence[Message | WireResult]) -> list[Message]:
    """The same, but results that follow each other in one message."""
    gathered: list[Message] = []
    for message in waiting:
        if not isinstance(message, WireResult):
            gathered.append(message)
        elif gathered and isinstance(gathered[-1], Results):
            gathered[-1].results.append(message)
        else:
            gathered.append(Results([message]))
    return gathered


class _Inbox(Arrivals):
    """Records that have come over the connection; tells when they are taken up, so that more are sent."""

    def __init__(self, on_taken: Callable[[int], None]) -> None:
        super().__init__()
        self._on_taken = on_taken
        self._count = 0

    def _taken(self, most: int) -> list[Record]:
        taken = super()._taken(most)
        if taken:
            self._count += len(taken)
            self._on_taken(self._count)
        return taken


class Session:
    """One run. All but `work`, which is a thread's, is called by the loop and returns at once."""

    def __init__(self, request: RunRequest, outbox: Outbox) -> None:
        self._request = request
        self._outbox = outbox
        self._count = 0
        self._last_progress = 0.0
        self._gone: deque[int] = deque()
        self.inbox = _Inbox(lambda count: outbox.put(Taken(count, self._gone_since())))
        self.cancellation = runs.Cancellation()
        self.cancellation.on_cancel(lambda: self.inbox.abandon(runs.Cancelled()))
        self.is_over = False

    def receive(self, records: Sequence[WireRecord]) -> None:
        """Records of the command."""
        numbered: list[Record] = [
            _Numbered(
                record.text,
                record.fields or {},
                Origin(record.source, record.line),
                None,
                record.error,
                record.file,
                _Ticket(number, self._gone),
            )
            for number, record in enumerate(records, start=self._count)
        ]
        self._count += len(records)
        self.inbox.put(numbered)

    def _gone_since(self) -> list[int]:
        """The records that the task has let go of since this was asked."""
        return [self._gone.popleft() for _ in range(len(self._gone))]

    def end(self, failed: bool) -> None:
        """There are no more records."""
        self.inbox.end(NlpcliError("the input could not be read") if failed else None)

    def refuse(self, reason: str) -> None:
        """Say that it does not run."""
        self._say(Failed(OutOfMemory.__name__, reason, ""))

    def work(self, host: Host) -> None:
        """Run it; whatever becomes of it is said."""
        usage = runs.Usage()
        with runs.running(self.cancellation, self._note, usage):
            try:
                for record in host.run(self._job(), self.inbox, self._progress, self._piece, self._request.path):
                    self._outbox.put(self._on_wire(record))
                self._say(Done(usage.records, usage.read, usage.written, usage.device, usage.dtype))
            except runs.Cancelled:
                return
            except BaseException as error:  # noqa: BLE001 - said to the command, which would wait for ever
                trace = "".join(traceback.format_exception(error))
                self._say(Failed(type(error).__name__, str(error), trace))

    def _job(self) -> Job:
        request = self._request
        options = msgspec.msgpack.decode(request.options, type=TASKS[request.task].load_module().OPTIONS)
        return Job(request.task, options, InputSpec(whole=True), request.model, request.compute)

    def _say(self, message: Message) -> None:
        # The next run may be asked for as soon as this is heard.
        self.is_over = True
        try:
            self._outbox.put(message)
        except runs.Cancelled:
            return

    def _on_wire(self, record: Record) -> WireResult:
        result = None if record.result is None else result_on_wire(record.result, self._request.spelled)
        if isinstance(record, _Numbered) and record.ticket is not None:
            return WireResult(record.number, result, record.error, record.file, None)
        found = WireRecord(record.text, *record.origin, None, None, dict(record.fields))
        return WireResult(_FOUND, result, record.error, record.file, found)

    def _note(self, record: logging.LogRecord) -> None:
        self._outbox.put(Note(record.name, record.levelno, str(record.msg), record.getMessage()))

    def _progress(self, text: str, fraction: float | None = None) -> None:
        now = time.monotonic()
        if now - self._last_progress > _PROGRESS_SECONDS or (fraction is None and "window" not in text):
            self._last_progress = now
            self._outbox.put(Progress(text, fraction))

    def _piece(self, record: Record, piece: str) -> None:
        if isinstance(record, _Numbered):
            self._outbox.put(Piece(record.number, piece))
