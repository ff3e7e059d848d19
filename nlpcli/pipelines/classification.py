"""Text → probability of each label, as transformers' text-classification pipeline has it, in batches of its own making.

That pipeline takes one text at a time unless told otherwise, fails on (or cuts) a text that is longer than the model
takes, and takes a second to import. Here the unit is a window of token ids that ends where a sentence ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.models.encoders import load_classifier, load_tokenizer
from nlpcli.models.preparing import longest_input
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.attribution.embeddings import WordEmbeddings
from nlpcli.pipelines.attribution.evidence import Evidence
from nlpcli.pipelines.labels import Meaning, label_names, meaning_of
from nlpcli.pipelines.windows import Window, Windows, rows_for
from nlpcli.runtime.device import Placement

Probabilities = np.ndarray[Any, np.dtype[np.float32]]


class ClassificationPipeline:
    """`windows` and `classify` label texts in batches and cut nothing."""

    def __init__(self, model: Any, tokenizer: Any, device: torch.device, label_names: tuple[str, ...]) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.device = device
        config = model.config
        self.labels = label_names
        self.meaning: Meaning = meaning_of(config)
        self._windows = Windows(self.tokenizer, longest_input(config, self.tokenizer))
        self._rows = rows_for(self.model)
        if config.pad_token_id is None:
            # Decoders find the end of a text by its padding.
            config.pad_token_id = self._windows.padding

    @property
    def longest_input(self) -> int:
        """How many tokens the model takes at a time."""
        return self._windows.longest_input

    def windows(self, texts: Sequence[str]) -> list[list[Window]]:
        """The windows of each text; every text has at least one."""
        return self._windows.at_sentence_ends(texts)

    def cost(self, window: Window) -> int:
        """The tokens that a window costs."""
        return len(window)

    def classify(self, windows: Sequence[Window]) -> Probabilities:
        """(windows, labels) float32: rows sum to 1, or each number is a probability of its own (see `meaning`)."""
        with torch.inference_mode():
            logits = self._logits(self._rows(windows))[: len(windows)].float()
            probabilities: Probabilities = _PROBABILITIES[self.meaning](logits).cpu().numpy()
            return probabilities

    def places(self, text: str, windows: Sequence[Window]) -> list[list[tuple[int, int] | None]]:
        """Where the tokens of each window of a text stand in it."""
        return self._windows.places(text, windows, whole=False)

    def evidence(self, window: Window) -> Evidence:
        """The logits of a window, to take gradients of."""
        ids = torch.tensor(window, device=self.device)
        embeddings = WordEmbeddings(self.model)

        def logits(points: Tensor) -> Tensor:
            with embeddings.replaced(ids, points):
                found: Tensor = self.model(input_ids=ids.expand(len(points), -1)).logits.float()
            return found

        return Evidence(self.tokenizer, window, embeddings.of, logits)

    def _logits(self, windows: Sequence[Window]) -> Tensor:
        logits: Tensor = self.model(**self._windows.collate(windows, self.device)).logits
        return logits


def _softmax(logits: Tensor) -> Tensor:
    return torch.softmax(logits, dim=-1)


def _unchanged(logits: Tensor) -> Tensor:
    return logits


_PROBABILITIES = {
    Meaning.ONE_OF: _softmax,
    Meaning.ANY_OF: torch.sigmoid,
    Meaning.NUMBER: _unchanged,
}


def load_classification_pipeline(model: LocalModel, placement: Placement) -> ClassificationPipeline:
    """The pipeline of a classifier on its device.

    Raises:
        ModelError: the folder does not hold a classifier, or an unsafe one.
    """
    tokenizer = load_tokenizer(model)
    module: Any = load_classifier(model, placement)
    if module.config.num_labels < 1:
        raise ModelUnusable(f"{quoted(model.name)} has no labels; choose a classifier")
    return ClassificationPipeline(
        model=module,
        tokenizer=tokenizer,
        device=torch.device(placement.device),
        label_names=label_names(module.config, model.name),
    )
