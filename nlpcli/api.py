"""The public Python API: a task with its model, loaded once, as a function from texts to results.

import nlpcli

embed = nlpcli.load("embed")
embed(["A man eats.", "It rains."])  # [{"embedding": array([...])}, {"embedding": array([...])}]
embed(["A man eats."], dimension=4)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from nlpcli import settings
from nlpcli.engines import local
from nlpcli.engines.job import ComputeSpec, Job, ModelSpec
from nlpcli.errors import UsageError
from nlpcli.models.catalog import catalog
from nlpcli.models.reference import NO_MODEL, NOTHING
from nlpcli.records.inputs import ARGUMENT, InputSpec
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.arrivals import ReadAhead
from nlpcli.tasks.base import Loaded, Loader, loader_of
from nlpcli.tasks.registry import TASKS, needs_model, role_of

Text = str | Mapping[str, Any]
"""A text, or a record: its text is the field `text`, the others are what a template or pairs of sentences ask for."""


@dataclass(frozen=True, slots=True)
class LoadedTask:
    """A task over a loaded pipeline; calls share the pipeline and nothing else, so that threads may call at a time."""

    job: Job
    loaded: Loaded[Any]

    def __call__(self, texts: Iterable[Text], **options: Any) -> list[dict[str, Any]]:
        """The result fields of each text, in order; of a text that cannot be processed `{"error": …}`.

        `options` replace those of `load` for this call.

        Raises:
            UsageError: there is no such option, the model cannot do what it asks for, or it needs another pipeline.
        """
        return list(self.stream(texts, **options))

    def stream(self, texts: Iterable[Text], **options: Any) -> Iterator[dict[str, Any]]:
        """As a call, but each result as soon as it is there; `texts` may be endless."""
        job = replace(self.job, options=_changed(self.job, options))
        for record in self._outgoing(job, texts):
            yield {"error": record.error} if record.result is None else dict(record.result)

    def _outgoing(self, job: Job, texts: Iterable[Text]) -> Iterator[Record]:
        loaded = self.loaded
        if not needs_model(job.options):
            job, loaded = _without_model(job)
        elif loaded.model is NOTHING:
            raise UsageError(f"{job.task} was loaded for what needs no model; load it again with these options")
        elif _loader(job, loaded) != _loader(self.job, loaded):
            raise UsageError(f"{job.task} was loaded for other options; load it again with these")
        compute, hardware = job.compute, local.hardware_for(job)
        execution = local.Execution(hardware, compute.threads or hardware.cores, compute.batch_tokens)
        return local.run_loaded(job, loaded, ReadAhead(_records(texts)), execution)


def load(
    task: str,
    model: str | None = None,
    *,
    revision: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    offline: bool = False,
    threads: int | None = None,
    batch_tokens: int | None = None,
    exact: bool = False,
    **options: Any,
) -> LoadedTask:
    """A task of the command line with its model, fetched first where it is not on this machine.

    `model` is what `-m` takes (default: that of the task); `options` are the fields of the task's dataclass of options,
    such as `tasks.embed.EmbedOptions`.

    Raises:
        UsageError: there is no such task, device, dtype or option.
        ModelError: the model cannot be had or used.
    """
    settings.refuse_unknown([task], TASKS, "nlpcli, as the name of a task")
    compute = ComputeSpec(device, dtype, batch_tokens, threads, exact=exact)
    job = Job(task, TASKS[task].load_module().OPTIONS(), InputSpec(), ModelSpec(NO_MODEL, revision, offline), compute)
    job = replace(job, options=_changed(job, options))
    job = replace(job, model=replace(job.model, name=model or _default_model(job)))
    if not needs_model(job.options):
        return LoadedTask(*_without_model(job))
    placement, _ = local.place(job, local.hardware_for(job))
    return LoadedTask(job, local.load_model(job, placement, local.no_progress))


def _default_model(job: Job) -> str:
    """What the command takes where no model is named."""
    default = catalog().defaults[role_of(job.task, job.options)]
    if job.task != "translate":
        return default
    from nlpcli.models.pairs import model_for

    return model_for(job.options.source, job.options.target, default)


def _loader(job: Job, loaded: Loaded[Any]) -> Loader:
    return loader_of(job.task, job.options, loaded.model, loaded.placement)


def _without_model(job: Job) -> tuple[Job, Loaded[Any]]:
    job = replace(job, model=replace(job.model, name=NO_MODEL))
    placement, _ = local.place(job, local.hardware_for(job))
    return job, local.load_model(job, placement, local.no_progress)


def _changed(job: Job, options: dict[str, Any]) -> Any:
    settings.refuse_unknown(options, {field.name for field in fields(job.options)}, f"{job.task}, as an option")
    return replace(job.options, **options)


def _records(texts: Iterable[Text]) -> Iterator[Record]:
    for number, text in enumerate(texts, start=1):
        fields = {"text": text} if isinstance(text, str) else dict(text)
        yield Record(str(fields.get("text", "")), fields, Origin(ARGUMENT, number))
