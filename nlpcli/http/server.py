"""The server's socket, and the server on the worker's loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from uvicorn import Config, Server

from nlpcli.engines.host import Host
from nlpcli.engines.worker.server import Front, Working
from nlpcli.errors import UsageError
from nlpcli.http.app import application
from nlpcli.http.metrics import Metrics
from nlpcli.http.models import Models
from nlpcli.http.options import Address, ServerOptions, checked
from nlpcli.http.runner import Runner
from nlpcli.http.service import Service
from nlpcli.signals import put_away_if_killed

_BACKLOG = 2048
# A signal leaves so much for what is under way to be answered, and then for saying that it will not be.
_SECONDS_TO_FINISH = 5.0
_SECONDS_TO_GIVE_UP = 1.0


def listening(address: Address) -> socket.socket:
    """A socket that clients can connect to; port 0 is a free one.

    Raises:
        UsageError: the address is taken, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise UsageError(
            f"--http {address.url.removeprefix('http://')}: {error.strerror}; choose another port"
        ) from error


class _Server(Server):
    """Signals are the process's own business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def front_of(options: ServerOptions) -> Front:
    """The server, whose socket is there already.

    Raises:
        UsageError: the address cannot be had, or anybody could ask.
    """
    taken = listening(checked(options).address)
    address = options.address._replace(port=taken.getsockname()[1])
    options = replace(options, address=address)
    return Front(address.url, lambda host, working, warmed: _serve(options, taken, host, working, warmed))


async def _serve(
    options: ServerOptions, taken: socket.socket, host: Host, working: Working, warmed: asyncio.Event
) -> None:
    """Answer requests until cancelled; until everything is loaded they are told to come back.

    A signal that ends the process waits for what is under way: that is answered, with 503 where it takes too long.
    """
    metrics = Metrics(host.status)
    host.on_batch = metrics.batch.observe
    runner = Runner(host, options.limits, metrics, working)
    models = Models(options.models)
    config = Config(
        application(Service(options, models, runner, metrics)),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )

    async def load() -> None:
        await warmed.wait()
        await asyncio.get_running_loop().run_in_executor(None, models.load, host)
        runner.is_ready = True

    loading = asyncio.ensure_future(load())
    server, loop = _Server(config), asyncio.get_running_loop()
    answering = asyncio.ensure_future(server.serve([taken]))

    async def finish() -> None:
        server.should_exit = True
        await asyncio.wait([answering], timeout=_SECONDS_TO_FINISH)
        runner.give_up()
        await asyncio.wait([answering], timeout=_SECONDS_TO_GIVE_UP)

    def wait_for_end() -> None:
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(finish(), loop).result(_SECONDS_TO_FINISH + 2 * _SECONDS_TO_GIVE_UP)

    try:
        with put_away_if_killed(wait_for_end):
            await loading  # what cannot be served from the beginning ends the server
            await answering
    finally:
        loading.cancel()
        answering.cancel()
