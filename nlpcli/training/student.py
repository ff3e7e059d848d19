"""The student: the model that ships, as low-rank adapters and a head on top of a small encoder."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
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
class Lesson:
    """How often the student goes over its examples, and how fast it learns there (times the rates of the recipe).

    `share` is that of the raters' texts which it goes over.
    """

    epochs: int
    pace: float
    averaging: float
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class StudentRecipe:
    """Everything that the student depends on beside its data."""

    seed: int = 0
    rank: int = 16
    alpha: int = 32
    of_people: Lesson = Lesson(epochs=4, pace=1.0, averaging=0.998)
    of_people_and_teacher: Lesson = Lesson(epochs=1, pace=0.5, averaging=0.99, share=0.6)
    batch_tokens: int = 1024
    rate_of_a: float = 1e-3
    rate_of_b: float = 1e-3
    rate_of_head: float = 3e-4
    weight_decay: float = 0.01
    dropout: float = 0.1
    weight_of_rating: float = 0.5
    # Shown twice in each epoch, as written and as the treebank writes: whole opinions in one sentence.
    twice: str = "movieReviewSnippets"
    treebank_share: float = 0.3


class Student:
    """Goes over examples and leaves trained tensors."""

    def __init__(self, base: Path, recipe: StudentRecipe, say: Say) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
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

    def learn(self, examples: Sequence[Example], lesson: Lesson) -> dict[str, Tensor]:
        """The trained tensors by PEFT's names: the running average over the steps of the lesson."""
        texts = [example.text for example in examples]
        spellings = [self._token_ids(texts), self._token_ids([as_treebank(text) for text in texts])]
        targets = targets_of(examples)
        again = [index for index, example in enumerate(examples) if example.source == self.recipe.twice]
        weights = self._weights(lesson)
        self._model.train()
        for epoch in range(lesson.epochs):
            spelling = [self._chance.random() < self.recipe.treebank_share for _ in examples]
            shown = [(index, spellings[spelling[index]][index]) for index in range(len(examples))]
            shown += [(index, spellings[not spelling[index]][index]) for index in again]
            batches = batches_by_length([len(row) for _, row in shown], self.recipe.batch_tokens, self._chance)
            for number, batch in enumerate(batches):
                value = self._loss(
                    [shown[place][1] for place in batch], targets.of([shown[place][0] for place in batch])
                )
                value.backward()
                # Every epoch has its own number of batches; the schedule follows the share of the work that is done.
                weights.step(warm_up_and_down(epoch * len(batches) + number, lesson.epochs * len(batches)))
                if number % 50 == 0:
                    of_all = f"epoch {epoch + 1} of {lesson.epochs}, batch {number} of {len(batches)}"
                    self._say(f"student, {of_all}: loss {value.item():.3f}")
        return dict(weights.use_average())

    def recall(self, trained: Mapping[str, Tensor]) -> None:
        """Take up what `learn` left."""
        self._weights(self.recipe.of_people).use(trained)

    def _weights(self, lesson: Lesson) -> MasterWeights:
        recipe = self.recipe
        rates = [lesson.pace * rate for rate in (recipe.rate_of_a, recipe.rate_of_b, recipe.rate_of_head)]
        return MasterWeights(self._model, Rates(*rates), recipe.weight_decay, lesson.averaging)

    def _loss(self, rows: list[list[int]], targets: Targets) -> Tensor:
        inputs = pad(rows, self._tokenizer.pad_token_id, torch.device("cpu"))
        return loss(self._model(**inputs).logits.float(), targets, self.recipe.weight_of_rating)

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        encoded = self._tokenizer(list(texts), truncation=True, max_length=LONGEST_TEXT)
        return encoded["input_ids"]  # type: ignore[no-any-return]
