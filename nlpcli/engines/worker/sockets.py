"""The worker's socket, on both sides, and whose process is at the other end."""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from nlpcli.engines.worker.place import IS_POSIX, address, folder, is_private

_SECRET_BYTES = 32


def connected(seconds: float) -> socket.socket | None:
    """A connection to the worker of this user; None where there is none, or somebody else's."""
    path = address()
    if not os.path.exists(path) or not is_private(folder()):  # noqa: PTH110
        return None
    try:
        if not IS_POSIX:
            return _connected_by_port(path, seconds)
        with _closed_if_it_fails(socket.socket(socket.AF_UNIX)) as connection:
            connection.settimeout(seconds)
            connection.connect(path)
            own = is_own_user(connection)
    except (OSError, ValueError):
        return None
    if not own:
        connection.close()
        return None
    return connection


def _connected_by_port(path: str, seconds: float) -> socket.socket:
    with open(path, encoding="ascii") as file:  # noqa: PTH123
        port, secret = file.read().split()
    with _closed_if_it_fails(socket.create_connection(("127.0.0.1", int(port)), seconds)) as connection:
        connection.sendall(bytes.fromhex(secret))
    return connection


@contextmanager
def _closed_if_it_fails(connection: socket.socket) -> Iterator[socket.socket]:
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def peer(connection: socket.socket) -> tuple[int, int]:
    """The user and the process at the other end of a Unix socket; -1 for what the system does not tell."""
    system: str = sys.platform
    if system == "linux":
        process, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return user, process
    if system == "darwin":
        # struct xucred of LOCAL_PEERCRED (1) at SOL_LOCAL (0): version, user, groups; LOCAL_PEERPID is 2.
        user = struct.unpack_from("2I", connection.getsockopt(0, 1, 128))[1]
        return user, struct.unpack("i", connection.getsockopt(0, 2, 4))[0]
    raise OSError("this system does not say who is at the other end")


def is_own_user(connection: socket.socket) -> bool:
    """Whether this user is at the other end."""
    return not IS_POSIX or peer(connection)[0] == os.getuid()


def listening() -> tuple[socket.socket, bytes]:
    """A socket that commands can connect to, and the secret that they send first (empty where none is needed).

    Whoever has the lease may take the place of a socket that a killed worker left.
    """
    path = address()
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108
    if IS_POSIX:
        made = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o177)
        try:
            made.bind(path)
        finally:
            os.umask(mask)
        made.listen(1024)
        return made, b""
    import secrets

    made = socket.create_server(("127.0.0.1", 0), backlog=1024)
    secret = secrets.token_bytes(_SECRET_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{made.getsockname()[1]} {secret.hex()}")
    return made, secret
