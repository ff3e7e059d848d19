"""The worker: one loop for all connections, a thread for each run, one host of models for all runs."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from nlpcli import __version__
from nlpcli.engines.host import Host, trim_memory
from nlpcli.engines.job import Job
from nlpcli.engines.worker import place, sockets
from nlpcli.engines.worker.identity import code_stamp, difference, environment_that_matters
from nlpcli.engines.worker.messages import (
    HEADER_BYTES,
    PROTOCOL,
    End,
    FrameError,
    Hello,
    Message,
    Planned,
    PlanRequest,
    Records,
    Refused,
    Retire,
    RunRequest,
    Status,
    StatusRequest,
    ToWorker,
    Unplanned,
    Welcome,
    frame,
    length,
    reader,
)
from nlpcli.engines.worker.run_threads import RunThreads
from nlpcli.engines.worker.session import Outbox, Session
from nlpcli.engines.worker.values import read_ext
from nlpcli.models.catalog import catalog
from nlpcli.models.catalog_file import user_file
from nlpcli.runtime import runs
from nlpcli.signals import put_away_if_killed

log = logging.getLogger(__name__)

Planner = Callable[[list[str]], Planned | None]
Working = Callable[[], AbstractContextManager[None]]
# Runs at a time; those that come then wait for their turn, and their commands send no more than fills the socket.
_MOST_RUNS = 256
_GREETING_SECONDS = 10.0
_ENDS_OF_A_CONNECTION = (ConnectionError, asyncio.IncompleteReadError, FrameError, TimeoutError)
_TICK_SECONDS = 0.25
_SWITCH_SECONDS = 0.0005
_STAMP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Front:
    """Another door to the host, such as HTTP, and its `address`.

    `serve` answers until it is cancelled; what it does counts as work within its second argument, and the third is set
    once everything is loaded that is to be there from the beginning.
    """

    address: str
    serve: Callable[[Host, Working, asyncio.Event], Coroutine[Any, Any, None]]


class Worker:
    """Serves the commands of one user until it has had nothing to do for `keep_alive` seconds (0: for ever).

    One with a `front` serves others too, and is not ended for a command that means something else.
    """

    def __init__(
        self, host: Host, planner: Planner, keep_alive: float, memory: int, front: Front | None = None
    ) -> None:
        self._front = front
        self._others = 0
        self._warmed = asyncio.Event()
        self._host = host
        self._planner = planner
        self._keep_alive = keep_alive
        self._memory = memory
        self._environment = environment_that_matters(os.environ)
        self._read_message = reader(ToWorker, read_ext)
        self._began = self._last_work = time.monotonic()
        self._running: set[Session] = set()
        self._requests = 0
        self._code, self._code_seen = code_stamp(), time.monotonic()
        self._catalog = _stamp_of_catalog()
        self._is_retired = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._counting = threading.Lock()

    async def serve(self, listening: socket.socket, secret: bytes, warm_up: Job | None) -> None:
        """Until it is over."""
        self._free = asyncio.Semaphore(_MOST_RUNS)
        self._threads = RunThreads()
        # What is imported now is not waited for by the first run.
        warming = asyncio.get_running_loop().run_in_executor(None, self._warm_up, warm_up)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            try:
                with suppress(*_ENDS_OF_A_CONNECTION):
                    if await _may_speak(reader, writer, secret):
                        await self._serve(reader, writer)
            finally:
                writer.close()

        if place.IS_POSIX:
            server = await asyncio.start_unix_server(serve, sock=listening)
        else:
            server = await asyncio.start_server(serve, sock=listening)
        async with server:
            front = None
            if self._front is not None:
                front = asyncio.ensure_future(self._front.serve(self._host, self.working, self._warmed))
            await warming
            self._warmed.set()
            self._last_work = time.monotonic()
            trimmed = True
            while not self._is_over():
                await asyncio.sleep(_TICK_SECONDS)
                if front is not None and front.done():
                    await front  # what became of it is said
                if self._running or self._others:
                    trimmed = False
                elif not trimmed:
                    trimmed = True
                    await asyncio.get_running_loop().run_in_executor(None, trim_memory)

    def _warm_up(self, job: Job | None) -> None:
        try:
            _ = self._host.hardware
            if job is not None:
                self._host.load(job)
        except Exception:  # whoever asks for this model hears what is wrong with it
            log.exception("warming up")

    def _is_over(self) -> bool:
        idle = time.monotonic() - self._last_work
        is_retired = self._is_retired and self._front is None
        return not self._running and not self._others and (is_retired or 0 < self._keep_alive <= idle)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Within, there is something to do."""
        with self._counting:
            self._others += 1
        try:
            yield
        finally:
            with self._counting:
                self._others -= 1
            self._last_work = time.monotonic()

    async def _read(self, reader: asyncio.StreamReader) -> Any:
        size = length(await reader.readexactly(HEADER_BYTES))
        return self._read_message(await reader.readexactly(size))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_GREETING_SECONDS):
            first = await self._read(reader)
        if isinstance(first, StatusRequest | Retire):
            # What else serves others does not give way to a command.
            self._is_retired = self._is_retired or (isinstance(first, Retire) and self._front is None)
            await _write(writer, self.status())
            return
        reason = self._reason_against(first) if isinstance(first, Hello) else "no greeting"
        await _write(writer, Refused(reason) if reason else Welcome(os.getpid()))
        if not reason:
            await self._converse(reader, writer)

    def _reason_against(self, hello: Hello) -> str:
        if hello.protocol != PROTOCOL or hello.version != __version__:
            return f"it is nlpcli {__version__}, not {hello.version}"
        if self._is_retired:
            return "it is about to end"
        if name := difference(self._environment, hello.environment):
            return f"it was started with another {name}"
        now = time.monotonic()
        if now - self._code_seen > _STAMP_SECONDS:
            self._code_seen = now
            if code_stamp() != self._code:
                self._is_retired = True
                return "nlpcli has changed since"
        if (stamp := _stamp_of_catalog()) != self._catalog:
            self._catalog = stamp
            catalog.cache_clear()
        return ""

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        outbox = Outbox(writer)
        session: Session | None = None
        try:
            while True:
                message = await self._read(reader)
                if isinstance(message, PlanRequest):
                    found = await asyncio.get_running_loop().run_in_executor(None, self._planner, message.arguments)
                    await _write(writer, found or Unplanned())
                elif isinstance(message, RunRequest) and (session is None or session.is_over):
                    session = Session(message, outbox)
                    await self._begin(session)
                elif isinstance(message, Records) and session is not None:
                    session.receive(message.records)
                elif isinstance(message, End) and session is not None:
                    session.end(message.failed)
                else:
                    raise FrameError(f"{type(message).__name__} out of place")
        finally:
            outbox.close()
            if session is not None:
                session.cancellation.cancel()

    async def _begin(self, session: Session) -> None:
        await self._free.acquire()
        self._running.add(session)
        self._requests += 1
        loop = asyncio.get_running_loop()

        def over() -> None:
            self._running.discard(session)
            self._last_work = time.monotonic()
            self._free.release()

        def work() -> None:
            try:
                session.work(self._host)
            finally:
                loop.call_soon_threadsafe(over)

        try:
            await self._threads.begin(work)
        except RuntimeError as error:  # the system gives no memory for one more
            over()
            session.refuse(f"the worker has no room for one more run ({error}); try again later, or --no-server")
        except asyncio.CancelledError:
            over()
            raise

    def status(self) -> Status:
        """What there is to say of it."""
        import psutil

        return Status(
            os.getpid(),
            __version__,
            time.monotonic() - self._began,
            self._keep_alive,
            self._requests,
            len(self._running) + self._others,
            self._memory,
            psutil.Process().memory_info().rss,
            [tuple(model) for model in self._host.status()],  # type: ignore[misc]
            self._front.address if self._front else "",
        )


async def _may_speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: bytes) -> bool:
    """Whether it is the user who speaks."""
    if secret:
        async with asyncio.timeout(_GREETING_SECONDS):
            return hmac.compare_digest(await reader.readexactly(len(secret)), secret)
    connection = writer.get_extra_info("socket")
    return sockets.is_own_user(connection)


async def _write(writer: asyncio.StreamWriter, message: Message) -> None:
    writer.write(frame(message))
    await writer.drain()


def _printer() -> logging.Handler:
    """Prints mistakes of ours, of which those who ask learn nothing."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.ERROR)
    return handler


def _stamp_of_catalog() -> tuple[int, int] | None:
    try:
        status = user_file().stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def serve(
    planner: Planner,
    keep_alive: float,
    memory: int,
    warm_up: Job | None,
    ready: Callable[[], None],
    front: Front | None = None,
) -> bool:
    """Be the worker; False where there is one already. `ready` is called once commands can connect.

    Raises:
        WorkerError: there is no private place for the socket.
    """
    lease = place.Lease.taken()
    if lease is None:
        return False
    listening, secret = sockets.listening()
    logging.getLogger("nlpcli").handlers = [runs.RunHandler(_printer() if front else None)]
    logging.getLogger("nlpcli").setLevel(logging.INFO)
    logging.getLogger("nlpcli").propagate = False
    # Of the many threads of runs each may keep the interpreter for so long, and the loop waits for its turn among them.
    sys.setswitchinterval(_SWITCH_SECONDS)
    worker = Worker(Host(memory), planner, keep_alive, memory, front)
    # Every command would look for a worker behind a socket that is left.
    with put_away_if_killed(_remove_socket):
        ready()
        try:
            asyncio.run(worker.serve(listening, secret, warm_up))
        finally:
            _remove_socket()
    return True


def _remove_socket() -> None:
    with suppress(OSError):
        os.unlink(place.address())  # noqa: PTH108
