"""Logits → the next token of each row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a token is drawn; temperature 0 takes the likeliest. `top_k` 0 and `top_p` 1 leave nothing out."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0

    @property
    def is_greedy(self) -> bool:
        """Whether nothing is left to chance."""
        return self.temperature == 0


def generator_for(seed: int, *parts: object) -> torch.Generator:
    """The source of chance of one text: the same for the same `parts`, whatever is computed beside it."""
    import torch

    digest = hashlib.sha256(repr((seed, *parts)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8]) >> 1)


def likeliest(logits: NDArray[np.float32]) -> list[int]:
    """The likeliest token of each row of `logits`, without torch."""
    tokens: list[int] = logits.argmax(axis=-1).tolist()
    return tokens


def next_tokens(logits: Tensor, sampling: Sampling, generators: Sequence[torch.Generator]) -> list[int]:
    """A token for each row of `logits` (rows, vocabulary) float32; each row draws from its own generator."""
    import torch

    if sampling.is_greedy:
        tokens: list[int] = logits.argmax(dim=-1).tolist()
        return tokens
    count = min(sampling.top_k or logits.shape[-1], logits.shape[-1])
    scores, candidates = (logits / sampling.temperature).topk(count, dim=-1)
    probabilities = scores.softmax(dim=-1)
    # Nucleus (Holtzman et al. 2020): the likeliest tokens whose probabilities reach top_p, at least one.
    left_out = probabilities.cumsum(dim=-1) - probabilities >= sampling.top_p
    left_out[:, 0] = False
    cumulated = probabilities.masked_fill(left_out, 0).cumsum(dim=-1)
    chance = torch.stack([torch.rand(1, generator=generator) for generator in generators]).to(logits.device)
    drawn = torch.searchsorted(cumulated, chance * cumulated[:, -1:], right=True).clamp(max=count - 1)
    chosen: list[int] = candidates.gather(1, drawn)[:, 0].tolist()
    return chosen


def penalise_repetition(logits: Tensor, row: int, tokens: Sequence[int], penalty: float) -> None:
    """Make the tokens that the text has already less likely, in place (Keskar et al. 2019, CTRL)."""
    import torch

    seen = torch.tensor(sorted(set(tokens)), device=logits.device)
    scores = logits[row, seen]
    logits[row, seen] = torch.where(scores < 0, scores * penalty, scores / penalty)
