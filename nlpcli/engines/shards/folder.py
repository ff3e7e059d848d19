"""The folder of a job beside its output: the manifest, a file for each shard that is done, and marks that say so.

    .out.jsonl.nlpcli-job/
      manifest.jsonl        the job, then its shards: a line each, written once, whole
      done-*.jsonl          a line for each shard that is done; every process writes a log of its own
      0-000012.part         the results of shard 12 in generation 0 of the plan

A part is written aside, synced and renamed, and marked after that. Whatever is not marked, or is not what its mark
says, is computed again. So a job survives kills, power cuts and full disks, and processes on several machines can work
on it at a time: no two of them write to one file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from nlpcli.errors import InputBroken, NlpcliError, OutputError, quoted
from nlpcli.records.durable import DurableLog, create_durably, remove_aside, write_durably
from nlpcli.records.ranges import Shard
from nlpcli.streams import cannot_write

_SUFFIX = ".nlpcli-job"
_MANIFEST = "manifest.jsonl"
_FORMAT = 1


class JobBusy(NlpcliError):
    """Another run is at work on the job."""


class InputFacts(msgspec.Struct):
    """What an input was: `stamp` changes whenever the file does, on the machine that took it."""

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
    identity: dict[str, Any]
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
    """The output that was put together: path → size and time of change."""

    generation: int
    output: dict[str, list[int]]
    at: float


class _Line(msgspec.Struct, omit_defaults=True):
    """A line of a log."""

    done: ShardReport | None = None
    finished: Finished | None = None


_SHARD = msgspec.json.Decoder(Shard)


def folder_of(output: Path) -> Path:
    """Where the job of an output is kept."""
    return output.with_name(f".{output.name}{_SUFFIX}")


def output_of(folder: Path) -> Path:
    """The output of the job that is kept there."""
    return folder.with_name(folder.name.removeprefix(".").removesuffix(_SUFFIX))


def job_folders(below: Path) -> Iterator[Path]:
    """Those of all jobs in a folder and in the visible folders below it."""
    for parent, folders, _ in os.walk(below):
        for name in sorted(folders):
            if name.startswith(".") and name.endswith(_SUFFIX):
                yield Path(parent, name)
        folders[:] = sorted(name for name in folders if not name.startswith("."))


class JobFolder:
    """What is kept of a job at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._log = DurableLog(path / f"done-{os.urandom(6).hex()}.jsonl")
        self._marking = threading.Lock()

    def make(self) -> None:
        """Make the folder. Raises OutputError where it cannot be."""
        try:
            self.path.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(quoted(self.path), error) from error

    def manifest(self) -> Manifest | None:
        """The job; None where there is none. Raises InputBroken where the manifest cannot be read."""
        try:
            lines = (self.path / _MANIFEST).read_bytes().splitlines()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputBroken(f"cannot read {quoted(self.path)}: {error.strerror}; check its permissions") from error
        try:
            manifest = msgspec.json.decode(lines[0], type=Manifest)
            manifest.shards = [_SHARD.decode(line) for line in lines[1:]]
        except (msgspec.MsgspecError, IndexError) as error:
            raise InputBroken(
                f"{quoted(self.path / _MANIFEST)} is no manifest of this version ({error});"
                f" begin anew: nlpcli jobs rm {quoted(output_of(self.path))}"
            ) from error
        return manifest

    def create(self, manifest: Manifest) -> bool:
        """Keep a job; False where another process was faster, whose stays."""
        return create_durably(self.path / _MANIFEST, _spelled(manifest))

    def replace(self, manifest: Manifest) -> None:
        """Keep a job in the place of the one before."""
        write_durably(self.path / _MANIFEST, _spelled(manifest))

    def write_part(self, generation: int, number: int, data: bytes) -> str:
        """Keep the results of a shard; their hash, for its mark."""
        write_durably(self._part(generation, number), data)
        return hashlib.sha256(data).hexdigest()

    def read_part(self, report: ShardReport) -> bytes | None:
        """The results of a shard that is done; None where they are not what its mark says."""
        try:
            data = self._part(report.generation, report.number).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == report.sha256 else None

    def _part(self, generation: int, number: int) -> Path:
        return self.path / f"{generation}-{number:06}.part"

    def mark(self, report: ShardReport) -> None:
        """A shard is done: its part is on the disk."""
        with self._marking:
            report.at = time.time()
            self._log.append(msgspec.json.encode(_Line(done=report)))

    def mark_finished(self, finished: Finished) -> None:
        """The output is in its place."""
        self._log.append(msgspec.json.encode(_Line(finished=finished)))

    def marks(self, generation: int) -> tuple[dict[int, ShardReport], Finished | None]:
        """The shards of a generation that are done, by number; and the output, where that was put together."""
        reports: dict[int, ShardReport] = {}
        ended: Finished | None = None
        for line in self._lines():
            report, finished = line.done, line.finished
            if report is not None and report.generation == generation:
                before = reports.get(report.number)
                reports[report.number] = report if before is None or report.at >= before.at else before
            if finished is not None and finished.generation == generation:
                ended = finished if ended is None or finished.at > ended.at else ended
        return reports, ended

    def _lines(self) -> Iterator[_Line]:
        decoder = msgspec.json.Decoder(_Line)
        for log in sorted(self.path.glob("done-*.jsonl")):
            for line in log.read_bytes().splitlines():
                with suppress(msgspec.MsgspecError):  # the last line of a process that was killed
                    yield decoder.decode(line)

    def forget_generations(self, before: int) -> None:
        """Delete the parts of older plans."""
        for part in self.path.glob("*.part"):
            if int(part.name.partition("-")[0]) < before:
                with suppress(OSError):
                    part.unlink()

    def remove_leftovers(self) -> None:
        """Delete what killed processes were writing; only where none is at work."""
        remove_aside(self.path)

    @contextmanager
    def at_work(self, part: tuple[int, int] | None = None) -> Iterator[None]:
        """Within, this process works on the job, or on part I of N of it.

        Raises:
            JobBusy: another does so.
        """
        with self._locked("lock", shared=part is not None):
            if part is None:
                yield
            else:
                with self._locked(f"lock-{part[0]}-of-{part[1]}", shared=False):
                    yield

    @contextmanager
    def _locked(self, name: str, shared: bool) -> Iterator[None]:
        if os.name == "nt":
            yield
            return
        import fcntl

        try:
            descriptor = os.open(self.path / name, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise cannot_write(quoted(self.path / name), error) from error
        try:
            try:
                fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                raise JobBusy(
                    f"another run is at work on {quoted(output_of(self.path))}; wait for it, or end it first"
                ) from None
            except OSError:
                pass  # a file system without locks: two runs write the same parts, one of them in vain
            yield
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """End what is written."""
        self._log.close()

    def size(self) -> int:
        """Bytes on the disk."""
        return sum(path.stat().st_size for path in self.path.iterdir())

    def remove(self) -> None:
        """Delete everything that is kept of the job. Raises OutputError."""
        try:
            # The manifest goes first: what is left of a job without one is nothing.
            (self.path / _MANIFEST).unlink(missing_ok=True)
            shutil.rmtree(self.path)
        except OSError as error:
            raise OutputError(f"cannot delete {quoted(self.path)}: {error.strerror}; check its permissions") from error


def _spelled(manifest: Manifest) -> bytes:
    lines: Sequence[Any] = [msgspec.structs.replace(manifest, shards=[]), *manifest.shards]
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
