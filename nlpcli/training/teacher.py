"""The teacher: a larger encoder that learns from the raters and then rates what they have not seen.

It is sentence-transformers/all-mpnet-base-v2. Its lower layers stay as they are, so that each text goes through them
once; only the upper ones learn.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer

from nlpcli.models.reference import ProgressCallback
from nlpcli.training.answers import Answers
from nlpcli.training.low_rank import MasterWeights, Rates, with_adapters
from nlpcli.training.objective import targets_of
from nlpcli.training.sentiment_data import LABELS, LONGEST_TEXT, Example, as_treebank, by_length
from nlpcli.training.upper_layers import batches_of_epochs, learn_from_states, padded

if TYPE_CHECKING:
    from transformers import MPNetModel, PreTrainedTokenizerBase

_LAYERS = r".*layers\.\d+\..*\.(q|k|v|o|dense)"
_TOKENS_WITHOUT_GRADIENTS = 1024


@dataclass(frozen=True, slots=True)
class TeacherRecipe:
    """Everything that the teacher depends on beside its data."""

    seed: int = 0
    frozen_layers: int = 6
    rank: int = 16
    alpha: int = 32
    sources: tuple[str, ...] = ("movieReviewSnippets", "amazonReviewSnippets")
    epochs: int = 1
    batch_tokens: int = 1024
    rate_of_adapters: float = 6e-4
    rate_of_head: float = 3e-4
    weight_decay: float = 0.01
    warm_up: float = 0.1
    # The running average over the steps calms the end; the rate need not fall to nothing.
    last_rate: float = 0.42
    averaging: float = 0.99
    dropout: float = 0.1
    weight_of_rating: float = 0.5
    treebank_share: float = 0.5


class Teacher:
    """The encoder in `folder` with a head for the classes."""

    def __init__(self, folder: Path, recipe: TeacherRecipe, progress: ProgressCallback) -> None:
        torch.manual_seed(recipe.seed)
        self._recipe = recipe
        self._progress = progress
        self._chance = random.Random(recipe.seed)
        self._tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
        model: MPNetModel = AutoModel.from_pretrained(
            folder, dtype=torch.float32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
        model.eval().requires_grad_(False)
        self._embeddings = model.embeddings
        self._lower = _Layers(model, slice(recipe.frozen_layers))
        upper = _Upper(model, slice(recipe.frozen_layers, None), recipe.dropout)
        self._upper = with_adapters(upper, _LAYERS, ["head"], recipe.rank, recipe.alpha)
        self._weights = MasterWeights(
            self._upper,
            Rates(recipe.rate_of_adapters, recipe.rate_of_adapters, recipe.rate_of_head),
            recipe.weight_decay,
            recipe.averaging,
        )

    def learn(self, examples: Sequence[Example], path: Path) -> None:
        """Learn from what people said, and store that in `path`."""
        recipe = self._recipe
        chosen = [example for example in examples if example.source in recipe.sources]
        states = self._lower_states([self._spelled(example.text) for example in chosen])
        learn_from_states(
            self._upper,
            self._weights,
            targets_of(chosen),
            batches_of_epochs([len(state) for state in states], recipe, self._chance),
            lambda batch: padded([states[index].float() for index in batch]),
            recipe,
            lambda text: self._progress(f"teacher, {text}"),
        )
        save_file({name: tensor.contiguous() for name, tensor in self._weights.use_average().items()}, path)

    def recall(self, path: Path) -> None:
        """Take up what `learn` stored."""
        self._weights.use(load_file(path))

    def answers(self, texts: Sequence[str]) -> Answers:
        """What it says of the texts, and the states of their tokens."""
        self._upper.eval()
        rows = self._token_ids(texts)
        logits = torch.zeros(len(rows), len(LABELS))
        states = [torch.empty(0)] * len(rows)
        batches = by_length([len(row) for row in rows], _TOKENS_WITHOUT_GRADIENTS)
        for number, batch in enumerate(batches):
            with torch.inference_mode():
                hidden, mask = self._through_lower([rows[index] for index in batch])
                hidden = self._upper.base_model.model.states(hidden, mask)
                logits[batch] = self._upper.base_model.model.judged(hidden, mask)
            for index, state in zip(batch, hidden, strict=True):
                states[index] = state[: len(rows[index])].half()
            if number % 50 == 0:
                self._progress(f"teacher, answers {number} of {len(batches)}")
        return Answers(list(texts), logits, states)

    def _spelled(self, text: str) -> str:
        return as_treebank(text) if self._chance.random() < self._recipe.treebank_share else text

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        encoded = self._tokenizer(list(texts), truncation=True, max_length=LONGEST_TEXT)
        return encoded["input_ids"]  # type: ignore[no-any-return]

    def _lower_states(self, texts: Sequence[str]) -> list[Tensor]:
        """(tokens, width) float16 for each text: what the upper layers read."""
        rows = self._token_ids(texts)
        states = [torch.empty(0)] * len(rows)
        batches = by_length([len(row) for row in rows], _TOKENS_WITHOUT_GRADIENTS)
        for number, batch in enumerate(batches):
            with torch.no_grad():
                hidden, _ = self._through_lower([rows[index] for index in batch])
            for index, state in zip(batch, hidden, strict=True):
                states[index] = state[: len(rows[index])].half()
            if number % 50 == 0:
                self._progress(f"teacher, lower layers {number} of {len(batches)}")
        return states

    def _through_lower(self, rows: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
        hidden, mask = padded([self._embeddings(torch.tensor([row]))[0] for row in rows])
        return self._lower(hidden, mask), mask


class _Layers(nn.Module):  # type: ignore[misc]
    """Some layers of an MPNet: hidden states (texts, tokens, width) and mask (texts, tokens) → hidden states."""

    position_bias: Tensor

    def __init__(self, model: MPNetModel, which: slice) -> None:
        super().__init__()
        self.layers = model.encoder.layer[which]
        # It depends on distances alone: that of the longest text holds those of all others.
        bias = model.encoder.compute_position_bias(torch.zeros(1, LONGEST_TEXT, 1))
        self.register_buffer("position_bias", bias.detach(), persistent=False)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        length = hidden.shape[1]
        bias = self.position_bias[:, :, :length, :length]
        away = (1 - mask)[:, None, None, :] * torch.finfo(hidden.dtype).min
        for layer in self.layers:
            hidden = layer(hidden, away, bias)[0]
        return hidden


class _Upper(_Layers):
    """Layers and the head: hidden states → logits, from the mean over the tokens, as the encoder was trained."""

    def __init__(self, model: MPNetModel, which: slice, dropout: float) -> None:
        super().__init__(model, which)
        width = model.config.hidden_size
        self.head = nn.Sequential(
            nn.Linear(width, width), nn.Tanh(), nn.Dropout(dropout), nn.Linear(width, len(LABELS))
        )

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        return self.judged(self.states(hidden, mask), mask)

    def states(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """The hidden states of the last layer."""
        return super().forward(hidden, mask)

    def judged(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Logits from the hidden states of the last layer."""
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return self.head(mean)
