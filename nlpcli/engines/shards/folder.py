"""The folder of a job beside its output: the manifest, a file for each shard that is done, and marks that say so.

    .out.jsonl.nlpcli-job/
      manifest.jsonl        the job, then its shards: a line each, written once, whole
      done-*.jsonl          a line for each shard that is done; every process writes a log of its own
      0-000012.part         the results of shard 12 in generation 0 of the plan

A part is written whole, and marked after that. Whatever is not marked, or is not what its mark says, is computed again.
So a job survives kills, power cuts and full disks, and processes on several machines can work on it at a time: no two
of them write to one file. How files are kept is up to `storage`: on this machine, or in a bucket.
"""

from __future__ import annotations

import hashlib
import math
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypedDict

import msgspec

from nlpcli.engines.shards.storage import Storage, storage_of
from nlpcli.errors import InputBroken, InputError, quoted
from nlpcli.records.ranges import Shard
from nlpcli.records.remote.address import Address, Place

_SUFFIX = ".nlpcli-job"
_MANIFEST = "manifest.jsonl"
_FORMAT = 1
_LATEST, _MOST = 1 << 35, 1 << 62


class InputFacts(msgspec.Struct):
    """What an input was: `stamp` changes whenever the file does, on the machine that took it.

    `sha256`: of its bytes; or, of a file elsewhere, what its store says of them (version, ETag).
    """

    name: str
    size: int
    modified: int
    stamp: list[int]
    sha256: str


class Compute(msgspec.Struct, frozen=True):
    """How the shards of a job are computed, wherever; None: as the task sees fit.

    `arithmetic`: what the machine that began makes of it. Another computes other last digits.
    """

    device: str
    dtype: str
    threads: int
    batch_tokens: int | None
    arithmetic: str


class ModelIdentity(TypedDict):
    """A model, with the hash of each of its files."""

    name: str
    revision: str | None
    files: dict[str, str]


class Identity(TypedDict):
    """All that the results of a job depend on beside its inputs."""

    task: str
    version: str
    model: ModelIdentity
    options: Any
    input: Any
    compute: Any


class Manifest(msgspec.Struct):
    """A job: `identity` is all that its results depend on beside the `inputs`.

    `generation` counts the plans that `--update` made; `seed` is that of a sampled generation which asked for none.
    `hash`: of all that its results depend on.
    """

    format: int
    generation: int
    created: float
    command: list[str]
    folder: str
    identity: Identity
    inputs: list[InputFacts]
    compute: Compute
    seed: int | None
    model_stamps: dict[str, list[int]]
    records: int
    hash: str = ""
    shards: list[Shard] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        self.hash = self.hash or self._hash()

    def _hash(self) -> str:
        content = [self.identity, [(each.name, each.size, each.sha256) for each in self.inputs], self.seed]
        return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()

    def check(self) -> None:
        """Raises ValueError where its numbers do not fit each other."""
        fits = self.generation >= 0 and math.isfinite(self.created) and abs(self.created) < _LATEST
        fits = fits and [shard.number for shard in self.shards] == [*range(len(self.shards))]
        fits = fits and all(shard.ranges and self._has(shard) for shard in self.shards)
        if not fits or self.records != sum(shard.records for shard in self.shards):
            raise ValueError("its numbers do not fit each other")

    def _has(self, shard: Shard) -> bool:
        return all(
            0 <= each.file < len(self.inputs) and 0 <= each.start <= each.stop <= _MOST and each.records >= 0
            for each in shard.ranges
        )


class ShardReport(msgspec.Struct):
    """A shard that is done: how many records, how many of them failed, and the hash of its part file."""

    number: int
    generation: int
    records: int
    failed: int
    sha256: str
    seconds: float
    tokens: int = 0
    at: float = 0.0


class Finished(msgspec.Struct):
    """The output that was put together: path → size and time of change.

    `manner`: how results were written (format, separator, what became of failed records).
    """

    generation: int
    output: dict[str, list[int]]
    at: float
    manner: list[str | bool | None] = []


class _Line(msgspec.Struct, omit_defaults=True):
    """A line of a log."""

    done: ShardReport | None = None
    finished: Finished | None = None


_SHARD = msgspec.json.Decoder(Shard)


def folder_of(output: Place) -> Place:
    """Where the job of an output is kept."""
    return output.with_name(f".{output.name}{_SUFFIX}")


def output_of(folder: Place) -> Place:
    """The output of the job that is kept there."""
    return folder.with_name(folder.name.removeprefix(".").removesuffix(_SUFFIX))


def job_folders(below: Place) -> Iterator[Place]:
    """Those of all jobs in a folder and in the visible folders below it."""
    if isinstance(below, Address):
        yield from _remote_job_folders(below)
        return
    for parent, folders, _ in os.walk(below):
        for name in sorted(folders):
            if name.startswith(".") and name.endswith(_SUFFIX):
                yield Path(parent, name)
        folders[:] = sorted(name for name in folders if not name.startswith("."))


def _remote_job_folders(below: Address) -> Iterator[Address]:
    from nlpcli.records.remote.stores import store_of

    for facts in store_of(below).files(below.root):
        folder = facts.address.parent
        is_job = facts.address.name == _MANIFEST and folder.name.startswith(".") and folder.name.endswith(_SUFFIX)
        if is_job and not any(part.startswith(".") for part in folder.parent.key[len(below.root.key) :].split("/")):
            yield folder


class JobFolder:
    """What is kept of a job at `path`."""

    def __init__(self, path: Place) -> None:
        self.path = path
        self._storage: Storage = storage_of(path)
        self._log = self._storage.log(f"done-{os.urandom(6).hex()}")
        self._marking = threading.Lock()

    def make(self) -> None:
        """Make the folder. Raises OutputError where it cannot be."""
        self._storage.make()

    def is_there(self) -> bool:
        """Whether anything is kept."""
        return bool(self._storage.names())

    def manifest(self) -> Manifest | None:
        """The job; None where there is none. Raises InputBroken where the manifest cannot be read."""
        data = self._storage.read(_MANIFEST)
        if data is None:
            return None
        lines = data.splitlines()
        try:
            manifest = msgspec.json.decode(lines[0], type=Manifest)
            manifest.shards = [_SHARD.decode(line) for line in lines[1:]]
            manifest.check()
        except (msgspec.MsgspecError, ValueError, IndexError, RecursionError) as error:
            raise InputBroken(
                f"{quoted(self.path / _MANIFEST)} is no manifest of this version ({error});"
                f" begin anew: nlpcli jobs rm {quoted(output_of(self.path))}"
            ) from error
        return manifest

    def create(self, manifest: Manifest) -> bool:
        """Keep a job; False where another process was faster, whose stays."""
        return self._storage.create(_MANIFEST, _spelled(manifest))

    def replace(self, manifest: Manifest) -> None:
        """Keep a job in the place of the one before."""
        self._storage.write(_MANIFEST, _spelled(manifest))

    def write_part(self, generation: int, number: int, data: bytes) -> str:
        """Keep the results of a shard; their hash, for its mark."""
        self._storage.write(_part(generation, number), data)
        return hashlib.sha256(data).hexdigest()

    def read_part(self, report: ShardReport) -> bytes | None:
        """The results of a shard that is done; None where they are not what its mark says."""
        try:
            data = self._storage.read(_part(report.generation, report.number))
        except InputError:
            return None
        return data if data is not None and hashlib.sha256(data).hexdigest() == report.sha256 else None

    def mark(self, report: ShardReport) -> None:
        """A shard is done: its part is in its place."""
        with self._marking:
            report.at = time.time()
            self._log.append(msgspec.json.encode(_Line(done=report)))

    def mark_finished(self, finished: Finished) -> None:
        """The output is in its place."""
        self._log.append(msgspec.json.encode(_Line(finished=finished)))

    def marks(self, generation: int) -> tuple[dict[int, ShardReport], Finished | None]:
        """The shards of a generation that are done, by number; and the output that was put together last, of any."""
        reports: dict[int, ShardReport] = {}
        ended: Finished | None = None
        for line in self._lines():
            report, finished = line.done, line.finished
            if report is not None and report.generation == generation:
                before = reports.get(report.number)
                reports[report.number] = report if before is None or report.at >= before.at else before
            if finished is not None:
                ended = finished if ended is None or finished.at > ended.at else ended
        return reports, ended

    def _lines(self) -> Iterator[_Line]:
        decoder = msgspec.json.Decoder(_Line)
        for log in self._storage.read_all([name for name in self._storage.names() if name.startswith("done-")]):
            for line in log.splitlines():
                # The last line of a process that was killed; bytes that are no UTF-8 are a ValueError.
                with suppress(msgspec.MsgspecError, ValueError, RecursionError):
                    yield decoder.decode(line)

    def forget_generations(self, before: int) -> None:
        """Delete the parts of older plans."""
        generations = ((name, name.partition("-")[0]) for name in self._storage.names() if name.endswith(".part"))
        self._storage.delete([name for name, number in generations if number.isdecimal() and int(number) < before])

    def remove_leftovers(self) -> None:
        """Delete what killed processes were writing; only where none is at work."""
        self._storage.remove_leftovers()

    @contextmanager
    def at_work(self, part: tuple[int, int] | None = None) -> Iterator[None]:
        """Within, this process works on the job, or on part I of N of it.

        Raises:
            JobBusy: another does so.
        """
        name = quoted(output_of(self.path))
        with self._storage.locked("lock", name, shared=part is not None):
            if part is None:
                yield
            else:
                with self._storage.locked(f"lock-{part[0]}-of-{part[1]}", name, shared=False):
                    yield

    def close(self) -> None:
        """End what is written."""
        self._log.close()

    def size(self) -> int:
        """Bytes that it takes; 0 where there is nothing."""
        return self._storage.size()

    def remove(self) -> None:
        """Delete everything that is kept of the job. Raises OutputError."""
        # The manifest goes first: what is left of a job without one is nothing.
        self._storage.remove(first=_MANIFEST)


def _part(generation: int, number: int) -> str:
    return f"{generation}-{number:06}.part"


def _spelled(manifest: Manifest) -> bytes:
    lines: Sequence[Any] = [msgspec.structs.replace(manifest, shards=[]), *manifest.shards]
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
