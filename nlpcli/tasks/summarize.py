"""Summarize: documents of any length → a summary, out of sentences of their own or in the model's words."""

from __future__ import annotations

from typing import Any

from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Placement
from nlpcli.tasks.base import BatchTask, Loaded, Loader
from nlpcli.tasks.language_watch import LanguageWatch
from nlpcli.tasks.summary import SummarizeOptions

OPTIONS = SummarizeOptions


def loader(options: SummarizeOptions, model: LocalModel, placement: Placement) -> Loader:  # noqa: ARG001
    """Loads a `Writer` or an `EmbeddingPipeline`; `auto` does what the model can."""
    if options.method == "abstractive" or (options.method == "auto" and _writes(model)):
        from nlpcli.pipelines.abstractive import load_writer

        return load_writer
    from nlpcli.pipelines.embedding import load_embedding_pipeline

    return load_embedding_pipeline


def make_task(options: SummarizeOptions, loaded: Loaded[Any]) -> BatchTask:
    """The task of one run, as the loaded pipeline does it."""
    from nlpcli.pipelines.embedding import EmbeddingPipeline

    watch = LanguageWatch(loaded.model)
    if isinstance(loaded.pipeline, EmbeddingPipeline):
        from nlpcli.tasks.summarize_extractive import ExtractiveTask

        return ExtractiveTask(options, loaded.pipeline, watch)
    from nlpcli.tasks.summarize_abstractive import AbstractiveTask

    return AbstractiveTask(options, loaded.pipeline, watch)


def _writes(model: LocalModel) -> bool:
    """Whether the model writes text; one that says how its vectors are made is for vectors, whatever it could do."""
    from nlpcli.models.loading import is_writer

    return not (model.folder / "modules.json").is_file() and is_writer(model)
