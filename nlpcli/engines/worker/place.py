"""Where the worker's socket is, and that there is one worker per user; light, because every command looks there."""

from __future__ import annotations

import os
import stat
import zlib
from contextlib import suppress

from nlpcli.errors import NlpcliError, quoted

# What fits into the address of a Unix socket on every system, with the name of the socket behind it.
_LONGEST_FOLDER = 80
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


def is_suspended(process: int) -> bool:
    """Whether a process is stopped, as by Ctrl-Z; also where the system does not tell."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:  # noqa: PTH123
            # Behind the name of the program, which may hold anything.
            return file.read().rpartition(b")")[2].split()[0] in (b"T", b"t")
    except (OSError, IndexError):
        return True


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
