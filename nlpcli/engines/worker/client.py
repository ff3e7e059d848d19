"""A command's side of the worker: the connection, its greeting and questions. A warm call imports little more."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nlpcli import __version__
from nlpcli.engines.worker import place, sockets
from nlpcli.engines.worker.identity import environment_that_matters
from nlpcli.engines.worker.messages import (
    HEADER_BYTES,
    PROTOCOL,
    FrameError,
    Hello,
    Message,
    Planned,
    PlanRequest,
    Refused,
    Retire,
    Status,
    StatusRequest,
    ToCommand,
    Unplanned,
    Welcome,
    frame,
    length,
    reader,
)
from nlpcli.engines.worker.values import read_ext

if TYPE_CHECKING:
    pass

log = logging.getLogger(__name__)

# A worker answers a greeting at once unless it was suspended: then the command helps itself. One that is busy with many
# others is waited for longer, because if all of them helped themselves the machine would have ten times as much to do.
_GREETING_SECONDS = 2.0
_MOST_GREETING_SECONDS = 15.0
_CHUNK = 1 << 16
_read_message = reader(ToCommand, read_ext)


class Connection:
    """A connection that was greeted; closed at the end of a `with`."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._unread = bytearray()
        self._sending = threading.Lock()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def send(self, message: Message) -> None:
        """Raises OSError where the worker is gone, FrameError where the message cannot be sent."""
        content = frame(message)
        with self._sending:
            self._stream.sendall(content)

    def receive(self) -> Any:
        """The next message. Raises OSError where the worker is gone."""
        size = length(self._read(HEADER_BYTES))
        return _read_message(self._read(size))

    def _read(self, size: int) -> bytes:
        while len(self._unread) < size:
            content = self._stream.recv(max(_CHUNK, size - len(self._unread)))
            if not content:
                raise ConnectionResetError
            self._unread += content
        found = bytes(self._unread[:size])
        del self._unread[:size]
        return found

    def answer_to_greeting(self) -> Any:
        """The next message, for which a worker that is suspended is not waited for long. Raises OSError."""
        end = time.monotonic() + _MOST_GREETING_SECONDS
        while True:
            try:
                return self.receive()
            except TimeoutError:
                if time.monotonic() > end or place.is_suspended(self.process):
                    raise

    def wait_for_ever(self) -> None:
        """From now on a message may take as long as it takes."""
        self._stream.settimeout(None)

    def interrupt(self) -> None:
        """Whoever waits for a message hears that there will be none."""
        with suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """The worker hears that this is over, and so does a thread that sends."""
        self.interrupt()
        self._stream.close()

    @property
    def process(self) -> int:
        """The worker's."""
        return sockets.peer(self._stream)[1]


def connect() -> Connection | None:
    """A connection to the worker of this user, where it means the same as this command."""
    connection = _greeted()
    return connection if isinstance(connection, Connection) else None


def reason_against() -> str:
    """Why there is no connection: what the worker says, or empty where there is none."""
    answer = _greeted()
    if isinstance(answer, str):
        return answer
    answer.close()
    return ""


def _greeted() -> Connection | str:
    stream = sockets.connected(_GREETING_SECONDS)
    if stream is None:
        return ""
    connection = Connection(stream)
    try:
        connection.send(Hello(PROTOCOL, __version__, environment_that_matters(os.environ)))
        answer = connection.answer_to_greeting()
    except (OSError, FrameError, ValueError) as error:
        connection.close()
        return f"it does not answer ({type(error).__name__})"
    except BaseException:
        connection.close()
        raise
    if isinstance(answer, Welcome):
        connection.wait_for_ever()
        return connection
    connection.close()
    return answer.reason if isinstance(answer, Refused) else "it says something else"


def status() -> Status | None:
    """What the worker says of itself, whatever its version; None where there is none."""
    answer = _ask(StatusRequest())
    return answer if isinstance(answer, Status) else None


def retire() -> None:
    """Tell the worker to end when it has nothing to do."""
    _ask(Retire())


def _ask(message: Message) -> Any:
    stream = sockets.connected(_GREETING_SECONDS)
    if stream is None:
        return None
    with Connection(stream) as connection:
        try:
            connection.send(message)
            return connection.receive()
        except (OSError, FrameError, ValueError):
            return None


def worker_process() -> int | None:
    """The process of the worker, by what the system says of its socket."""
    stream = sockets.connected(_GREETING_SECONDS)
    if stream is None:
        return None
    with stream:
        return sockets.peer(stream)[1]


def plan(connection: Connection, arguments: list[str]) -> Planned | None:
    """What a command line means, as the worker reads it; None where the command has to do so itself."""
    try:
        connection.send(PlanRequest(arguments))
        answer = connection.receive()
    except (OSError, FrameError, ValueError):
        return None
    return None if isinstance(answer, Unplanned) else answer
