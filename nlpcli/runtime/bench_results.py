"""What `nlpcli bench` measured on this machine: kept in the cache, and used where a setting is `auto`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nlpcli.errors import CacheError, OutputError, quoted
from nlpcli.records.outputs import output_stream
from nlpcli.runtime.cores import usable_cores
from nlpcli.runtime.device import cpu_name
from nlpcli.settings import cache_folder

FILE = "measurements.json"


@dataclass(frozen=True, slots=True)
class Measurement:
    """The fastest settings of a model for a task on a device; `device_name` tells one GPU from another.

    `tokens_per_second` is None for tasks whose texts have no length before they are written.
    """

    task: str
    model: str
    device: str
    device_name: str
    dtype: str
    batch_tokens: int
    threads: int
    texts_per_second: float
    tokens_per_second: float | None
    day: str
    machine: str

    @property
    def speed(self) -> str:
        """In tokens where they can be counted, else in texts."""
        if self.tokens_per_second is not None:
            return f"{self.tokens_per_second:,.0f} tokens/s"
        return f"{self.texts_per_second:,.1f} texts/s"


def machine() -> str:
    """What a measurement holds for: another CPU, number of cores or torch measures anew."""
    return f"{_name_of_cpu()}, {usable_cores()} cores, torch {_version_of_torch()}"


_name_of_cpu = cache(cpu_name)


@cache
def _version_of_torch() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return "?"


def file() -> Path:
    """Where the measurements are; deleting it makes `auto` what it was."""
    return cache_folder() / FILE


def measurements() -> list[Measurement]:
    """Those of this machine; a file of another version of nlpcli counts as none."""
    if not (kept := _kept()):
        return []
    here = machine()
    return [measurement for measurement in kept if measurement.machine == here]


def _kept() -> list[Measurement]:
    """Those of every machine that shares the cache."""
    try:
        status = file().stat()
        return list(_read(file(), status.st_mtime_ns, status.st_size))
    except (OSError, ValueError, TypeError, RecursionError):
        return []


@lru_cache(1)
def _read(path: Path, time: int, size: int) -> tuple[Measurement, ...]:  # noqa: ARG001 - as long as the file stays
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Measurement(**row) for row in rows)


def find(task: str, model: str, device: str, device_name: str) -> Measurement | None:
    """The measurement for a task with a model on a device."""
    wanted = (task, model, device, device_name)
    return next((m for m in measurements() if (m.task, m.model, m.device, m.device_name) == wanted), None)


def keep(new: Measurement) -> None:
    """Store a measurement in place of an older one of the same.

    Raises:
        CacheError: the cache folder cannot be written.
    """

    def key(measurement: Measurement) -> tuple[str, ...]:
        return (measurement.task, measurement.model, measurement.device, measurement.device_name, measurement.machine)

    from filelock import FileLock

    # The file is read and written as one: of what several processes keep at a time, nothing is lost.
    try:
        file().parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file().with_name(f".{file().name}.lock")):
            _write([*(measurement for measurement in _kept() if key(measurement) != key(new)), new])
    except OSError as error:
        raise CacheError(f"cannot write {quoted(file())}: {error.strerror}") from error


def _write(rows: Iterable[Measurement]) -> None:
    text = json.dumps([asdict(row) for row in rows], indent=2) + "\n"
    try:
        file().parent.mkdir(parents=True, exist_ok=True)
        with output_stream(str(file()), "") as stream:
            stream.write(text.encode())
    except OSError as error:
        raise CacheError(f"cannot write {quoted(file())}: {error.strerror}") from error
    except OutputError as error:
        raise CacheError(str(error).partition(";")[0]) from error
