"""The runs of requests: each in a thread of the host, so many at a time, ended where nobody waits any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nlpcli.engines.host import Host
from nlpcli.engines.job import Job, ModelSpec
from nlpcli.errors import NlpcliError
from nlpcli.http.failures import RETRY_SECONDS, Failure, ending, failure_of, mistake
from nlpcli.http.metrics import Metrics
from nlpcli.http.options import Limits
from nlpcli.records.inputs import InputSpec
from nlpcli.records.record import Origin, Record
from nlpcli.runtime import runs
from nlpcli.runtime.arrivals import Arrivals

log = logging.getLogger(__name__)

SOURCE = "input"


class Piece(NamedTuple):
    """A piece of the text that is being written for record `number`, counted from 0."""

    number: int
    text: str


class _Over(NamedTuple):
    """The run ended: `failure` says why, if not because it was done."""

    failure: Failure | None


@dataclass(slots=True)
class Outcome:
    """What a run gave: its records in order, the tokens that it took, and what there is to say about it."""

    records: list[Record] = field(default_factory=list)
    usage: runs.Usage = field(default_factory=runs.Usage)
    warnings: list[str] = field(default_factory=list)

    def note(self, message: logging.LogRecord) -> None:
        """A message of the run; each is kept once."""
        if message.levelno >= logging.WARNING and (text := message.getMessage()) not in self.warnings:
            self.warnings.append(text)


def job_of(task: str, options: Any, model: ModelSpec) -> Job:
    """A job without files."""
    return Job(task, options, InputSpec(), model)


def records_of(texts: Sequence[str]) -> list[Record]:
    """A record of each text."""
    return [Record(text, {"text": text}, Origin(SOURCE, number)) for number, text in enumerate(texts, start=1)]


def number_of(record: Record) -> int:
    """Which of them it is, counted from 0."""
    return record.origin.line - 1


class Runner:
    """Runs jobs in a host, at most `limits.running` at a time."""

    def __init__(
        self, host: Host, limits: Limits, metrics: Metrics, working: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._host = host
        self._limits = limits
        self._metrics = metrics
        self._working = working
        self._free = asyncio.Semaphore(limits.running)
        self._waiting = 0
        self._threads = ThreadPoolExecutor(limits.running, "nlpcli-http")
        metrics.waiting.set_function(lambda: self._waiting)
        self.is_ready = False
        """Whether everything is loaded that is to be there from the beginning."""
        self.has_given_up = False
        """Whether the server ends and has no more time for what is under way."""
        self._under_way: set[Callable[[], object]] = set()

    @contextmanager
    def until_given_up(self, stop: Callable[[], object]) -> Iterator[None]:
        """Within, `stop` is called where the server has no more time."""
        self._under_way.add(stop)
        try:
            yield
        finally:
            self._under_way.discard(stop)

    def give_up(self) -> None:
        """All that is under way is answered as it is, with an error."""
        self.has_given_up = True
        for stop in [*self._under_way]:
            stop()

    async def run(self, job: Job, records: list[Record]) -> Outcome:
        """All results of a job. Cancelled, it ends the run.

        Raises:
            Failure: the run could not be, or failed.
        """
        outcome = Outcome()
        loop = asyncio.get_running_loop()
        over: asyncio.Future[Failure | None] = loop.create_future()

        def finish(failure: Failure | None) -> None:
            self._leave_place()
            if not over.done():
                over.set_result(failure)

        cancellation: runs.Cancellation | None = None
        try:
            async with asyncio.timeout(self._limits.seconds):
                cancellation = await self._begin(
                    job,
                    records,
                    outcome,
                    outcome.records.append,
                    finish,
                )
                failure = await over
        except TimeoutError:
            raise self._too_slow() from None
        finally:
            if cancellation is not None:
                cancellation.cancel()
        if failure is not None:
            raise failure
        return outcome

    async def stream(self, job: Job, records: list[Record], outcome: Outcome) -> AsyncGenerator[Piece | Record, None]:
        """What is written bit by bit, and each record when it is whole; `outcome` is complete at the end. To be closed.

        Raises:
            Failure: the run could not be, or failed.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + self._limits.seconds
        events: asyncio.Queue[Piece | Record | _Over] = asyncio.Queue()

        def put(event: Piece | Record) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        def finish(failure: Failure | None) -> None:
            self._leave_place()
            events.put_nowait(_Over(failure))

        cancellation: runs.Cancellation | None = None
        try:
            # No `timeout` around what is yielded: it would be of the task that asked for the first event.
            async with asyncio.timeout_at(end):
                cancellation = await self._begin(
                    job,
                    records,
                    outcome,
                    put,
                    finish,
                    lambda record, piece: put(Piece(number_of(record), piece)),
                )
            with self.until_given_up(lambda: events.put_nowait(_Over(ending()))):
                while not isinstance(event := await asyncio.wait_for(events.get(), end - loop.time()), _Over):
                    yield event
            if event.failure is not None:
                raise event.failure
        except TimeoutError:
            raise self._too_slow() from None
        finally:
            if cancellation is not None:
                cancellation.cancel()

    async def call(self, action: Callable[[Host], Any]) -> Any:
        """What a function of the host gives, in a thread of its own.

        Raises:
            Failure: it failed.
        """
        await self._take_place()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, action, self._host)
        except NlpcliError as error:
            raise failure_of(error) from error
        finally:
            self._leave_place()

    async def _begin(
        self,
        job: Job,
        records: list[Record],
        outcome: Outcome,
        put: Callable[[Record], object],
        over: Callable[[Failure | None], object],
        on_text: Callable[[Record, str], None] | None = None,
    ) -> runs.Cancellation:
        """Run a job in a thread. `put` is given each result there, `over` in the loop how it ended: it leaves the place
        that the run has."""
        await self._take_place()
        loop = asyncio.get_running_loop()
        source = Arrivals()
        source.put(records)
        source.end()
        cancellation = runs.Cancellation()
        cancellation.on_cancel(lambda: source.abandon(runs.Cancelled()))
        working = self._working()

        def work() -> None:
            failure: Failure | None = None
            try:
                with working, runs.running(cancellation, outcome.note, outcome.usage):
                    for record in self._host.run(job, source, on_text=on_text):
                        put(record)
            except runs.Cancelled:
                failure = Failure(499, "nobody waits for it any more")
            except NlpcliError as error:
                failure = failure_of(error)
            except Exception:  # a mistake of ours ends this request, and no other
                log.exception("a request of %s", job.task)
                failure = mistake()
            finally:
                self._metrics.count_tokens(job.model.name, outcome.usage.read, outcome.usage.written)
                with suppress(RuntimeError):  # the loop is closed: the server ends
                    loop.call_soon_threadsafe(over, failure)

        self._threads.submit(work)
        return cancellation

    def _too_slow(self) -> Failure:
        return Failure(504, f"it took longer than the {self._limits.seconds:g} s that a request has here", "timeout")

    async def _take_place(self) -> None:
        """Raises Failure where too many wait already."""
        if self.has_given_up:
            raise ending()
        if not self.is_ready:
            raise Failure(503, "the server is still loading; try again in a moment", "loading", retry=RETRY_SECONDS)
        if self._free.locked() and self._waiting >= self._limits.waiting:
            raise Failure(429, "too many requests at a time; try again in a moment", "busy", retry=RETRY_SECONDS)
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        self._metrics.running.inc()

    def _leave_place(self) -> None:
        self._metrics.running.dec()
        self._free.release()
