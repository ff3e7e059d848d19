"""The local engine: one process, one model, batches side by side."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from nlpcli.batching import Batcher, ReadAhead
from nlpcli.device import Hardware, Placement, choose, describe_hardware, padded_tokens_per_batch
from nlpcli.engines.job import ComputeSpec, Job
from nlpcli.engines.lanes import Lanes, use_threads
from nlpcli.models.cache import ready_to_load, resolve
from nlpcli.models.reference import Say
from nlpcli.records.record import Record
from nlpcli.tasks.base import ContinuousTask, Hear, Task, load_task

log = logging.getLogger(__name__)


def _nobody(record: Record, piece: str) -> None:
    """Hears nothing."""


def run(job: Job, records: Iterable[Record], say: Say, hear: Hear = _nobody) -> Iterator[Record]:
    """The outgoing records of `job` over `records`, in order; `say` is told what takes long.

    `hear` is told each piece of text that a task writes bit by bit.

    Raises:
        NlpcliError: the model cannot be had or used, or the input cannot be read.
    """
    # Reading goes on while the model loads, so that a pipe is not kept waiting.
    source = ReadAhead(records)
    task, placement, hardware = _load(job, say)
    threads = job.compute.threads or hardware.cores
    if isinstance(task, ContinuousTask):
        use_threads(threads)
        yield from task.reduce(task.process(source, job.compute.batch_tokens, hear))
        return
    budget = job.compute.batch_tokens or padded_tokens_per_batch(hardware, placement)
    batcher = Batcher(task, budget, Lanes(placement.device_type, threads))
    yield from task.reduce(batcher.process(source))


def _load(job: Job, say: Say) -> tuple[Task | ContinuousTask, Placement, Hardware]:
    # The device comes first: a name that is not there costs no download.
    hardware = describe_hardware()
    placement = choose(hardware, job.compute.device, job.compute.dtype)
    say(f"loading {job.model.name}")
    model = ready_to_load(resolve(job.model.name, job.model.revision, job.model.offline, say), say)
    log.info("%s in %s: %s, %s", placement.device, placement.dtype, placement.device_reason, placement.dtype_reason)
    _seed(job.compute)
    return load_task(job.task, job.options, model, placement), placement, hardware


def _seed(compute: ComputeSpec) -> None:
    if compute.seed is not None:
        import torch

        torch.manual_seed(compute.seed)
