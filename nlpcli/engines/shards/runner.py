"""Computes shards: each alone, by the same code and in the same batches wherever it is computed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from nlpcli.engines import local
from nlpcli.engines.job import Job
from nlpcli.engines.shards.earlier import Earlier
from nlpcli.engines.shards.folder import Compute, JobFolder, Manifest, ShardReport
from nlpcli.engines.shards.parts import Outcome, PartBroken, decoded, encoded
from nlpcli.errors import UsageError
from nlpcli.models.reference import ProgressCallback
from nlpcli.records.keys import key_of
from nlpcli.records.ranges import Shard
from nlpcli.records.record import Record
from nlpcli.runtime.arrivals import LARGEST_WINDOW, Arrivals
from nlpcli.runtime.batching import RunBatches
from nlpcli.runtime.device import Hardware, Placement
from nlpcli.tasks.base import BatchTask, ContinuousTask, Loaded, make_task
from nlpcli.tasks.registry import TASKS

log = logging.getLogger(__name__)


class Given(Arrivals):
    """Records that are all there, so that the windows and batches of a shard are the same each time."""

    first_window = LARGEST_WINDOW

    def __init__(self, records: Sequence[Record]) -> None:
        super().__init__()
        self.put(records)
        self.end()


class ShardRunner:
    """Computes shards of a job with a model that is loaded for the first of them. Several threads may use it."""

    def __init__(self, job: Job, compute: Compute, seed: int | None, progress: ProgressCallback) -> None:
        # What comes again in a shard is found before it is computed.
        asked = replace(job.compute, device=compute.device, dtype=compute.dtype, dedupe=False)
        self._job = replace(job, compute=asked)
        self._compute = compute
        self._seed = seed
        self._progress = progress
        # What is drawn by chance is drawn for each text, and a text that failed may have failed by its fields.
        self._repeats = job.compute.dedupe and local.can_repeat(job)
        self.earlier: Earlier | None = None
        self._loading = threading.Lock()
        self._loaded: Loaded[Any] | None = None
        self._hardware: Hardware | None = None
        self._pool: RunBatches | None = None
        # The rows of a continuous batch are of one shard, so that they are the same each time.
        self._is_continuous = False
        self._alone = threading.Lock()

    def keys(self, records: Sequence[Record]) -> list[bytes]:
        """What tells each of `records`, as they are read, from others."""
        whole, named = self._job.input.whole, TASKS[self._job.task].reads_name
        return [key_of(record, whole, named) for record in records]

    def outcomes(self, number: int, records: Sequence[Record], anew: bool = False) -> list[Outcome]:
        """What becomes of each of `records`, which are of the shard of that number; all is computed where `anew`.

        Raises:
            NlpcliError: the model cannot be had or used.
        """
        keys = self.keys(records)
        found: dict[int, Outcome] = {} if anew else self._found(keys, records)
        places = [place for place in range(len(records)) if place not in found]
        first = {keys[place]: place for place in reversed(places)} if self._repeats else {}
        asked = [place for place in places if first.get(keys[place], place) == place]
        found.update(
            zip(
                asked,
                self._computed(number, [keys[place] for place in asked], [records[place] for place in asked]),
                strict=True,
            )
        )
        return [found[place] if place in found else found[first[keys[place]]] for place in range(len(records))]

    def _found(self, keys: Sequence[bytes], records: Sequence[Record]) -> dict[int, Outcome]:
        """What was computed before, of records that can be read."""
        if self.earlier is None:
            return {}
        before = self.earlier.find(keys)
        return {
            place: outcome
            for place, (outcome, record) in enumerate(zip(before, records, strict=True))
            if outcome is not None and record.error is None
        }

    def _computed(self, number: int, keys: Sequence[bytes], records: Sequence[Record]) -> list[Outcome]:
        files = [record.file for record in records]
        done = self._done(number, records) if records else []
        if len(done) != len(records) or any(one is not other for one, other in zip(done, records, strict=True)):
            raise UsageError(
                f"these results of {self._job.task} are of all records together, and none of one record alone;"
                " leave --resume, --shard and --engine ray out"
            )
        return [
            Outcome(key, record.result, record.error, None if record.file is file else record.file)
            for key, file, record in zip(keys, files, records, strict=True)
        ]

    def _done(self, number: int, records: Sequence[Record]) -> list[Record]:
        job = replace(self._job, options=_with_seed(self._job.options, self._seed, number))
        loaded, hardware = self._ready()
        with self._alone if self._is_continuous else nullcontext():
            return self._run(job, loaded, hardware, records)

    def _run(self, job: Job, loaded: Loaded[Any], hardware: Hardware, records: Sequence[Record]) -> list[Record]:
        compute = self._compute
        execution = local.Execution(hardware, compute.threads, compute.batch_tokens, pool=self._one_pool)
        return list(local.run_loaded(job, loaded, Given(records), execution))

    def _one_pool(self, task: BatchTask, device_type: str, threads: int, budget: int) -> RunBatches:
        with self._loading:
            if self._pool is None:
                self._pool = local.own_pool(task, device_type, threads, budget)
            return self._pool

    def load(self) -> None:
        """Load the model before the first shard is there. Raises NlpcliError."""
        self._ready()

    def _ready(self) -> tuple[Loaded[Any], Hardware]:
        with self._loading:
            if self._loaded is None or self._hardware is None:
                self._hardware = local.hardware_for(self._job)
                placement, _ = local.place(self._job, self._hardware)
                here = arithmetic_of(placement)
                if here != self._compute.arithmetic:
                    log.warning(
                        "the job was begun on a machine that computes in %s, and this one does in %s: the last digits"
                        " may be others", self._compute.arithmetic, here,
                    )  # fmt: skip
                self._loaded = local.load_model(self._job, placement, self._progress)
                local.tell_place(self._job, self._loaded)
                task = make_task(self._job.task, self._job.options, self._loaded)
                self._is_continuous = isinstance(task, ContinuousTask)
            return self._loaded, self._hardware


def arithmetic_of(placement: Placement) -> str:
    """What the last digits of results depend on, beside the code."""
    return " ".join([placement.dtype, *sorted(placement.kernels)])


def compute_of(job: Job) -> Compute:
    """How this machine would compute the shards of a job."""
    hardware = local.hardware_for(job)
    placement, best = local.place(job, hardware)
    measured = best is not None and job.compute.dtype == "auto"
    return Compute(
        placement.device,
        best.dtype if best is not None and measured else job.compute.dtype,
        job.compute.threads or (best.threads if best else hardware.cores),
        job.compute.batch_tokens or (best.batch_tokens if best else None),
        arithmetic_of(placement),
    )


def _with_seed(options: Any, seed: int | None, number: int) -> Any:
    """Options that draw otherwise in each shard, and the same each time that it is computed."""
    if seed is None or not hasattr(options, "seed"):
        return options
    drawn = blake2b(f"{seed} {number}".encode(), digest_size=8).digest()
    return replace(options, seed=int.from_bytes(drawn) >> 1)


def run_shard(
    runner: ShardRunner, folder: JobFolder, manifest: Manifest, shard: Shard, records: Sequence[Record]
) -> tuple[ShardReport, list[Outcome]]:
    """Compute a shard and write its part file; its mark is left to whoever asked.

    The outcomes are those that the part file gives back, so that all who read it see what is seen here.

    Raises:
        NlpcliError: the model cannot be used, or the part cannot be written.
    """
    began = time.monotonic()
    data = encoded(runner.outcomes(shard.number, records))
    outcomes = decoded(data)
    return write_shard(folder, manifest, shard.number, data, outcomes, time.monotonic() - began), outcomes


def retry_shard(
    runner: ShardRunner,
    folder: JobFolder,
    manifest: Manifest,
    shard: Shard,
    records: Sequence[Record],
    outcomes: Sequence[Outcome],
) -> tuple[ShardReport, list[Outcome]]:
    """As `run_shard`, for those records alone that failed; the others keep what became of them."""
    began = time.monotonic()
    places = [place for place, outcome in enumerate(outcomes) if outcome.error is not None]
    again = runner.outcomes(shard.number, [records[place] for place in places], anew=True)
    changed = [*outcomes]
    for place, outcome in zip(places, again, strict=True):
        changed[place] = outcome
    data = encoded(changed)
    read = decoded(data)
    return write_shard(folder, manifest, shard.number, data, read, time.monotonic() - began), read


def kept_outcomes(folder: JobFolder, report: ShardReport) -> list[Outcome] | None:
    """What became of the records of a shard that is done; None where its part is not what was written."""
    data = folder.read_part(report)
    try:
        return None if data is None else decoded(data)
    except PartBroken:
        return None


def write_shard(
    folder: JobFolder, manifest: Manifest, number: int, data: bytes, outcomes: Sequence[Outcome], seconds: float
) -> ShardReport:
    """Write the part file of a shard; the report that marks it."""
    failed = sum(outcome.error is not None for outcome in outcomes)
    sha256 = folder.write_part(manifest.generation, number, data)
    return ShardReport(number, manifest.generation, len(outcomes), failed, sha256, round(seconds, 3))
