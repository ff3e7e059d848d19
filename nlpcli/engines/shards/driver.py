"""A job over files that loses nothing: what is done is read back, what is not is computed, and all of it goes out in
order."""

from __future__ import annotations

import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import msgspec

from nlpcli.engines import local
from nlpcli.engines.job import AUTO, Job, Resuming
from nlpcli.engines.model_choice import with_chosen_model
from nlpcli.engines.shards.crew import Crew, Errand, Orders, ShardGivenUp
from nlpcli.engines.shards.earlier import Earlier
from nlpcli.engines.shards.folder import Compute, JobFolder, Manifest, ShardReport, output_of
from nlpcli.engines.shards.identity import differences, facts_of, identity_of, input_differences, model_hashes
from nlpcli.engines.shards.parts import Outcome, encoded
from nlpcli.engines.shards.runner import (
    Given,
    ShardRunner,
    compute_of,
    kept_outcomes,
    retry_shard,
    run_shard,
    write_shard,
)
from nlpcli.errors import NlpcliError, OutputError, UsageError, quoted
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
    """A job whose shards are kept in a folder, computed here or by a crew. Use it within `JobFolder.at_work`."""

    def __init__(
        self,
        job: Job,
        files: Sequence[InputFile],
        folder: JobFolder,
        manifest: Manifest,
        progress: ProgressCallback,
        crew: Crew | None = None,
    ) -> None:
        self.manifest = manifest
        self._crew = crew
        rooted = [replace(file, path=None if file.path is None else file.path.absolute()) for file in files]
        self._orders = Orders(
            job, rooted, folder.path, Path.cwd(), manifest.compute, manifest.hash, manifest.generation
        )
        self.folder = folder
        self._job = job
        self._files = files
        self._done, self.finished = folder.marks(manifest.generation)
        self._progress = progress
        self._runner = ShardRunner(job, manifest.compute, manifest.seed, progress)
        # Each as often as it may be at work.
        self._free: SimpleQueue[ShardRunner] = SimpleQueue()

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
        wanted = [shard for shard in shards if self._is_wanted(shard, retry_errors)]
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
        here = self._crew is None
        if here and self.manifest.generation and self._runner.earlier is None and self.missing:
            self._runner.earlier = Earlier(self.folder, self.manifest.generation)
        runners = self._runners(shards, retry_errors) if here else [self._runner]
        at_a_time = _AT_A_TIME * len(runners)
        self._free = SimpleQueue()
        for runner in runners * _AT_A_TIME:
            self._free.put(runner)
        reader = RangeReader(self._job.input, self._files, columns)
        reading = ThreadPoolExecutor(1, "nlpcli-read")
        working = ThreadPoolExecutor(at_a_time, "nlpcli-shard")
        waiting: deque[Future[_Ready]] = deque()
        coming = self._begun(shards, retry_errors)
        try:
            while True:
                for shard, begun in islice(coming, at_a_time + 1 - len(waiting)):
                    records = reading.submit(copy_context().run, self._read, reader, shard, begun)
                    waiting.append(working.submit(copy_context().run, self._one, shard, records, retry_errors and here))
                if not waiting:
                    break
                yield waiting.popleft().result()
            reader.close()
        finally:
            for future in waiting:
                future.cancel()
            reading.shutdown(wait=False, cancel_futures=True)
            working.shutdown(wait=False, cancel_futures=True)

    def _runners(self, shards: Sequence[Shard], retry_errors: bool) -> list[ShardRunner]:
        """One for each device that the job asks for."""
        devices = [self.manifest.compute.device]
        if devices[0].startswith("cuda") and any(self._is_wanted(shard, retry_errors) for shard in shards):
            hardware = local.hardware_for(self._job)
            devices = [one.device for one in local.all_places(self._job, hardware, local.place(self._job, hardware)[0])]
        return self._runners_on(devices)

    def _runners_on(self, devices: Sequence[str]) -> list[ShardRunner]:
        compute, runners = self.manifest.compute, [self._runner]
        for device in devices[1:]:
            on_device = msgspec.structs.replace(compute, device=device)
            runners.append(ShardRunner(self._job, on_device, self.manifest.seed, self._progress))
            runners[-1].earlier = self._runner.earlier
        return runners

    @contextmanager
    def _borrowed(self) -> Iterator[ShardRunner]:
        """A runner that has time."""
        runner = self._free.get()
        try:
            yield runner
        finally:
            self._free.put(runner)

    def _begun(self, shards: Sequence[Shard], retry_errors: bool) -> Iterator[tuple[Shard, Future[ShardReport] | None]]:
        """Each shard, and its report to come where a crew computes it, which is ahead of whoever takes them."""
        crew, begun = self._crew, dict[int, Future[ShardReport]]()
        wanted = iter([] if crew is None else [shard for shard in shards if self._is_wanted(shard, retry_errors)])
        for shard in shards:
            if crew is not None:
                for each in islice(wanted, max(0, crew.ahead - len(begun))):
                    begun[each.number] = self._ask(each, self._done.get(each.number))
            yield shard, begun.pop(shard.number, None)

    def _is_wanted(self, shard: Shard, retry_errors: bool) -> bool:
        report = self._done.get(shard.number)
        return report is None or (retry_errors and report.failed > 0)

    def _ask(self, shard: Shard, before: ShardReport | None = None) -> Future[ShardReport]:
        assert self._crew is not None
        return self._crew.begin(self._orders, Errand(shard, before))

    def _read(self, reader: RangeReader, shard: Shard, begun: Future[ShardReport] | None) -> list[Record]:
        """The records of a shard that is computed by now, or that is to be computed here."""
        try:
            if begun is not None:
                self.mark(begun.result())
        except ShardGivenUp as problem:
            records = reader.read(shard)
            self._give_up(shard, records, str(problem))
            return records
        return reader.read(shard)

    def _give_up(self, shard: Shard, records: Sequence[Record], problem: str) -> None:
        """Its records failed; what was kept of them before stays."""
        log.warning("shard %d: %s", shard.number, problem)
        if shard.number not in self._done:
            outcomes = [Outcome(key, error=problem) for key in self._runner.keys(records)]
            self.mark(write_shard(self.folder, self.manifest, shard.number, encoded(outcomes), outcomes, 0.0))

    def _one(self, shard: Shard, reading: Future[list[Record]], retry_errors: bool) -> _Ready:
        records = reading.result()
        report = self._done.get(shard.number)
        outcomes = None if report is None else self._kept(report, records)
        if outcomes is None:
            outcomes = self._computed(shard, records)
        elif retry_errors and any(outcome.error is not None for outcome in outcomes):
            with self._borrowed() as runner:
                report, outcomes = retry_shard(runner, self.folder, self.manifest, shard, records, outcomes)
            self.mark(report)
        return _Ready(records, outcomes)

    def _computed(self, shard: Shard, records: list[Record]) -> list[Outcome]:
        if self._crew is None:
            with self._borrowed() as runner:
                report, outcomes = run_shard(runner, self.folder, self.manifest, shard, records)
            self.mark(report)
            return outcomes
        report = self._ask(shard).result()
        self.mark(report)
        read = self._kept(report, records)
        if read is None:
            raise OutputError(
                f"what is computed elsewhere does not come into {quoted(self.folder.path)} here; name an output with -o"
                " on a file system that all machines see"
            )
        return read

    def _kept(self, report: ShardReport, records: Sequence[Record]) -> list[Outcome] | None:
        """What has become of records before; None where it was lost, and has to be computed again."""
        outcomes = kept_outcomes(self.folder, report)
        if outcomes is None or [outcome.key for outcome in outcomes] != self._runner.keys(records):
            log.warning("shard %d is not what was written, and is computed again", report.number)
            return None
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
    crew: Crew | None = None,
) -> ShardedJob:
    """The job that is kept in `folder`, begun where there is none yet; a `crew` computes it, or this process.

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
        manifest = _begun(job, files, model, command, compute_of if crew is None else crew.compute_of)
        if not folder.create(manifest):
            before = folder.manifest()
    if before is not None:
        manifest = _checked(job, files, model, before, folder, resuming)
    opened = ShardedJob(job, files, folder, manifest, progress, crew)
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


def _begun(
    job: Job,
    files: Sequence[InputFile],
    model: LocalModel,
    command: Sequence[str],
    compute_of: Callable[[Job], Compute],
) -> Manifest:
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
        compute=compute_of(job),
        seed=seed,
        model_stamps=stamps,
        records=sum(shard.records for shard in shards),
        shards=shards,
    )


def _planned(job: Job, files: Sequence[InputFile]) -> list[Shard]:
    return list(plan_shards(job.input, files, ShardSize(TASKS[job.task].shard_records, _SHARD_SIZE)))


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
