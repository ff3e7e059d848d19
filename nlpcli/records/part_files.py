"""A file that grows under another name beside its place and appears there whole, or not at all."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import platform
import shutil
import stat
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

from nlpcli.errors import OutputError
from nlpcli.records.durable import sync_folder
from nlpcli.signals import making, put_away_if_killed
from nlpcli.streams import OutputDescriptor, what_to_do

_PROGRAM, _SUFFIX = ".nlpcli-", ".part"
# Of a name this much is repeated in that of its part file, so that a name of the greatest length has one.
_MOST_NAME_BYTES = 150
_DAY = 86_400.0


class PartFile:
    """`stream` is what is written to; `put_in_place` makes it the file `final`; the end of the context cleans up.

    A lock on it says that a run is alive. Part files in the folder without one are of runs that were killed, and go.

    Raises:
        OSError: there can be no such file.
    """

    def __init__(self, final: Path, name: str) -> None:
        self._final = final
        self._name = name
        if final.exists() and not os.access(final, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(final))
        remove_abandoned(final.parent)
        self._end = ExitStack()
        with making():
            self._lock, self._path = _new_part(final)
            self._end.enter_context(put_away_if_killed(self._path.unlink))
        # Closing a duplicate tells what a network share refuses, and the lock holds on.
        self.stream = io.BufferedWriter(OutputDescriptor(os.dup(self._lock), name))

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self.stream.close()
            else:
                with suppress(OutputError, BrokenPipeError):
                    self.stream.close()
        finally:
            self._release()
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._end.close()

    def _release(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def put_in_place(self, durable: bool = False) -> None:
        """The file is whole: it gets its name, and the owner and the rights of the one before; also for after a power
        cut, where it is `durable`.

        Raises:
            OutputError: its last bytes cannot be written, or the folder has changed meanwhile.
        """
        self.stream.close()
        try:
            if durable:
                os.fsync(self._lock)
            if _dress(self._path, self._final):
                if os.name == "nt":
                    self._release()  # Windows renames nothing that is open
                self._path.replace(self._final)
            else:
                _pour(self._path, self._final)
            if durable:
                sync_folder(self._final.parent)
        except OSError as error:
            raise OutputError(
                f"cannot write {self._name}: {error.strerror}; {what_to_do(error)}; nothing was kept there"
            ) from error


def _new_part(final: Path) -> tuple[int, Path]:
    shown = os.fsencode(final.name)[:_MOST_NAME_BYTES].decode("utf-8", "ignore")
    while True:
        descriptor, path = tempfile.mkstemp(_SUFFIX, f".{shown}{_mark()}-", final.parent)
        _lock(descriptor)
        if os.fstat(descriptor).st_nlink or os.name == "nt":
            return descriptor, Path(path)
        os.close(descriptor)  # another run took it for abandoned before it had its lock


def _mark() -> str:
    """What tells part files of ours from others', and those of this machine from those on a share."""
    return f"{_PROGRAM}{hashlib.sha256(platform.node().encode()).hexdigest()[:4]}"


def _lock(descriptor: int) -> None:
    if os.name == "nt":
        return
    import fcntl

    with suppress(OSError):  # a file system without locks: its part files are never taken for abandoned
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def remove_abandoned(folder: Path) -> None:
    """Delete the part files in a folder of runs that were killed."""
    parts: list[Path] = []
    with suppress(OSError), os.scandir(folder) as entries:
        parts = [Path(entry.path) for entry in entries if _is_ours(entry.name) and entry.is_file(follow_symlinks=False)]
    for part in parts:
        with suppress(OSError):
            _remove_if_abandoned(part)


def _is_ours(name: str) -> bool:
    return name.startswith(".") and name.endswith(_SUFFIX) and _PROGRAM in name


def _remove_if_abandoned(part: Path) -> None:
    # A lock may not reach from one machine to another, so what another machine left has to be old.
    if _mark() not in part.name and time.time() - part.stat().st_mtime < _DAY:
        return
    if os.name == "nt":
        part.unlink()  # it deletes nothing that is open
        return
    import fcntl

    descriptor = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_uid == os.geteuid():
            part.unlink()
    finally:
        os.close(descriptor)


def _dress(part: Path, final: Path) -> bool:
    """Give `part` the owner and rights of `final`, or those of any new file; False where only `final` can have them."""
    try:
        before = final.stat()
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
        return True
    if before.st_nlink > 1:
        return False
    own = part.stat()
    if (own.st_uid, own.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.chown(part, before.st_uid, before.st_gid)
        except PermissionError:
            return False
    part.chmod(stat.S_IMODE(before.st_mode))
    _copy_attributes(final, part)
    return True


def _copy_attributes(source: Path, target: Path) -> None:
    """Access control lists and the like."""
    if not hasattr(os, "listxattr"):
        return
    with suppress(OSError):
        for name in os.listxattr(source):
            with suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name))


def _pour(part: Path, final: Path) -> None:
    """Into the file itself, which has other names or an owner that we cannot give; there is room before it changes."""
    with part.open("rb") as source, final.open("r+b") as target:
        size = part.stat().st_size
        if size and hasattr(os, "posix_fallocate"):
            os.posix_fallocate(target.fileno(), 0, size)
        shutil.copyfileobj(source, target)
        target.truncate()
