"""`--cache`: results of a model for other runs with the same options, in one SQLite file of bounded size."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from nlpcli.engines.job import Job
from nlpcli.engines.worker.messages import FrameError
from nlpcli.engines.worker.values import read_ext, result_on_wire
from nlpcli.errors import CacheError, quoted
from nlpcli.models.reference import LocalModel
from nlpcli.models.sources.made import MANIFEST
from nlpcli.settings import cache_folder
from nlpcli.tasks.base import Loaded

log = logging.getLogger(__name__)

# Python reads what SQLite says of a damaged file as UTF-8, which the name of a table in it need not be.
_DAMAGED = (sqlite3.Error, UnicodeDecodeError)
_NAME = "results.sqlite"
_MOST_BYTES = 1 << 30
_WAIT_SECONDS = 10.0
_AT_A_TIME = 500
_KEY_BYTES = 16
_CHECK_BYTES = 8
_decoder = msgspec.msgpack.Decoder(dict[str, Any], ext_hook=read_ext)
_encoder = msgspec.msgpack.Encoder()


def path_of_cache() -> Path:
    """Where results are kept."""
    return cache_folder() / _NAME


class ResultCache:
    """Results of one model with certain options, which `prefix` stands for. What cannot be kept is not."""

    def __init__(self, path: Path, prefix: bytes, most_bytes: int = _MOST_BYTES) -> None:
        """Raises sqlite3.Error or OSError where there can be no such file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._prefix = prefix
        self._most_bytes = most_bytes
        self._waiting: list[tuple[bytes, int, bytes]] = []
        self._file = sqlite3.connect(path, timeout=_WAIT_SECONDS, check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA auto_vacuum = FULL")
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute("CREATE TABLE IF NOT EXISTS results (key BLOB PRIMARY KEY, used INT, result BLOB)")
        self._file.execute("CREATE INDEX IF NOT EXISTS by_use ON results (used)")

    def find(self, keys: Sequence[bytes]) -> Mapping[bytes, dict[str, Any]]:
        """The results that are kept, by key."""
        found: dict[bytes, dict[str, Any]] = {}
        with self._or_without():
            for start in range(0, len(keys), _AT_A_TIME):
                asked = {self._full(key): key for key in keys[start : start + _AT_A_TIME]}
                places = ",".join("?" * len(asked))
                rows = self._file.execute(
                    f"SELECT key, result FROM results WHERE key IN ({places})",  # noqa: S608 - question marks alone
                    [*asked],
                ).fetchall()
                sound = [(key, data) for key, kept in rows if (data := _sound(kept)) is not None]
                found.update((asked[key], _decoder.decode(data)) for key, data in sound)
                self._file.executemany("UPDATE results SET used = ? WHERE key = ?", [(_now(), key) for key, _ in rows])
        return found

    def keep(self, key: bytes, result: Mapping[str, Any]) -> None:
        """A result for other runs; one that is more than its fields is not kept."""
        if not isinstance(fields := result_on_wire(result, spelled=False), dict):
            return
        data = _encoder.encode(fields)
        self._waiting.append((self._full(key), _now(), _check(data) + data))
        if len(self._waiting) >= _AT_A_TIME:
            self._write()

    def _full(self, key: bytes) -> bytes:
        return hashlib.blake2b(self._prefix + key, digest_size=_KEY_BYTES).digest()

    def _write(self) -> None:
        rows, self._waiting = self._waiting, []
        with self._or_without():
            self._file.execute("BEGIN IMMEDIATE")
            self._file.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?)", rows)
            self._file.execute("COMMIT")

    @contextmanager
    def _or_without(self) -> Iterator[None]:
        try:
            yield
        except (*_DAMAGED, msgspec.MsgspecError, FrameError) as error:
            with suppress(sqlite3.Error):
                self._file.execute("ROLLBACK")
            log.warning("the cache of results cannot be used (%s); clear it: nlpcli jobs cache --clear", error)

    def close(self) -> None:
        """Keep what waits; what was used longest ago leaves where there is too much."""
        if self._waiting:
            self._write()
        with self._or_without():
            (size,) = self._file.execute("SELECT coalesce(sum(length(result)), 0) FROM results").fetchone()
            if size > self._most_bytes:
                self._file.execute(
                    "DELETE FROM results WHERE key IN (SELECT key FROM (SELECT key, sum(length(result)) OVER"
                    " (ORDER BY used DESC, key) AS so_far FROM results) WHERE so_far > ?)",
                    (self._most_bytes * 3 // 4,),
                )
        self._file.close()


def _check(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_CHECK_BYTES).digest()


def _sound(kept: Any) -> bytes | None:
    """A result as it was kept; None where the file was damaged since, which SQLite does not notice."""
    is_sound = isinstance(kept, bytes) and _check(kept[_CHECK_BYTES:]) == kept[:_CHECK_BYTES]
    return kept[_CHECK_BYTES:] if is_sound else None


def _now() -> int:
    return int(time.time())


@contextmanager
def opened(job: Job, loaded: Loaded[Any]) -> Iterator[ResultCache | None]:
    """The results that are kept of a job's model with its options; None, and said, where they cannot be."""
    try:
        cache = ResultCache(path_of_cache(), _prefix(job, loaded))
    except (*_DAMAGED, OSError) as error:
        log.warning("the cache of results cannot be used (%s); clear it: nlpcli jobs cache --clear", error)
        yield None
        return
    try:
        yield cache
    finally:
        cache.close()


def _prefix(job: Job, loaded: Loaded[Any]) -> bytes:
    """What results depend on beside their record."""
    placement = loaded.placement
    facts = [
        job.compute.cache, job.task, job.options, loaded.model.name, _stamps(loaded.model),
        placement.device, placement.dtype, placement.asked, sorted(placement.kernels), job.compute.exact,
    ]  # fmt: skip
    return hashlib.sha256(msgspec.msgpack.encode(facts, order="sorted")).digest()


def _stamps(model: LocalModel) -> list[Any]:
    """What changes where the files of a model do."""
    files = [model.path] if model.path.is_file() else sorted(path for path in model.path.rglob("*") if path.is_file())
    stamps = [
        (os.fspath(path), status.st_size, status.st_mtime_ns)
        for path in files
        # The manifest says by its time when a model was last used.
        if path.name != MANIFEST and (status := path.stat())
    ]
    return [*stamps, *(_stamps(model.then) if model.then is not None else ())]


def look_into_cache() -> dict[str, Any]:
    """Where results are kept, how many, and how many bytes on the disk.

    Raises:
        CacheError: the file cannot be read.
    """
    path = path_of_cache()
    count = 0
    if path.exists():
        try:
            with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS)) as file:
                (count,) = file.execute("SELECT count(*) FROM results").fetchone()
        except _DAMAGED as error:
            raise CacheError(f"cannot read {quoted(path)}: {error}; clear it: nlpcli jobs cache --clear") from error
    return {"path": str(path), "results": count, "size": sum(part.stat().st_size for part in _files(path))}


def clear_cache() -> None:
    """Delete all results that are kept. Raises CacheError."""
    try:
        for part in _files(path_of_cache()):
            part.unlink(missing_ok=True)
    except OSError as error:
        raise CacheError(f"cannot delete {quoted(path_of_cache())}: {error.strerror}; check its permissions") from error


def _files(path: Path) -> list[Path]:
    """The file, and those that SQLite has beside it."""
    return [part for part in path.parent.glob(f"{path.name}*") if part.is_file()]
