"""Where the worker's socket is, whose it is, and that there is one worker per user."""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from nlpcli.errors import NlpcliError, quoted

# What fits into the address of a Unix socket on every system, with the name of the socket behind it.
_LONGEST_FOLDER = 80
_SECRET_BYTES = 32
IS_POSIX = os.name == "posix"


class WorkerError(NlpcliError):
    """The worker cannot be had."""


def folder() -> str:
    """The private folder of the worker: of the session where the system has one, else one for this user."""
    if not IS_POSIX:
        return os.path.join(os.environ.get("LOCALAPPDATA") or os.path.expanduser("~"), "nlpcli", "worker")  # noqa: PTH111, PTH118
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    shared = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - the folder in it is private, or refused
    found = f"{runtime}/nlpcli" if runtime and os.path.isdir(runtime) else f"{shared}/nlpcli-{os.getuid()}"  # noqa: PTH112
    if len(os.fsencode(found)) > _LONGEST_FOLDER:
        # The address of a Unix socket holds some 100 bytes; this folder is private, or refused, like the others.
        found = f"/tmp/nlpcli-{os.getuid()}-{zlib.crc32(os.fsencode(found)):08x}"  # noqa: S108
    return found


def address() -> str:
    """The socket; on Windows the file that holds the port and the secret."""
    return f"{folder()}/worker.sock" if IS_POSIX else os.path.join(folder(), "worker.port")  # noqa: PTH118


def is_private(path: str) -> bool:
    """Whether a folder is this user's alone."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    if not IS_POSIX:
        return True
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def make_private_folder() -> str:
    """The folder, made where it is not there.

    Raises:
        WorkerError: it is somebody else's, or open to others.
    """
    path = folder()
    with suppress(FileExistsError):
        os.makedirs(path, 0o700)  # noqa: PTH103
    if not is_private(path):
        raise WorkerError(
            f"{quoted(path)} is not yours alone (0700): remove it, or set XDG_RUNTIME_DIR to a private folder"
        )
    return path


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


def is_suspended(process: int) -> bool:
    """Whether a process is stopped, as by Ctrl-Z; also where the system does not tell."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:  # noqa: PTH123
            # Behind the name of the program, which may hold anything.
            return file.read().rpartition(b")")[2].split()[0] in (b"T", b"t")
    except (OSError, IndexError):
        return True


def is_own_user(connection: socket.socket) -> bool:
    """Whether this user is at the other end."""
    return not IS_POSIX or peer(connection)[0] == os.getuid()


class Lease:
    """The right to be the worker of this user, held as long as the process lives."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def taken(cls) -> Lease | None:
        """None where another process has it."""
        descriptor = os.open(os.path.join(make_private_folder(), "worker.lock"), os.O_RDWR | os.O_CREAT, 0o600)  # noqa: PTH118
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            return None
        return cls(descriptor)


def _lock(descriptor: int) -> None:
    if IS_POSIX:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    import msvcrt

    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]


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
