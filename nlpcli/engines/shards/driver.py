"""A job over files that loses nothing: what is done is read back, what is not is computed, and all of it goes out in
order."""

from __future__ import annotations

import logging
import secrets
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from nlpcli.engines import local
from nlpcli.engines.job import AUTO, Job, Resuming
from nlpcli.engines.model_choice import with_chosen_model
from nlpcli.engines.shards.earlier import Earlier
from nlpcli.engines.shards.folder import Compute, JobFolder, Manifest, ShardReport, output_of
from nlpcli.engines.shards.identity import differences, facts_of, identity_of, input_differences, model_hashes
from nlpcli.engines.shards.parts import Outcome, PartBroken, decoded, encoded
from nlpcli.engines.shards.runner import Given, ShardRunner, arithmetic_of, run_shard, write_shard
from nlpcli.errors import NlpcliError, UsageError, quoted
from nlpcli.models.cache import resolve
from nlpcli.models.reference import LocalModel, ProgressCallback
from nlpcli.records.inputs import InputFile
from nlpcli.records.ranges import RangeReader, Shard, ShardSize, plan_shards
from nlpcli.records.readers import read_records
from nlpcli.records.record import Record
from nlpcli.records.table import InputColumns
from nlpcli.tasks.registry import TASKS

log = logging.getLogger(__name__)

# Records of this size fill one window of the batcher, whatever they hold.
_SHARD_SIZE = 1 << 20
_LOOK = 64
# While one shard is computed the next is prepared, and the one before is written.
_AT_A_TIME = 2


class JobChanged(UsageError):
    """The job was begun with other options, another model or other input."""


class JobIncomplete(NlpcliError):
    """Some shards are not done yet."""


class _Ready(NamedTuple):
    """A shard's records, as they are read, and what has become of them."""

    records: list[Record]
    outcomes: list[Outcome]


class ShardedJob:
    """A job whose shards are kept in a folder. Use it within `JobFolder.at_work`."""

    def __init__(
        self, job: Job, files: Sequence[InputFile], folder: JobFolder, manifest: Manifest, progress: ProgressCallback
    ) -> None:
        self.manifest = manifest
        self.folder = folder
        self._job = job
        self._files = files
        self._done, self.finished = folder.marks(manifest.generation)
        self._runner = ShardRunner(job, manifest.compute, manifest.seed, progress)

    @property
    def missing(self) -> list[Shard]:
        """The shards that are not done."""
        return [shard for shard in self.manifest.shards if shard.number not in self._done]

    @property
    def failed(self) -> int:
        """How many records failed in the shards that are done."""
        return sum(report.failed for report in self._done.values())

    def records(self, columns: InputColumns, retry_errors: bool = False) -> Iterator[Record]:
        """All records in order, each with its result or its error.

        Raises:
            NlpcliError: the input cannot be read, the model cannot be used, or a part cannot be written.
        """
        for ready in self._ready(self.manifest.shards, columns, retry_errors):
            for record, outcome in zip(*ready, strict=True):
                yield outcome.give(record)

    def compute(self, part: tuple[int, int], retry_errors: bool = False) -> Iterator[ShardReport]:
        """Compute what is missing of part I of N; the reports of all its shards."""
        shards = part_of(self.manifest.shards, *part)
        wanted = [shard for shard in shards if retry_errors or shard.number not in self._done]
        for _ in self._ready(wanted, InputColumns(), retry_errors):
            pass
        for shard in shards:
            yield self._done[shard.number]

    def close(self) -> None:
        """Forget what was needed to compute."""
        if self._runner.earlier is not None:
            self._runner.earlier.close()

    def some_result(self, record: Record) -> dict[str, Any]:
        """What the model makes of a record that is none of the input."""
        return self._runner.outcomes(0, [record])[0].result or {}

    def _ready(self, shards: Sequence[Shard], columns: InputColumns, retry_errors: bool) -> Iterator[_Ready]:
        """Each shard in turn. One thread reads, two compute: what a shard is made of is read while others compute."""
        if self.manifest.generation and self._runner.earlier is None and self.missing:
            self._runner.earlier = Earlier(self.folder, self.manifest.generation)
        reader = RangeReader(self._job.input, self._files, columns)
        reading = ThreadPoolExecutor(1, "nlpcli-read")
        working = ThreadPoolExecutor(_AT_A_TIME, "nlpcli-shard")
        waiting: deque[Future[_Ready]] = deque()
        coming = iter(shards)
        try:
            while True:
                for shard in islice(coming, _AT_A_TIME + 1 - len(waiting)):
                    records = reading.submit(copy_context().run, reader.read, shard)
                    waiting.append(working.submit(copy_context().run, self._one, shard, records, retry_errors))
                if not waiting:
                    break
                yield waiting.popleft().result()
            reader.close()
        finally:
            for future in waiting:
                future.cancel()
            reading.shutdown(wait=False, cancel_futures=True)
            working.shutdown(wait=False, cancel_futures=True)

    def _one(self, shard: Shard, reading: Future[list[Record]], retry_errors: bool) -> _Ready:
        records = reading.result()
        report = self._done.get(shard.number)
        outcomes = None if report is None else self._kept(report, records)
        if outcomes is None:
            report, outcomes = run_shard(self._runner, self.folder, self.manifest, shard, records)
            self.mark(report)
        elif retry_errors and any(outcome.error is not None for outcome in outcomes):
            outcomes = self._retried(shard, records, outcomes)
        return _Ready(records, outcomes)

    def _kept(self, report: ShardReport, records: Sequence[Record]) -> list[Outcome] | None:
        """What has become of records before; None where it was lost, and has to be computed again."""
        data = self.folder.read_part(report)
        try:
            outcomes = None if data is None else decoded(data)
        except PartBroken:
            outcomes = None
        if outcomes is None or [outcome.key for outcome in outcomes] != self._runner.keys(records):
            log.warning("shard %d is not what was written, and is computed again", report.number)
            return None
        return outcomes

    def _retried(self, shard: Shard, records: Sequence[Record], outcomes: list[Outcome]) -> list[Outcome]:
        """The outcomes, those of records that failed computed again."""
        began = time.monotonic()
        places = [place for place, outcome in enumerate(outcomes) if outcome.error is not None]
        again = self._runner.outcomes(shard.number, [records[place] for place in places], anew=True)
        for place, outcome in zip(places, again, strict=True):
            outcomes[place] = outcome
        data = encoded(outcomes)
        outcomes = decoded(data)
        self.mark(write_shard(self.folder, self.manifest, shard.number, data, outcomes, time.monotonic() - began))
        return outcomes

    def mark(self, report: ShardReport) -> None:
        """A shard is done, wherever it was computed: its part file is in its place."""
        self.folder.mark(report)
        self._done[report.number] = report


def part_of(shards: Sequence[Shard], number: int, count: int) -> Sequence[Shard]:
    """Part `number` (from 1) of `count`: shards that follow each other."""
    return shards[len(shards) * (number - 1) // count : len(shards) * number // count]


def open_job(
    job: Job,
    files: Sequence[InputFile],
    folder: JobFolder,
    resuming: Resuming,
    command: Sequence[str],
    progress: ProgressCallback,
) -> ShardedJob:
    """The job that is kept in `folder`, begun where there is none yet.

    Raises:
        JobChanged: it was begun with something else, which is named.
        JobIncomplete: it is to be put together, and shards are missing.
        NlpcliError: the model cannot be had, or the input cannot be read.
    """
    before = folder.manifest()
    if before is None and resuming.merge:
        raise UsageError(f"there is no job of {quoted(output_of(folder.path))}; see: nlpcli jobs list")
    job = _with_model(job, files)
    model = resolve(job.model.name, job.model.revision, job.model.offline, progress)
    if before is None:
        manifest = _begun(job, files, model, command)
        if not folder.create(manifest):
            before = folder.manifest()
    if before is not None:
        manifest = _checked(job, files, model, before, folder, resuming)
    opened = ShardedJob(job, files, folder, manifest, progress)
    if resuming.merge and opened.missing:
        raise JobIncomplete(
            f"{len(opened.missing):,} of {len(manifest.shards):,} shards are missing"
            f" (the first: {opened.missing[0].number}); compute them with --resume, or their --shard I/N"
        )
    return opened


def _with_model(job: Job, files: Sequence[InputFile]) -> Job:
    """The job with a model that is named; and what is wrong with the input is said before anything is computed."""
    first = list(islice(read_records(job.input, list(files)), _LOOK if job.model.name == AUTO else 1))
    return with_chosen_model(job, Given(first))


def _begun(job: Job, files: Sequence[InputFile], model: LocalModel, command: Sequence[str]) -> Manifest:
    hashes, stamps = model_hashes(model, {}, {})
    shards = _planned(job, files)
    sampled = hasattr(job.options, "seed")
    seed = (secrets.randbits(63) if job.options.seed is None else job.options.seed) if sampled else None
    return Manifest(
        format=1,
        generation=0,
        created=time.time(),
        command=list(command),
        folder=str(Path.cwd()),
        identity=identity_of(job, hashes),
        inputs=facts_of(files),
        compute=_compute_of(job),
        seed=seed,
        model_stamps=stamps,
        records=sum(shard.records for shard in shards),
        shards=shards,
    )


def _planned(job: Job, files: Sequence[InputFile]) -> list[Shard]:
    return list(plan_shards(job.input, files, ShardSize(TASKS[job.task].shard_records, _SHARD_SIZE)))


def _compute_of(job: Job) -> Compute:
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


def _checked(
    job: Job,
    files: Sequence[InputFile],
    model: LocalModel,
    before: Manifest,
    folder: JobFolder,
    resuming: Resuming,
) -> Manifest:
    """The job as it was begun; or as it is now, where its input alone has changed and it is to follow."""
    output = quoted(output_of(folder.path))
    hashes, _ = model_hashes(model, before.identity["model"]["files"], before.model_stamps)
    changed = differences(before, identity_of(job, hashes))
    if changed:
        raise JobChanged(
            f"the job of {output} was begun otherwise: {'; '.join(changed)}; go on as it was begun, or begin anew:"
            f" nlpcli jobs rm {output}"
        )
    facts = facts_of(files, before.inputs)
    changed = input_differences(before.inputs, facts)
    if not changed:
        return before
    if not resuming.update:
        raise JobChanged(
            f"the input of {output} has changed: {_some(changed)}; compute what changed with --update, or begin anew:"
            f" nlpcli jobs rm {output}"
        )
    shards = _planned(job, files)
    after = msgspec.structs.replace(
        before,
        generation=before.generation + 1,
        inputs=facts,
        shards=shards,
        records=sum(shard.records for shard in shards),
        hash="",
    )
    folder.replace(after)
    return after


def _some(changes: Sequence[str], most: int = 3) -> str:
    more = f" and {len(changes) - most:,} more" if len(changes) > most else ""
    return "; ".join(changes[:most]) + more
