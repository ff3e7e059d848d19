"""The pipelines that transformers v5 removed: code written for v4 runs again after `import nlpcli.pipelines.v4`.

import nlpcli.pipelines.v4
from transformers import pipeline

summarize = pipeline("summarization", model="facebook/bart-large-cnn")
summarize("…")  # [{"summary_text": "…"}]

`summarization` and `translation` stand on `text2text`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import transformers.pipelines
from transformers import AutoModelForSeq2SeqLM
from transformers.pipelines import PIPELINE_REGISTRY

from nlpcli.pipelines.v4.summarization import SummarizationPipeline
from nlpcli.pipelines.v4.text2text import ReturnType, Text2TextGenerationPipeline
from nlpcli.pipelines.v4.translation import TranslationPipeline

__all__ = ["ReturnType", "SummarizationPipeline", "Text2TextGenerationPipeline", "TranslationPipeline"]


class _Removed(NamedTuple):
    """A pipeline, and the model and revision that v4 took where none was named."""

    pipeline_class: type
    model: str
    revision: str


_TASKS = {
    "text2text-generation": _Removed(Text2TextGenerationPipeline, "google-t5/t5-base", "a9723ea"),
    "summarization": _Removed(SummarizationPipeline, "sshleifer/distilbart-cnn-12-6", "a4f8f3e"),
    "translation": _Removed(TranslationPipeline, "google-t5/t5-base", "a9723ea"),
}
_PAIR = re.compile(r"translation_[^_]+_to_[^_]+")


class _Aliases(dict[str, str]):
    """transformers' aliases of tasks, and every `translation_xx_to_yy` as one of `translation`."""

    def __contains__(self, task: object) -> bool:
        return super().__contains__(task) or (isinstance(task, str) and _PAIR.fullmatch(task) is not None)

    def __missing__(self, task: str) -> str:
        return "translation"


def _register() -> None:
    # v5 refuses these names before it looks into the registry (from 5.23 on it has a table of them).
    refused = getattr(transformers.pipelines, "REMOVED_TASKS", {})
    for task, removed in _TASKS.items():
        refused.pop(task, None)
        PIPELINE_REGISTRY.register_pipeline(
            task,
            pipeline_class=removed.pipeline_class,
            pt_model=AutoModelForSeq2SeqLM,
            default={"model": (removed.model, removed.revision)},
            type="text",
        )
    PIPELINE_REGISTRY.task_aliases = _Aliases(PIPELINE_REGISTRY.task_aliases)


_register()
