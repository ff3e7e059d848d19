"""The student: the model that ships, as low-rank adapters and a head on top of a small encoder."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from nlpcli.models.reference import ProgressCallback
from nlpcli.pipelines.windows import pad
from nlpcli.runtime.device import choose, describe_hardware
from nlpcli.training.likeness import Likeness
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
    rank: int = 16
    alpha: int = 32
    epochs: int = 3
    batch_tokens: int = 1024
    rate_of_a: float = 1e-3
    rate_of_b: float = 1e-3
    rate_of_head: float = 3e-4
    rate_of_likeness: float = 1e-3
    weight_decay: float = 0.01
    averaging: float = 0.996
    dropout: float = 0.1
    weight_of_rating: float = 0.5
    weight_of_likeness: float = 1.0
    treebank_share: float = 0.3


class Taught(NamedTuple):
    """Texts with what the teacher makes of them, and its states of their tokens, (tokens, width) each."""

    examples: Sequence[Example]
    states: Sequence[Tensor]


class _Shown(NamedTuple):
    """A text in one of its spellings: its tokens, the place of what is known of it, and the teacher's states."""

    row: list[int]
    example: int
    states: Tensor | None


class Student:
    """Goes over examples and leaves trained tensors."""

    def __init__(self, base: Path, recipe: StudentRecipe, progress: ProgressCallback) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self._progress = progress
        self._chance = random.Random(recipe.seed)
        self._tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(base)
        model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
            base,
            num_labels=len(LABELS),
            dtype=getattr(torch, choose(describe_hardware(), "cpu").dtype),
            hidden_dropout_prob=recipe.dropout,
            attention_probs_dropout_prob=0.0,
        )
        self._width = model.config.hidden_size
        self._model = with_adapters(model, _LAYERS, _HEAD, recipe.rank, recipe.alpha)

    def learn(self, examples: Sequence[Example], taught: Taught) -> dict[str, Tensor]:
        """The trained tensors by PEFT's names, from people and the teacher: the running average over the steps."""
        recipe = self.recipe
        texts = [example.text for example in examples]
        spellings = [self._token_ids(texts), self._token_ids([as_treebank(text) for text in texts])]
        of_teacher = [
            _Shown(row, len(examples) + place, taught.states[place])
            for place, row in enumerate(self._token_ids([example.text for example in taught.examples]))
        ]
        targets = targets_of([*examples, *taught.examples])
        likeness = Likeness(self._width, taught.states, recipe.rate_of_likeness)
        rates = Rates(recipe.rate_of_a, recipe.rate_of_b, recipe.rate_of_head)
        weights = MasterWeights(self._model, rates, recipe.weight_decay, recipe.averaging)
        self._model.train()
        for epoch in range(recipe.epochs):
            shown = [*self._spelled(spellings), *of_teacher]
            batches = batches_by_length([len(text.row) for text in shown], recipe.batch_tokens, self._chance)
            for number, batch in enumerate(batches):
                value = self._loss([shown[place] for place in batch], targets, likeness)
                value.backward()
                # Every epoch has its own number of batches; the schedule follows the share of the work that is done.
                factor = warm_up_and_down(epoch * len(batches) + number, recipe.epochs * len(batches))
                weights.step(factor)
                likeness.step(factor)
                if number % 50 == 0:
                    of_all = f"epoch {epoch + 1} of {recipe.epochs}, batch {number} of {len(batches)}"
                    self._progress(f"student, {of_all}: loss {value.item():.3f}")
        return dict(weights.use_average())

    def _spelled(self, spellings: Sequence[list[list[int]]]) -> Iterator[_Shown]:
        as_written, treebank = spellings
        for place in range(len(as_written)):
            other = self._chance.random() < self.recipe.treebank_share
            yield _Shown((treebank if other else as_written)[place], place, None)

    def _loss(self, batch: Sequence[_Shown], targets: Targets, likeness: Likeness) -> Tensor:
        inputs = pad([text.row for text in batch], self._tokenizer.pad_token_id, torch.device("cpu"))
        output = self._model(**inputs, output_hidden_states=True)
        of_batch = targets.of([text.example for text in batch])
        value = loss(output.logits.float(), of_batch, self.recipe.weight_of_rating)
        rated = [place for place, text in enumerate(batch) if text.states is not None]
        if not rated:
            return value
        of_teacher = [text.states for text in batch if text.states is not None]
        unlike = likeness.loss(output.hidden_states[-1][rated].float(), of_teacher)
        return value + self.recipe.weight_of_likeness * len(rated) / len(batch) * unlike

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        encoded = self._tokenizer(list(texts), truncation=True, max_length=LONGEST_TEXT)
        return encoded["input_ids"]  # type: ignore[no-any-return]
