"""A run that the worker computes: records go to it in a thread, and whoever iterates receives results."""

from __future__ import annotations

import logging
import os
import select
import stat
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nlpcli import errors
from nlpcli.engines.worker.client import Connection
from nlpcli.engines.worker.messages import (
    Done,
    End,
    Failed,
    FrameError,
    Note,
    Piece,
    Progress,
    Records,
    Results,
    RunRequest,
    Taken,
    WireRecord,
    WireResult,
)
from nlpcli.engines.worker.values import field_on_wire
from nlpcli.records.record import Origin, Record
from nlpcli.runtime import runs
from nlpcli.runtime.arrivals import LARGEST_WINDOW, WINDOW_CHARACTERS, Arrivals, ReadAhead
from nlpcli.streams import STDOUT, is_open

if TYPE_CHECKING:
    from nlpcli.models.reference import ProgressCallback
    from nlpcli.tasks.base import TextCallback

log = logging.getLogger(__name__)

# Records in one frame, and how long the first frame waits for more of them: a batch of one is half as fast as of ten.
_MOST_RECORDS = 256
_SECONDS_FOR_MORE = 0.002


class WorkerLost(errors.NlpcliError):
    """The worker ended in the middle of a run."""


class RemoteError(Exception):
    """A mistake of ours, in the worker."""


class StreamWatch:
    """Calls `on_gone` when whoever read standard output went away: a write would tell, but while there is nothing to
    write the worker would go on computing."""

    def __init__(self, on_gone: Callable[[], object]) -> None:
        self.reader_is_gone = False
        mode = os.fstat(STDOUT).st_mode if hasattr(select, "poll") and is_open(STDOUT) else 0
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            threading.Thread(target=self._watch, args=(on_gone,), name="nlpcli-watch", daemon=True).start()

    def _watch(self, on_gone: Callable[[], object]) -> None:
        poll = select.poll()
        # Errors and hang-ups alone, which are told without being asked for.
        poll.register(STDOUT, 0)
        events = [event for _, event in poll.poll()]
        if any(event & (select.POLLERR | select.POLLHUP) for event in events):
            self.reader_is_gone = True
            on_gone()


class Run:
    """One run over a connection: a thread sends records, and whoever iterates receives results."""

    def __init__(
        self,
        connection: Connection,
        request: RunRequest,
        whole: bool,
        progress: ProgressCallback,
        on_text: TextCallback,
        to_standard_output: bool = False,
    ) -> None:
        """`to_standard_output`: the run ends when nobody reads that any more."""
        self._to_standard_output = to_standard_output
        self._connection = connection
        self._request = request
        self._whole = whole
        self._progress = progress
        self._on_text = on_text
        # What the worker has, and what it has let go of: without a result yet, this process could still start over.
        self._kept: dict[int, Record] = {}
        self._gone: deque[int] = deque()
        self._gone_characters = 0
        self._sizes: deque[int] = deque()
        self._in_flight = 0
        self._taken = 0
        self._changed = threading.Condition()
        self._rest: Arrivals | None = None
        self._failure: BaseException | None = None
        self._has_ended = False
        self._is_closed = False
        # Whether a result was given away, or a record forgotten: then nobody can start over.
        self.has_begun = False

    def results(self, records: Iterable[Record]) -> Iterator[Record]:
        """Every outgoing record. Raises ConnectionError where the worker is gone."""
        source = ReadAhead(records)
        watch = StreamWatch(self._connection.interrupt) if self._to_standard_output else None
        threading.Thread(target=self._send, args=(source,), name="nlpcli-send", daemon=True).start()
        while True:
            try:
                message = self._connection.receive()
            except (OSError, FrameError, ValueError) as error:
                if watch is not None and watch.reader_is_gone:
                    raise BrokenPipeError from error
                raise ConnectionResetError from error
            if isinstance(message, Results):
                self.has_begun = True
                for result in message.results:
                    yield self._record_of(result)
            elif isinstance(message, Done):
                if self._failure is not None:
                    raise self._failure
                runs.count(message.read, message.written, message.records)
                runs.say_place(self._request.model.name, message.device, message.dtype)
                return
            else:
                self._hear(message)

    def _hear(self, message: Any) -> None:
        if isinstance(message, Taken):
            with self._changed:
                if not self._taken <= message.count <= self._taken + len(self._sizes):
                    raise ConnectionResetError("more was taken than was sent")
                self._in_flight -= sum(self._sizes.popleft() for _ in range(message.count - self._taken))
                self._taken = message.count
                self._forget(message.gone)
                self._changed.notify_all()
        elif isinstance(message, Piece):
            self.has_begun = True
            self._on_text(self._sent(message.number), message.text)
        elif isinstance(message, Progress):
            self._progress(message.text, message.fraction)
        elif isinstance(message, Note):
            _repeat(message)
        elif isinstance(message, Failed):
            if self._failure is not None:
                raise self._failure
            raise _error_of(message)

    def _forget(self, gone: Iterable[int]) -> None:
        """Of what the worker has let go of keep no more than a window, and nothing once a result is there."""
        for number in gone:
            self._gone.append(number)
            self._gone_characters += len(self._sent(number).text)
        if len(self._gone) > LARGEST_WINDOW or self._gone_characters > WINDOW_CHARACTERS:
            self.has_begun = True
        while self.has_begun and self._gone:
            self._kept.pop(self._gone.popleft(), None)

    def _sent(self, number: int) -> Record:
        """The record of that number. Raises ConnectionResetError where the worker has none of it."""
        if number not in self._kept:
            raise ConnectionResetError("a word about a record that was not sent")
        return self._kept[number]

    def _record_of(self, wire: WireResult) -> Record:
        if wire.found is not None:
            found = wire.found
            origin = Origin(found.source, found.line)
            return Record(found.text, found.fields or {}, origin, wire.result, wire.error, found.file)
        record = self._sent(wire.number)
        if record.result is not None:
            record = replace(record)
        record.result, record.error = wire.result, wire.error
        record.file = record.file if wire.file is None else wire.file
        return record

    def _send(self, source: ReadAhead) -> None:
        number = 0
        try:
            self._connection.send(self._request)
            while records := self._some(source, number == 0):
                if not self._keep(number, records):
                    self._pass_on(source)
                    return
                self._wait_for_room()
                self._connection.send(Records([self._on_wire(record) for record in records]))
                number += len(records)
            self._connection.send(End(failed=False))
            self._finish(None)
        except OSError:
            self._pass_on(source)
        except FrameError:
            self._connection.interrupt()
            self._pass_on(source)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that receives
            self._finish(error)
            with suppress(OSError):
                self._connection.send(End(failed=True))

    def _finish(self, failure: BaseException | None) -> None:
        """The records have ended."""
        with self._changed:
            self._failure, self._has_ended = failure, True
            if self._rest is not None:
                self._rest.end(failure)

    def _some(self, source: ReadAhead, is_first: bool) -> list[Record]:
        records = source.take(_MOST_RECORDS)
        if is_first and records and not source.is_over:
            threading.Event().wait(_SECONDS_FOR_MORE)
            records += source.take_what_is_there(_MOST_RECORDS - len(records))
        return records

    def _keep(self, number: int, records: list[Record]) -> bool:
        """Whether the run still goes on over the connection; else the records go where the others go."""
        with self._changed:
            if self._rest is not None:
                self._rest.put(records)
                return False
            self._kept |= enumerate(records, start=number)
            sizes = [len(record.text) for record in records]
            self._sizes += sizes
            self._in_flight += sum(sizes)
            return True

    def _wait_for_room(self) -> None:
        def is_room() -> bool:
            few = len(self._sizes) <= 2 * LARGEST_WINDOW and self._in_flight <= 2 * WINDOW_CHARACTERS
            return few or len(self._sizes) <= _MOST_RECORDS or self._rest is not None or self._is_closed

        with self._changed:
            self._changed.wait_for(is_room)

    def _on_wire(self, record: Record) -> WireRecord:
        fields = {key: field_on_wire(value) for key, value in record.fields.items()} if self._whole else None
        return WireRecord(record.text, record.origin.source, record.origin.line, record.error, record.file, fields)

    def _pass_on(self, source: ReadAhead) -> None:
        """What has not been sent goes to whoever computes instead."""
        with self._changed:
            self._changed.wait_for(lambda: self._rest is not None or self._is_closed)
        if self._rest is None:
            return
        try:
            while records := source.take(_MOST_RECORDS):
                self._rest.wait_for_room()
                self._rest.put(records)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that takes
            self._rest.end(error)
        self._rest.end()

    def interrupt(self) -> None:
        """End the run: whoever iterates hears that the worker is gone."""
        self._connection.interrupt()

    def close(self) -> None:
        """Nobody asks this run for anything more: what sends its records need not wait for that."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def unanswered(self) -> Iterator[Record]:
        """The records that were kept, then all others."""
        rest = Arrivals()
        with self._changed:
            yield_first = list(self._kept.values())
            self._rest = rest
            if self._has_ended:
                rest.end(self._failure)
            self._changed.notify_all()
        yield from yield_first
        while records := rest.take(_MOST_RECORDS):
            yield from records


class _Said(logging.LogRecord):
    """A message of the worker: `msg` is what those alike have in common."""

    text = ""

    def getMessage(self) -> str:  # noqa: N802
        return self.text


def _repeat(note: Note) -> None:
    logger = logging.getLogger(note.logger)
    if logger.isEnabledFor(note.level):
        record = _Said(note.logger, note.level, "", 0, note.template, None, None)
        record.text = note.text
        logger.handle(record)


def _error_of(failed: Failed) -> Exception:
    """The error of a run in the worker as that of this process."""
    kind = getattr(errors, failed.kind, None)
    if isinstance(kind, type) and issubclass(kind, errors.NlpcliError):
        error: Exception = kind.__new__(kind)
        error.args = (failed.text,)
    else:
        error = type(failed.kind if failed.kind.isidentifier() else "Exception", (RemoteError,), {})(failed.text)
    error.add_note(f"in the worker:\n{failed.traceback}")
    return error
