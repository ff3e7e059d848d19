"""Summarize: documents of any length → a summary, out of sentences of their own or in the model's words."""

from __future__ import annotations

from typing import Any

from nlpcli.models.reference import LocalModel
from nlpcli.models.static.kinds import is_static
from nlpcli.runtime.device import Placement
from nlpcli.tasks.base import BatchTask, Loaded, Loader
from nlpcli.tasks.language_watch import LanguageWatch
from nlpcli.tasks.summary import SummarizeOptions

OPTIONS = SummarizeOptions


def loader(options: SummarizeOptions, model: LocalModel, placement: Placement) -> Loader:  # noqa: ARG001
    """Loads a `Writer`, an `EmbeddingPipeline` or a `StaticPipeline`; `auto` does what the model can."""
    if options.method == "abstractive" or (options.method == "auto" and _writes(model)):
        from nlpcli.pipelines.abstractive import load_writer

        return load_writer
    if is_static(model.folder):
        from nlpcli.pipelines.static import load_static_pipeline

        return load_static_pipeline
    from nlpcli.pipelines.embedding import load_embedding_pipeline

    return load_embedding_pipeline


def make_task(options: SummarizeOptions, loaded: Loaded[Any]) -> BatchTask:
    """The task of one run, as the loaded pipeline does it."""
    watch = LanguageWatch(loaded.model, "summarize")
    if hasattr(loaded.pipeline, "windows_at_sentence_ends"):
        from nlpcli.tasks.summarize_extractive import ExtractiveTask

        return ExtractiveTask(options, loaded.pipeline, watch, loaded.model.name)
    from nlpcli.tasks.summarize_abstractive import AbstractiveTask

    return AbstractiveTask(options, loaded.pipeline, watch)


def _writes(model: LocalModel) -> bool:
    """Whether the model writes text; one that says how its vectors are made is for vectors, whatever it could do."""
    if is_static(model.folder):
        return False
    if (model.folder / "modules.json").is_file():
        return False
    from nlpcli.models.loading import is_writer

    return is_writer(model)
