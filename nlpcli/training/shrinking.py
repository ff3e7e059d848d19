"""A student all of whose weights have learnt → one that is the base model and adapters of low rank.

The changes are cut to low rank (`nlpcli.training.truncation`); then the adapters learn for a while to have every token
in the state that the whole student has it in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrize import register_parametrization
from transformers import AutoTokenizer

from nlpcli.models.reference import Say
from nlpcli.training.lesson import Batch, Lesson, Taught
from nlpcli.training.master_weights import MasterWeights, warm_up_and_down
from nlpcli.training.objective import loss
from nlpcli.training.sentiment_data import Example
from nlpcli.training.student import classifier
from nlpcli.training.truncation import Factors, Moments, truncated

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class ShrinkingRecipe:
    """Everything that the adapters depend on beside the student and its data. `numbers`: how many they have in all."""

    seed: int = 0
    numbers: int = 980_000
    batches_watched: int = 100
    epochs: int = 2
    batch_tokens: int = 1024
    rate: float = 5e-4
    rate_of_head: float = 3e-4
    weight_decay: float = 0.0
    averaging: float = 0.99
    weight_of_targets: float = 1.0
    weight_of_rating: float = 0.5
    weight_of_states: float = 1.0
    treebank_share: float = 0.3


class LowRankChange(nn.Module):  # type: ignore[misc]
    """W → W + B A (Hu et al. 2021, "LoRA"); made once a step, for texts in a batch have more rows than W has.

    PEFT multiplies the inputs by A and by B beside W instead, which takes longer with a rank of its own everywhere.
    """

    def __init__(self, factors: Factors) -> None:
        super().__init__()
        self.lora_A = nn.Parameter(factors.right.contiguous())
        self.lora_B = nn.Parameter(factors.left.contiguous())

    def forward(self, weight: Tensor) -> Tensor:
        """(outputs, inputs) → the same, in its dtype."""
        return weight + self.lora_B.to(weight.dtype) @ self.lora_A.to(weight.dtype)


class Shrinking:
    """Goes from the weights of a student on `base` to an adapter of it."""

    def __init__(self, base: Path, student: Mapping[str, Tensor], recipe: ShrinkingRecipe, say: Say) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self._base, self._say = base, say
        self.whole = classifier(base)
        self._student = student
        self.whole.load_state_dict(student, strict=False)
        self.whole.eval()

    def learn(self, examples: Sequence[Example], taught: Taught) -> dict[str, Tensor]:
        """The adapters and what else the student has of its own, float32, by the adapter file's names."""
        lesson = self.lesson(examples, taught)
        return self.heal(self.cut(lesson), lesson)

    def lesson(self, examples: Sequence[Example], taught: Taught) -> Lesson:
        """What the student learnt from, once more."""
        recipe, tokenizer = self.recipe, AutoTokenizer.from_pretrained(self._base)
        return Lesson(tokenizer, examples, taught, recipe.treebank_share, recipe.batch_tokens, recipe.seed)

    def cut(self, lesson: Lesson) -> PreTrainedModel:
        """The base model with the student's small tensors, and with as much of its matrices as there is room for."""
        small = classifier(self._base)
        was, became = small.state_dict(), self._student
        changed = [name for name, _ in _matrices(small) if f"{name}.weight" in became]
        changes = {name: became[f"{name}.weight"] - was[f"{name}.weight"].float() for name in changed}
        others = [name for name in became if name.removesuffix(".weight") not in changes]
        small.load_state_dict({name: became[name] for name in others}, strict=False)
        room = self.recipe.numbers - sum(became[name].numel() for name in others)
        return _with_factors(small, truncated(changes, self._moments(lesson), room))

    def heal(self, small: PreTrainedModel, lesson: Lesson) -> dict[str, Tensor]:
        """Have it learn from the whole student what was cut off: the running average over the steps."""
        recipe = self.recipe
        rates = {"classifier": recipe.rate_of_head, "": recipe.rate}
        weights = MasterWeights(small, rates, recipe.weight_decay, recipe.averaging)
        small.train()
        for number, batch in enumerate(lesson.batches(recipe.epochs)):
            value = self._loss(small, batch)
            value.backward()
            weights.step(warm_up_and_down(batch.share))
            if number % 50 == 0:
                self._say(f"adapters, {batch.share:.0%}: loss {value.item():.4f}")
        return {_plain(name): tensor for name, tensor in weights.use_average().items()}

    def _loss(self, small: nn.Module, batch: Batch) -> Tensor:
        recipe = self.recipe
        output = small(**batch.inputs, output_hidden_states=True)
        with torch.no_grad():
            whole = self.whole(**batch.inputs, output_hidden_states=True)
        there = batch.inputs.get("attention_mask", torch.ones_like(batch.inputs["input_ids"])).bool()
        states, of_whole = (one.hidden_states[-1].float()[there] for one in (output, whole))
        unlike = functional.mse_loss(states, of_whole) / of_whole.var(0).mean()
        logits, of_whole = (one.logits.float().log_softmax(-1) for one in (output, whole))
        value = functional.kl_div(logits, of_whole, log_target=True, reduction="batchmean")
        value = value + recipe.weight_of_states * unlike
        if recipe.weight_of_targets:
            value = value + recipe.weight_of_targets * loss(
                output.logits.float(), batch.targets, recipe.weight_of_rating
            )
        return value

    def _moments(self, lesson: Lesson) -> Moments:
        moments = Moments(self.whole)
        torch.manual_seed(self.recipe.seed)
        for number, batch in enumerate(lesson.batches(1)):
            if number == self.recipe.batches_watched:
                break
            logits = self.whole(**batch.inputs).logits.float()
            # Fisher's information is of labels that the model itself would give.
            labels = torch.distributions.Categorical(logits=logits.detach()).sample()
            functional.cross_entropy(logits, labels, reduction="sum").backward()
            self.whole.zero_grad()
        moments.stop()
        return moments


def _matrices(model: PreTrainedModel) -> Iterator[tuple[str, nn.Module]]:
    """What gets adapters; the head and whatever is small is kept as it is."""
    for name, module in model.named_modules():
        large = isinstance(module, nn.Linear) or (isinstance(module, nn.Embedding) and module.num_embeddings > 2)
        if large and name != "classifier":
            yield name, module


def _with_factors(model: PreTrainedModel, factors: Mapping[str, Factors]) -> PreTrainedModel:
    """The model with changes of its matrices to learn, in place of the matrices."""
    for name, layer in [*_matrices(model)]:
        layer.weight.requires_grad_(False)
        if name in factors:
            register_parametrization(layer, "weight", LowRankChange(factors[name]))
    return model


def _plain(name: str) -> str:
    return name.replace(".parametrizations.weight.0", "")
