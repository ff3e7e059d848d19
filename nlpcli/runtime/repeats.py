"""Texts that come again in a run: computed once, in bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, Protocol

from nlpcli.records.record import Record

# What is kept of results: their size is estimated, and a record costs that much beside it.
_MOST_BYTES = 4 << 20
_RECORD_BYTES = 200


class Cache(Protocol):
    """Results of other runs."""

    def find(self, keys: Sequence[bytes]) -> Mapping[bytes, dict[str, Any]]:
        """Those that are there."""

    def keep(self, key: bytes, result: Mapping[str, Any]) -> None:
        """A result for other runs."""


class Repeats:
    """Which records need not be computed, because one like them was or is about to be.

    `key` tells records apart as far as the task does. Several threads may use it.
    """

    def __init__(self, key: Callable[[Record], bytes], cache: Cache | None = None, alike: bool = True) -> None:
        """`alike`: records of this run are looked at, not only those of others."""
        self._key = key
        self._cache = cache
        self._alike = alike
        self._at_work: dict[bytes, list[Record]] = {}
        self._keys: dict[int, bytes] = {}
        self._done: dict[bytes, tuple[dict[str, Any], int]] = {}
        self._size = 0
        self._lock = threading.Lock()

    def first(self, records: Sequence[Record]) -> list[Record]:
        """Those that have to be computed. The others have their result now, or as soon as one like them is `done`."""
        keys = [self._key(record) for record in records]
        found = self._cache.find(keys) if self._cache is not None else {}
        with self._lock:
            return [record for record, key in zip(records, keys, strict=True) if self._is_first(record, key, found)]

    def _is_first(self, record: Record, key: bytes, found: Mapping[bytes, dict[str, Any]]) -> bool:
        if key in found:
            record.result = copy(found[key])
            return False
        if self._alike and key in self._done:
            record.result = copy(self._done[key][0])
            return False
        if self._alike and key in self._at_work:
            self._at_work[key].append(record)
            return False
        if self._alike:
            self._at_work[key] = []
        self._keys[id(record)] = key
        return True

    def done(self, record: Record) -> None:
        """A record of `first` has its result or its error, which those like it have too."""
        with self._lock:
            key = self._keys.pop(id(record))
            for other in self._at_work.pop(key, ()):
                other.result, other.error, other.file = copy(record.result), record.error, record.file
            if record.result is None or record.file is not None:
                return
            if self._alike:
                self._remember(key, record.result)
        if self._cache is not None:
            self._cache.keep(key, record.result)

    def _remember(self, key: bytes, result: dict[str, Any]) -> None:
        size = _RECORD_BYTES + _size_of(result)
        self._done[key] = result, size
        self._size += size
        while self._size > _MOST_BYTES:
            self._size -= self._done.pop(next(iter(self._done)))[1]


def _size_of(value: Any) -> int:
    """About as much memory as a value takes."""
    if hasattr(value, "nbytes"):
        return int(value.nbytes) + 100
    if isinstance(value, dict):
        return 200 + sum(_size_of(item) for item in value.values())
    if isinstance(value, list | tuple):
        return 60 + sum(map(_size_of, value))
    return 50 + 2 * len(value) if isinstance(value, str) else 30
