"""The student: the model that ships, as low-rank adapters and a head on top of a small encoder."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from nlpcli.device import choose, describe_hardware
from nlpcli.models.reference import Say
from nlpcli.pipelines.windows import pad
from nlpcli.training.low_rank import MasterWeights, Rates, warm_up_and_down, with_adapters
from nlpcli.training.objective import Targets, loss, targets_of
from nlpcli.training.sentiment_data import LABELS, LONGEST_TEXT, Example, as_treebank, batches_by_length

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Attention and feed-forward layers of BERT, and what is new.
_LAYERS = r".*\.(query|key|value|attention\.output\.dense|intermediate\.dense|output\.dense)"
_HEAD = ["classifier", "pooler"]


@dataclass(frozen=True, slots=True)
class StudentRecipe:
    """Everything that the student depends on beside its data."""

    seed: int = 0
    rank: int = 20
    alpha: int = 40
    epochs: int = 3
    batch_tokens: int = 1024
    rate_of_a: float = 1e-3
    rate_of_b: float = 1e-3
    rate_of_head: float = 3e-4
    weight_decay: float = 0.01
    averaging: float = 0.998
    dropout: float = 0.1
    weight_of_rating: float = 0.5
    # The rest is shown as written.
    treebank_share: float = 0.4


class Student:
    """Goes over the examples and leaves trained tensors."""

    def __init__(self, base: Path, recipe: StudentRecipe, say: Say) -> None:
        torch.manual_seed(recipe.seed)
        self._recipe = recipe
        self._say = say
        self._chance = random.Random(recipe.seed)
        self._tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(base)
        model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
            base,
            num_labels=len(LABELS),
            dtype=getattr(torch, choose(describe_hardware(), "cpu").dtype),
            hidden_dropout_prob=recipe.dropout,
            attention_probs_dropout_prob=0.0,
        )
        self._model = with_adapters(model, _LAYERS, _HEAD, recipe.rank, recipe.alpha)
        self._weights = MasterWeights(
            self._model,
            Rates(recipe.rate_of_a, recipe.rate_of_b, recipe.rate_of_head),
            recipe.weight_decay,
            recipe.averaging,
        )

    def learn(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        """The trained tensors by PEFT's names: the running average over the steps."""
        texts = [example.text for example in examples]
        spellings = [self._token_ids(texts), self._token_ids([as_treebank(text) for text in texts])]
        shares = [1 - self._recipe.treebank_share, self._recipe.treebank_share]
        targets = targets_of(examples)
        self._model.train()
        for epoch in range(self._recipe.epochs):
            shown = [self._chance.choices(spelled, shares)[0] for spelled in zip(*spellings, strict=True)]
            self._epoch(epoch, shown, targets)
        return dict(self._weights.use_average())

    def _epoch(self, epoch: int, shown: list[list[int]], targets: Targets) -> None:
        batches = batches_by_length([len(row) for row in shown], self._recipe.batch_tokens, self._chance)
        for number, batch in enumerate(batches):
            inputs = pad([shown[index] for index in batch], self._tokenizer.pad_token_id, torch.device("cpu"))
            logits = self._model(**inputs).logits.float()
            value = loss(logits, targets.of(batch), self._recipe.weight_of_rating)
            value.backward()
            # Every epoch has its own number of batches; the schedule follows the share of the work that is done.
            self._weights.step(warm_up_and_down(epoch * len(batches) + number, self._recipe.epochs * len(batches)))
            if number % 100 == 0:
                self._say(f"student, epoch {epoch + 1}, batch {number} of {len(batches)}: loss {float(value):.3f}")

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        encoded = self._tokenizer(list(texts), truncation=True, max_length=LONGEST_TEXT)
        return encoded["input_ids"]  # type: ignore[no-any-return]
