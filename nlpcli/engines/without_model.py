"""The engine of tasks that compute without a model: record by record, in this process, without torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nlpcli.engines.job import Job
from nlpcli.errors import NlpcliError, UsageError
from nlpcli.records.finite import finite
from nlpcli.records.record import Record
from nlpcli.runtime.batching import Split
from nlpcli.tasks.base import BatchTask, make_task


def serves(job: Job) -> bool:
    """Whether what the job asks for needs no model, as its options say."""
    return not getattr(job.options, "needs_model", True)


def run(job: Job, records: Iterable[Record], *_: object) -> Iterator[Record]:
    """The outgoing records of `job`, in order, each as soon as it is there."""
    task = make_task(job.task, job.options, None)
    assert isinstance(task, BatchTask)
    return task.reduce(finite(_done(task, record) for record in records))


def _done(task: BatchTask, record: Record) -> Record:
    if record.error is not None:
        return record
    try:
        (split,) = task.split([record])
        joined = task.join(record, split.state, task.run(split.units) if split.units else [])
        while isinstance(joined, Split):
            joined = task.join(record, joined.state, task.run(joined.units) if joined.units else [])
        record.result = joined
    except UsageError:
        raise  # of every record, not of this one
    except NlpcliError as error:
        record.error = str(error)
    return record
