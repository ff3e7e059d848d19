"""transformers' text-generation pipeline, with continuous batching of our own making."""

from __future__ import annotations

from typing import Any

import torch
from transformers import PreTrainedTokenizerBase, TextGenerationPipeline

from nlpcli.models.loading import load_causal_lm, load_tokenizer
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.generation.completer import Completer
from nlpcli.runtime.device import Placement


class GenerationPipeline(Completer, TextGenerationPipeline):  # type: ignore[misc]
    """`pipeline(text)` is as in transformers; `batch`, `request` and `complete` write many texts at once."""

    def __init__(self, *args: Any, name: str = "the model", **kwargs: Any) -> None:
        TextGenerationPipeline.__init__(self, *args, **kwargs)
        Completer.__init__(self, self.model, self.tokenizer, self.device, name)


def load_generation_pipeline(
    model: LocalModel, placement: Placement, tokenizer: PreTrainedTokenizerBase | None = None
) -> GenerationPipeline:
    """The pipeline of a decoder on its device; its tokenizer is loaded where it is not given.

    Raises:
        ModelError: the folder does not hold a model that continues texts, or an unsafe one.
    """
    tokenizer = tokenizer or load_tokenizer(model)
    module = load_causal_lm(model, placement)
    return GenerationPipeline(model=module, tokenizer=tokenizer, device=torch.device(placement.device), name=model.name)
