"""The local engine: one process, one model, batches side by side."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from nlpcli.engines.devices import on_all
from nlpcli.engines.exact import one_at_a_time
from nlpcli.engines.job import AUTO, Job
from nlpcli.engines.model_choice import with_chosen_model
from nlpcli.engines.worker_pool import WorkerPool, use_threads
from nlpcli.errors import UsageError
from nlpcli.models.cache import ready_to_load, resolve
from nlpcli.models.reference import NOTHING, ProgressCallback
from nlpcli.models.static.kinds import is_known_to_be_static
from nlpcli.records.finite import finite
from nlpcli.records.keys import key_of
from nlpcli.records.record import Record
from nlpcli.runtime.arrivals import Arrivals, ReadAhead
from nlpcli.runtime.batching import Batcher, RunBatches
from nlpcli.runtime.bench_results import Measurement, find
from nlpcli.runtime.device import (
    Hardware,
    Placement,
    choose,
    choose_all,
    describe_cpu,
    describe_hardware,
    describe_without_torch,
    device_name,
    padded_tokens_per_batch,
    place_lookup,
)
from nlpcli.runtime.repeats import Repeats
from nlpcli.runtime.runs import no_text, say_place, telling
from nlpcli.tasks.base import BatchTask, ContinuousTask, Loaded, TextCallback, load, make_task
from nlpcli.tasks.registry import TASKS, across_records

log = logging.getLogger(__name__)


def no_progress(text: str, fraction: float | None = None) -> None:
    """Shows nothing of what is going on."""


PoolOf = Callable[[BatchTask, str, int, int], RunBatches]
"""What runs the batches of a task on a type of device, with so many threads and so many padded tokens a batch."""


def own_pool(task: BatchTask, device_type: str, threads: int, budget: int) -> RunBatches:  # noqa: ARG001
    """A pool for this run alone."""
    return WorkerPool(device_type, threads, task.decode_slots)


@dataclass(frozen=True, slots=True)
class Execution:
    """What a run computes with, and who is told how it goes.

    `budget`: padded tokens a batch; None leaves it to the device, or to the task. `progress` is told what takes long,
    `on_text` each piece of text that a task writes bit by bit.
    """

    hardware: Hardware
    threads: int
    budget: int | None = None
    progress: ProgressCallback = no_progress
    on_text: TextCallback = no_text
    pool: PoolOf = own_pool


def run(
    job: Job, records: Iterable[Record], progress: ProgressCallback, on_text: TextCallback = no_text
) -> Iterator[Record]:
    """The outgoing records of `job` over `records`, in order; `progress` is told what takes long.

    `on_text` is told each piece of text that a task writes bit by bit.

    Raises:
        NlpcliError: the model cannot be had or used, or the input cannot be read.
    """
    # Reading goes on while the model loads, so that a pipe is not kept waiting.
    source = ReadAhead(records)
    job = with_chosen_model(job, source)
    # The device comes first: a name that is not there costs no download.
    hardware = hardware_for(job)
    placement, best = place(job, hardware)
    threads = job.compute.threads or (best.threads if best else hardware.cores)
    budget = job.compute.batch_tokens or (best.batch_tokens if best else None)
    execution = Execution(hardware, threads, budget, progress, on_text)
    placements = all_places(job, hardware, placement)
    loaded = [load_model(job, each, progress) for each in placements]
    tell_place(job, *loaded)
    if len(loaded) > 1:
        yield from run_on_all(job, loaded, source, execution)
    else:
        yield from run_loaded(job, loaded[0], source, execution)


def all_places(job: Job, hardware: Hardware, first: Placement) -> list[Placement]:
    """Every device that a job asks for; `first` is that of a job which runs on one."""
    several = first.device_type == "cuda" and not across_records(job.options)
    placements = choose_all(hardware, job.compute.device, job.compute.dtype) if several else []
    if len(placements) < 2:
        return [first]
    # What bench found for one of them holds for all.
    measured = job.compute.dtype == "auto" and first.dtype != choose(hardware, first.device).dtype
    return [replace(first, device=one.device, dtype=first.dtype if measured else one.dtype) for one in placements]


def run_on_all(job: Job, loaded: Sequence[Loaded[Any]], source: Arrivals, execution: Execution) -> Iterator[Record]:
    """As `run_loaded`, by the same model on several devices; texts are given when they are whole."""
    unseen = replace(execution, progress=no_progress, on_text=no_text)

    def on_one(one: Loaded[Any], share: Arrivals) -> Iterator[Record]:
        return _run_one(job, one, make_task(job.task, job.options, one), share, unseen)

    reducing = make_task(job.task, job.options, loaded[0])
    yield from reducing.reduce(finite(on_all(loaded, source, on_one)))


def run_loaded(job: Job, loaded: Loaded[Any], source: Arrivals, execution: Execution) -> Iterator[Record]:
    """The outgoing records of `job` by a pipeline that other runs may be using."""
    # Also for what the task computes before its first batch: sums depend on the number of threads in their last digit.
    use_threads(1 if job.compute.exact else execution.threads)
    task = make_task(job.task, job.options, loaded)
    yield from task.reduce(finite(_run_one(job, loaded, task, source, execution)))


def _run_one(
    job: Job, loaded: Loaded[Any], task: BatchTask | ContinuousTask, source: Arrivals, execution: Execution
) -> Iterator[Record]:
    """Every record with its result, as `process`; what comes again is computed once."""
    with _repeats_of(job, loaded, task) as repeats:
        yield from process(task, source, loaded.placement, execution, repeats, exact=job.compute.exact)


def can_repeat(job: Job) -> bool:
    """Whether the same text gives the same result: nothing is drawn by chance."""
    return bool(getattr(job.options, "greedy", True))


@contextmanager
def _repeats_of(job: Job, loaded: Loaded[Any], task: BatchTask | ContinuousTask) -> Iterator[Repeats | None]:
    """What need not be computed again in this run."""
    dedupe, cache = job.compute.dedupe, job.compute.cache is not None and not across_records(job.options)
    if not (dedupe or cache) or not isinstance(task, BatchTask) or not can_repeat(job):
        yield None
        return
    key = partial(key_of, whole=job.input.whole, named=TASKS[job.task].reads_name)
    if not cache:
        yield Repeats(key)
        return
    from nlpcli.engines.result_cache import opened

    with opened(job, loaded) as kept:
        yield Repeats(key, kept, alike=dedupe)


def process(
    task: BatchTask | ContinuousTask,
    source: Arrivals,
    placement: Placement,
    execution: Execution,
    repeats: Repeats | None = None,
    exact: bool = False,
) -> Iterator[Record]:
    """Every record of `source` with its result; `exact`: each text is computed by itself, in one thread."""
    if isinstance(task, ContinuousTask):
        use_threads(1 if exact else execution.threads)
        # One row is always allowed.
        return task.process(source, 1 if exact else execution.budget, execution.on_text)
    tokens = execution.budget or task.batch_tokens or padded_tokens_per_batch(execution.hardware, placement)
    workers = execution.pool(task, placement.device_type, execution.threads, tokens)
    if exact:
        workers = one_at_a_time(workers)

    def tell(done: int, total: int) -> None:
        execution.progress(f"window {done:,} of {total:,}")

    return Batcher(task, tokens, workers, tell, task.computing, repeats).process(source)


def hardware_for(job: Job) -> Hardware:
    """What there is for a job to run on. Imports torch, unless the model is known to need none."""
    if is_known_to_be_static(job.model.name):
        return describe_cpu()
    # A decoder that was converted for ONNX Runtime begins before torch would be imported.
    return (describe_without_torch() if job.task == "generate" else None) or describe_hardware()


def place(job: Job, hardware: Hardware) -> tuple[Placement, Measurement | None]:
    """Device and dtype of a job, and what `nlpcli bench` found to be the fastest for it, where it was asked.

    Raises:
        UsageError: no machine has such a device or dtype.
        DeviceError: this machine does not have the device.
    """
    if is_known_to_be_static(job.model.name):
        placement = place_lookup(job.compute.device, job.compute.dtype)
    else:
        placement = choose(hardware, job.compute.device, job.compute.dtype)
    if placement.warning:
        log.warning("%s", placement.warning)
    best = find(job.task, job.model.name, placement.device, device_name(hardware, placement.device))
    if best is not None and job.compute.dtype == "auto":
        measured = choose(hardware, placement.device, best.dtype)
        placement = replace(measured, dtype_reason=f"measured by nlpcli bench, {best.day}")
    return placement, best


def tell_place(job: Job, *loaded: Loaded[Any]) -> None:
    """Say to who counts what this run uses which model computes it, on which devices and in which precision."""
    if loaded[0].model is not NOTHING:
        devices = ", ".join(one.placement.device for one in loaded)
        say_place(job.model.name, devices, loaded[0].precision.name)


def load_model(job: Job, placement: Placement, progress: ProgressCallback) -> Loaded[Any]:
    """The pipeline of a job, its model fetched first where it is not on this machine.

    Raises:
        ModelError: the model cannot be had or used.
    """
    if job.model.name == AUTO:
        raise UsageError('"auto" chooses a model by the texts of a run; name the one to load')
    progress(f"loading {job.model.name}")
    model = ready_to_load(resolve(job.model.name, job.model.revision, job.model.offline, progress), progress)
    log.info("%s: %s", placement.device, placement.device_reason)
    with telling(progress):
        return load(job.task, job.options, model, placement)
