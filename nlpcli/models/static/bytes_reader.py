"""Bytes out of chunks that come one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class BytesReader:
    """Reads counted bytes, lines, and up to a mark; what is not read yet stands in a small buffer."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks: Iterator[bytes] = iter(chunks)
        self._buffer = b""
        self._place = 0

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay; fewer where the end is near."""
        self._fill(size)
        return self._buffer[self._place : self._place + size]

    def read(self, size: int) -> bytes:
        """The next bytes; fewer at the end."""
        data = self.peek(size)
        self._place += len(data)
        return data

    def until(self, mark: bytes, most: int) -> bytes | None:
        """What stands before the next `mark`, which is passed over; None where there is none within `most` bytes."""
        end = self._buffer.find(mark, self._place, self._place + most)
        if end < 0:
            self._fill(most)
            end = self._buffer.find(mark, self._place, self._place + most)
        if end < 0:
            return None
        found = self._buffer[self._place : end]
        self._place = end + len(mark)
        return found

    def line(self) -> bytes:
        """The first line, of at most a kilobyte."""
        return self.until(b"\n", 1024) or b""

    def rest(self) -> Iterator[bytes]:
        """All that was not read."""
        if self._place < len(self._buffer):
            yield self._buffer[self._place :]
        self._buffer, self._place = b"", 0
        yield from self._chunks

    def _fill(self, size: int) -> None:
        if len(self._buffer) - self._place >= size:
            return
        parts = [self._buffer[self._place :]]
        have = len(parts[0])
        while have < size and (chunk := next(self._chunks, b"")):
            parts.append(chunk)
            have += len(chunk)
        self._buffer, self._place = b"".join(parts), 0
