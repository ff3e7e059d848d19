"""The pipelines that transformers v5 removed: code written for v4 runs again after `import nlpcli.pipelines.v4`.

import nlpcli.pipelines.v4
from transformers import pipeline

summarize = pipeline("summarization", model="facebook/bart-large-cnn")
summarize("…")  # [{"summary_text": "…"}]
"""

from __future__ import annotations

from typing import NamedTuple

import transformers.pipelines
from transformers import AutoModelForSeq2SeqLM
from transformers.pipelines import PIPELINE_REGISTRY

from nlpcli.pipelines.summarization import SummarizationPipeline
from nlpcli.pipelines.text2text import ReturnType, Text2TextGenerationPipeline

__all__ = ["ReturnType", "SummarizationPipeline", "Text2TextGenerationPipeline"]


class _Removed(NamedTuple):
    """A pipeline, and the model and revision that v4 took where none was named."""

    pipeline_class: type
    model: str
    revision: str


_TASKS = {
    "text2text-generation": _Removed(Text2TextGenerationPipeline, "google-t5/t5-base", "a9723ea"),
    "summarization": _Removed(SummarizationPipeline, "sshleifer/distilbart-cnn-12-6", "a4f8f3e"),
}


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


_register()
