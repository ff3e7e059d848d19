"""A worker on a node: it holds a model, reads shards from the files, and writes their parts into the job's folder."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from nlpcli import __version__
from nlpcli.engines.job import Job
from nlpcli.engines.shards.crew import Errand, Orders
from nlpcli.engines.shards.earlier import Earlier
from nlpcli.engines.shards.folder import Compute, JobFolder, Manifest, ShardReport
from nlpcli.engines.shards.identity import model_hashes
from nlpcli.engines.shards.runner import ShardRunner, compute_of, kept_outcomes, retry_shard, run_shard
from nlpcli.errors import InputBroken, NlpcliError, quoted
from nlpcli.models.cache import resolve
from nlpcli.records.ranges import RangeReader
from nlpcli.runtime import runs


class Problem(NamedTuple):
    """An NlpcliError, as it is said where the job was started."""

    message: str
    exit_status: int


class Answer(NamedTuple):
    """A result or a problem, what it took, and what there was to say: levels and messages."""

    result: Any
    problem: Problem | None
    usage: runs.Usage
    messages: tuple[tuple[int, str], ...]


class ShardWorker:
    """Computes shards of one job, several at a time."""

    def __init__(self, orders: Orders, level: int) -> None:
        """`level`: what is said by the loggers of nlpcli.

        Raises:
            NlpcliError: this machine cannot see the files of the job, or has another model or version.
        """
        logger = logging.getLogger("nlpcli")
        logger.handlers, logger.propagate = [runs.RunHandler()], False
        logger.setLevel(level)
        with suppress(OSError):  # the files of the job are named from the root; a model may be named from here
            os.chdir(orders.cwd)
        self._folder = JobFolder(orders.folder)
        self._manifest = _manifest_seen(orders, self._folder)
        _check_inputs(orders, self._manifest)
        _check_model(orders, self._manifest)
        self._runner = ShardRunner(orders.job, _on_own_device(orders.compute), self._manifest.seed, runs.tell)
        if self._manifest.generation:
            self._runner.earlier = Earlier(self._folder, self._manifest.generation)
        self._reader = RangeReader(orders.job.input, orders.files)
        self._reading = threading.Lock()
        self._runner.load()

    def compute(self, errand: Errand) -> ShardReport:
        """Compute a shard, or what failed of it before, and write its part. Raises NlpcliError."""
        with self._reading:
            records = self._reader.read(errand.shard)
        before = None if errand.before is None else kept_outcomes(self._folder, errand.before)
        if before is None:
            return run_shard(self._runner, self._folder, self._manifest, errand.shard, records)[0]
        return retry_shard(self._runner, self._folder, self._manifest, errand.shard, records, before)[0]


def _manifest_seen(orders: Orders, folder: JobFolder) -> Manifest:
    manifest = folder.manifest()
    if manifest is None:
        raise InputBroken(f"{quoted(orders.folder)} is not there")
    if (manifest.hash, manifest.generation) != (orders.hash, orders.generation):
        raise InputBroken(f"{quoted(orders.folder)} is of another job there")
    if manifest.identity["version"] != __version__:
        raise InputBroken(f"it has nlpcli {__version__}, not {manifest.identity['version']}")
    return manifest


def _check_inputs(orders: Orders, manifest: Manifest) -> None:
    for file, facts in zip(orders.files, manifest.inputs, strict=True):
        try:
            size = file.size_now() or 0
        except OSError as error:
            raise InputBroken(f"{quoted(str(file.path))}: {error.strerror}") from error
        if file.size is None and size != facts.size:
            raise InputBroken(f"{quoted(str(file.path))} has {size:,} bytes there, not {facts.size:,}")


def _check_model(orders: Orders, manifest: Manifest) -> None:
    asked = orders.job.model
    hashes, _ = model_hashes(resolve(asked.name, asked.revision, asked.offline, runs.tell), {}, {})
    if hashes != manifest.identity["model"]["files"]:
        raise InputBroken(f"it has other files of {quoted(asked.name)}; pull the model there anew")


def _on_own_device(compute: Compute) -> Compute:
    """Ray shows a worker the one GPU that is its own, as the first."""
    return msgspec.structs.replace(compute, device="cuda:0") if compute.device.startswith("cuda") else compute


class WorkerHolder:
    """What an actor of Ray is: a worker, once it has one."""

    def open(self, orders: Orders, level: int, environment: Mapping[str, str]) -> Answer:
        """Take up a job. `environment` is set before torch looks at it."""
        os.environ.update(environment)
        return _answered(lambda: self._take_up(orders, level))

    def _take_up(self, orders: Orders, level: int) -> None:
        self._worker = ShardWorker(orders, level)

    def compute(self, errand: Errand) -> Answer:
        """Compute a shard of the job that was taken up; its report."""
        return _answered(lambda: self._worker.compute(errand))

    def compute_of(self, job: Job) -> Answer:
        """How a job that begins is to be computed on a machine like this."""
        return _answered(lambda: compute_of(job))


def _answered(work: Callable[[], Any]) -> Answer:
    usage, messages = runs.Usage(), list[tuple[int, str]]()
    problem = result = None
    with runs.running(runs.Cancellation(), lambda said: messages.append((said.levelno, said.getMessage())), usage):
        try:
            result = work()
        except NlpcliError as error:
            problem = Problem(str(error), error.exit_status)
    return Answer(result, problem, usage, tuple(messages))
