"""A file elsewhere as a stream: asked for part by part, so that it goes on where a connection broke off."""

from __future__ import annotations

import io
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from http.client import HTTPException
from typing import TYPE_CHECKING, BinaryIO, cast

from nlpcli.records.remote.failures import again, cannot_read, has_changed
from nlpcli.records.remote.protocol import Facts
from nlpcli.records.remote.stores import store_of
from nlpcli.records.spool import enough_room, spool

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# What a file is shows in its first bytes; who goes on reading gets twice as much each time.
_FIRST = 1 << 18
_MOST = 1 << 23
_BUFFER = 1 << 16


def open_remote(facts: Facts, start: int = 0, stop: int | None = None) -> BinaryIO:
    """The bytes of a file from `start` on, to be read in any order; those from `stop` on are not wanted.

    Raises:
        InputError: it cannot be read.
    """
    if facts.size is None or not facts.by_range:
        stream = _fetched(facts)
    else:
        stream = cast(BinaryIO, io.BufferedReader(_Parts(facts, facts.size, stop), _BUFFER))
    stream.seek(start)
    return stream


def _fetched(facts: Facts) -> BinaryIO:
    """All of it, in a file of this machine: the store gives it from its beginning alone."""

    def attempt() -> BinaryIO:
        held = spool()
        try:
            for chunk in store_of(facts.address).whole(facts):
                with enough_room():
                    held.write(chunk)
        except BaseException:
            held.close()
            raise
        held.seek(0)
        return held

    try:
        held = again(attempt, lambda error: isinstance(error, HTTPException | OSError))
    except (HTTPException, OSError) as error:
        raise cannot_read(facts.address, error) from error
    return cast(BinaryIO, io.BufferedReader(_Seekable(held), _BUFFER))


class _Seekable(io.RawIOBase):
    """A spool, which itself has no `read1`."""

    def __init__(self, held: BinaryIO) -> None:
        self._held = held

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        room = memoryview(buffer).cast("B")
        data = self._held.read(len(room))
        room[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._held.seek(offset, whence)

    def close(self) -> None:
        self._held.close()
        super().close()


@cache
def _ahead() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4, "nlpcli-fetch")


class _Parts(io.RawIOBase):
    """While a part is read the next one is on its way.

    Raises:
        InputError: the store refuses, breaks off again and again, or has another file there at the end.
    """

    def __init__(self, facts: Facts, size: int, stop: int | None) -> None:
        self._facts = facts
        self._size = size if stop is None else min(stop, size)
        # What is read of it in several answers may be of several files.
        self._is_checked = facts.token is None
        self._is_part = stop is not None
        self._position = 0
        self._start, self._part = 0, b""
        self._next: tuple[int, Future[bytes]] | None = None
        self._fetches = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._position = max(offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence], 0)
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        room = memoryview(buffer).cast("B")
        if self._position >= self._size:
            self._check()
            return 0
        if not self._start <= self._position < self._start + len(self._part):
            self._fetch(len(room))
        at = self._position - self._start
        data = self._part[at : at + len(room)]
        room[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _fetch(self, wanted: int) -> None:
        end = self._start + len(self._part)
        follows = bool(self._part) and self._position == end
        length = max(self._length() if follows or self._is_part else _FIRST, wanted)
        ahead, self._next = self._next, None
        if ahead is not None and ahead[0] == self._position:
            self._start, self._part = ahead[0], ahead[1].result()
        else:
            self._start, self._part = self._position, self._read(self._position, length)
        if follows and (start := self._start + len(self._part)) < self._size:
            self._next = start, _ahead().submit(self._read, start, self._length())

    def _length(self) -> int:
        return _MOST if self._is_part else min(2 * len(self._part), _MOST)

    def _read(self, start: int, length: int) -> bytes:
        self._fetches += 1
        return store_of(self._facts.address).read(self._facts, start, min(start + length, self._size))

    def _check(self) -> None:
        """Parts of two files are no file."""
        if self._is_checked or not (self._is_part or self._fetches > 1):
            return
        now = store_of(self._facts.address).facts(self._facts.address)
        if now is None or now.token != self._facts.token:
            raise has_changed(self._facts.address)
        self._is_checked = True
