"""Summarize: documents of any length → a summary, out of sentences of their own or in the model's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nlpcli.models.reference import LocalModel
from nlpcli.records.record import Record
from nlpcli.runtime.device import Placement
from nlpcli.tasks.base import BatchTask, Loaded, Loader
from nlpcli.tasks.language_watch import LanguageWatch
from nlpcli.tasks.summary_length import Length, LengthRule
from nlpcli.text.main_content import Markup

Method = Literal["auto", "abstractive", "extractive"]


@dataclass(frozen=True, slots=True)
class SummarizeOptions:
    """What `nlpcli summarize` was asked for. `with_file`: results say which file they are of."""

    length: Length = "medium"
    max_words: int | None = None
    method: Method = "auto"
    bullets: bool = False
    markup: Markup = "auto"
    with_file: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        return {"file": "string", "summary": "string"} if self.with_file else {"summary": "string"}

    @property
    def rule(self) -> LengthRule:
        """How long a summary is to be."""
        return LengthRule(self.length, self.max_words)

    def prose_of(self, record: Record) -> str:
        """What a record says, without the markup around it."""
        from nlpcli.text.main_content import markup_of, prose_of

        return prose_of(record.text, markup_of(self.markup, record.origin.source))

    def result_of(self, record: Record, sentences: Sequence[str]) -> dict[str, Any]:
        """The result fields of a record."""
        file = {"file": record.origin.source} if self.with_file else {}
        return {**file, "summary": summary_of(sentences, self.bullets)}


def summary_of(sentences: Sequence[str], bullets: bool) -> str:
    """The sentences as one text, or as a list of points with one line each."""
    from nlpcli.text.words import space_between

    stripped = [sentence.strip() for sentence in sentences]
    if bullets:
        return "\n".join(f"- {' '.join(sentence.split())}" for sentence in stripped)
    return "".join(sentence + space_between(sentence) for sentence in stripped).strip()


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
