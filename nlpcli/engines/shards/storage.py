"""How the files of a job are kept: in a folder of this machine, synced and renamed; or in a bucket, whole objects."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Protocol

from nlpcli.errors import InputBroken, NlpcliError, OutputError, quoted
from nlpcli.records.durable import DurableLog, create_durably, remove_aside, write_durably
from nlpcli.records.remote.address import Address, Place
from nlpcli.records.remote.protocol import Facts, Store
from nlpcli.records.remote.stores import store_of
from nlpcli.streams import cannot_write

_LOG = ".jsonl"
# A log of a bucket is written anew with each line, and a new one begun after so many.
_LINES = 64
_AT_A_TIME = 16


class JobBusy(NlpcliError):
    """Another run is at work on the job."""


class Log(Protocol):
    """Lines that are kept once `append` returns; one process writes a log."""

    def append(self, line: bytes) -> None:
        """Raises OutputError where it cannot be written."""

    def close(self) -> None:
        """End it."""


class Storage(Protocol):
    """Files by name. What is written raises OutputError, what is read InputError."""

    def make(self) -> None:
        """Make room for files."""

    def read(self, name: str) -> bytes | None:
        """A file; None where there is none."""

    def read_all(self, names: Iterable[str]) -> Iterator[bytes]:
        """Files in order, those left out that are gone."""

    def names(self) -> list[str]:
        """Those of all files, sorted."""

    def create(self, name: str, data: bytes) -> bool:
        """Make a file that appears whole; False where there is one, which stays."""

    def write(self, name: str, data: bytes) -> None:
        """Replace a file, whole or not at all."""

    def log(self, name: str) -> Log:
        """A log that begins with its first line."""

    def delete(self, names: Sequence[str]) -> None:
        """Delete files."""

    def remove_leftovers(self) -> None:
        """Delete what killed processes were writing."""

    def locked(self, name: str, output: str, shared: bool) -> AbstractContextManager[None]:
        """Within, no other process is in a lock of that name, where there are locks. Raises JobBusy."""

    def size(self) -> int:
        """Bytes that all files take."""

    def remove(self, first: str) -> None:
        """Delete all files, that one first."""


def storage_of(path: Place) -> Storage:
    """How the files of a job are kept at `path`."""
    return BucketStorage(path) if isinstance(path, Address) else FolderStorage(path)


class FolderStorage:
    """A folder of this machine, or of a file system that it shares."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def make(self) -> None:
        try:
            self._path.mkdir(exist_ok=True)
        except FileNotFoundError as error:
            missing = quoted(self._path.parent)
            raise OutputError(f"there is no folder {missing}; make it, or choose another place with -o") from error
        except OSError as error:
            raise cannot_write(quoted(self._path), error) from error

    def read(self, name: str) -> bytes | None:
        try:
            return _read(self._path / name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputBroken(f"cannot read {quoted(self._path)}: {error.strerror}; check its permissions") from error

    def read_all(self, names: Iterable[str]) -> Iterator[bytes]:
        for name in names:
            with suppress(InputBroken):  # what cannot be read says nothing
                if (data := self.read(name)) is not None:
                    yield data

    def names(self) -> list[str]:
        return sorted(path.name for path in self._path.iterdir()) if self._path.is_dir() else []

    def create(self, name: str, data: bytes) -> bool:
        return create_durably(self._path / name, data)

    def write(self, name: str, data: bytes) -> None:
        write_durably(self._path / name, data)

    def log(self, name: str) -> Log:
        return DurableLog(self._path / f"{name}{_LOG}")

    def delete(self, names: Sequence[str]) -> None:
        for name in names:
            with suppress(OSError):
                (self._path / name).unlink()

    def remove_leftovers(self) -> None:
        remove_aside(self._path)

    @contextmanager
    def locked(self, name: str, output: str, shared: bool) -> Iterator[None]:
        if os.name == "nt":
            yield
            return
        import fcntl

        self._refuse_link()
        try:
            # Never through a link: in a folder that others write to, it would make a file anywhere.
            descriptor = os.open(self._path / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        except OSError as error:
            raise cannot_write(quoted(self._path / name), error) from error
        try:
            try:
                fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                raise JobBusy(f"another run is at work on {output}; wait for it, or end it first") from None
            except OSError:
                pass  # a file system without locks: two runs write the same parts, one of them in vain
            yield
        finally:
            os.close(descriptor)

    def size(self) -> int:
        return sum((self._path / name).lstat().st_size for name in self.names())

    def remove(self, first: str) -> None:
        self._refuse_link()
        try:
            (self._path / first).unlink(missing_ok=True)
            shutil.rmtree(self._path)
        except OSError as error:
            raise OutputError(f"cannot delete {quoted(self._path)}: {error.strerror}; check its permissions") from error

    def _refuse_link(self) -> None:
        if self._path.is_symlink():
            raise OutputError(
                f"{quoted(self._path)} is a link, and what is kept of a job is no link's; delete the link, or move the"
                " folder there"
            )


def _read(path: Path) -> bytes:
    """The bytes of a regular file. Raises OSError, and waits for no pipe that somebody has put there."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no file", os.fspath(path))
        return stream.read()


class BucketStorage:
    """Objects below an address: each is put whole or not at all. There are no locks: of two runs one works in vain."""

    def __init__(self, address: Address) -> None:
        self._address = address

    @property
    def _store(self) -> Store:
        return store_of(self._address)

    def make(self) -> None:
        self._store.check_writable(self._address / "x")

    def read(self, name: str) -> bytes | None:
        facts = self._store.facts(self._address / name)
        return None if facts is None else self._read(facts)

    def _read(self, facts: Facts) -> bytes:
        return self._store.read(facts, 0, facts.size) if facts.size else b""

    def read_all(self, names: Iterable[str]) -> Iterator[bytes]:
        with ThreadPoolExecutor(_AT_A_TIME, "nlpcli-logs") as pool:
            yield from (data for data in pool.map(self.read, names) if data is not None)

    def _facts(self) -> list[Facts]:
        return self._store.files(self._address)

    def names(self) -> list[str]:
        return sorted(facts.address.name for facts in self._facts())

    def create(self, name: str, data: bytes) -> bool:
        return self._store.put(self._address / name, data, new=True)

    def write(self, name: str, data: bytes) -> None:
        self._store.put(self._address / name, data)

    def log(self, name: str) -> Log:
        return BucketLog(self, name)

    def delete(self, names: Sequence[str]) -> None:
        self._store.delete([self._address / name for name in names])

    def remove_leftovers(self) -> None:
        pass

    def locked(self, name: str, output: str, shared: bool) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def size(self) -> int:
        return sum(facts.size or 0 for facts in self._facts())

    def remove(self, first: str) -> None:
        self.delete([first])
        self.delete(self.names())


class BucketLog:
    """A log where nothing can be appended: objects of some lines, of which the last is put again with each line."""

    def __init__(self, storage: BucketStorage, name: str) -> None:
        self._storage = storage
        self._name = name
        self._number = 0
        self._lines: list[bytes] = []

    def append(self, line: bytes) -> None:
        self._lines.append(line + b"\n")
        self._storage.write(f"{self._name}-{self._number:06}{_LOG}", b"".join(self._lines))
        if len(self._lines) == _LINES:
            self._number, self._lines = self._number + 1, []

    def close(self) -> None:
        pass
