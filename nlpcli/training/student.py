"""The student: a small encoder, all of whose layers learn. `nlpcli.training.shrinking` makes an adapter of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from nlpcli.models.reference import Say
from nlpcli.training.lesson import Batch, Lesson, Taught
from nlpcli.training.likeness import Likeness
from nlpcli.training.master_weights import MasterWeights, fastest_dtype, warm_up_and_down
from nlpcli.training.objective import loss
from nlpcli.training.sentiment_data import LABELS, Example

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class StudentRecipe:
    """Everything that the student depends on beside its data."""

    seed: int = 0
    epochs: int = 3
    batch_tokens: int = 1024
    rate: float = 1.2e-4
    rate_of_head: float = 3e-4
    rate_of_likeness: float = 1e-3
    weight_decay: float = 0.01
    averaging: float = 0.996
    weight_of_rating: float = 0.5
    weight_of_likeness: float = 1.0
    treebank_share: float = 0.3

    @property
    def rates(self) -> dict[str, float]:
        """Learning rates by parts of the parameters' names."""
        return {"classifier": self.rate_of_head, "pooler": self.rate_of_head, "": self.rate}


def classifier(base: Path) -> PreTrainedModel:
    """The encoder in `base` with a new head for the classes, in the dtype that is fastest here; without dropout."""
    return AutoModelForSequenceClassification.from_pretrained(
        base,
        num_labels=len(LABELS),
        dtype=fastest_dtype(),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )


class Student:
    """Goes over examples and leaves weights."""

    def __init__(self, base: Path, recipe: StudentRecipe, say: Say) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self._say = say
        self._base = base
        self._model = classifier(base)
        # What changes in them is of high rank, and would take the room of an adapter away from all else.
        self._model.get_input_embeddings().requires_grad_(False)

    def learn(self, examples: Sequence[Example], taught: Taught) -> dict[str, Tensor]:
        """All weights but those of words, float32, from people and the teacher: the running average over the steps."""
        recipe = self.recipe
        tokenizer = AutoTokenizer.from_pretrained(self._base)
        lesson = Lesson(tokenizer, examples, taught, recipe.treebank_share, recipe.batch_tokens, recipe.seed)
        likeness = Likeness(self._model.config.hidden_size, taught.states, recipe.rate_of_likeness)
        weights = MasterWeights(self._model, recipe.rates, recipe.weight_decay, recipe.averaging)
        self._model.train()
        for number, batch in enumerate(lesson.batches(recipe.epochs)):
            value = self._loss(batch, likeness)
            value.backward()
            factor = warm_up_and_down(batch.share)
            weights.step(factor)
            likeness.step(factor)
            if number % 50 == 0:
                self._say(f"student, {batch.share:.0%}: loss {value.item():.3f}")
        return dict(weights.use_average())

    def _loss(self, batch: Batch, likeness: Likeness) -> Tensor:
        output = self._model(**batch.inputs, output_hidden_states=True)
        value = loss(output.logits.float(), batch.targets, self.recipe.weight_of_rating)
        if not batch.rated:
            return value
        unlike = likeness.loss(output.hidden_states[-1][batch.rated].float(), batch.states)
        return value + self.recipe.weight_of_likeness * len(batch.rated) / len(batch.targets.ratings) * unlike
