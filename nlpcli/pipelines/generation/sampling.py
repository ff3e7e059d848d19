"""Logits → the next token of each row, by torch or, where nothing else needs that, by numpy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nlpcli.models.decoders.base import Logits

if TYPE_CHECKING:
    from torch import Tensor

# torch draws a float32 of so many values.
_DRAWN = 1 << 24


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a token is drawn; temperature 0 takes the likeliest. `top_k` 0 and `top_p` 1 leave nothing out."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0

    @property
    def is_greedy(self) -> bool:
        """Whether decoding is greedy: nothing is drawn."""
        return self.temperature == 0


class RandomGenerator:
    """Numbers from 0 to 1, those that `torch.rand` draws one by one of a generator with this seed."""

    def __init__(self, seed: int) -> None:
        # Both are the Mersenne Twister (Matsumoto and Nishimura 1998), seeded by 32 bits.
        self._twister = np.random.RandomState(seed & 0xFFFFFFFF)

    def draw(self) -> float:
        """The next number; 1 never comes."""
        return float(self._twister.randint(_DRAWN)) / _DRAWN


def generator_for(seed: int, *parts: object) -> RandomGenerator:
    """The per-sequence random generator: the same for the same `parts`, whatever is computed beside it."""
    digest = hashlib.sha256(repr((seed, *parts)).encode()).digest()
    return RandomGenerator(int.from_bytes(digest[:8]) >> 1)


def next_tokens(logits: Logits, sampling: Sampling, generators: Sequence[RandomGenerator]) -> list[int]:
    """A token for each row of `logits` (rows, vocabulary) float32; each row draws from its own generator."""
    if sampling.is_greedy:
        tokens: list[int] = logits.argmax(-1).tolist()
        return tokens
    if isinstance(logits, np.ndarray):
        # Rows that are not all numbers are for the caller to see.
        with np.errstate(invalid="ignore"):
            return [_drawn(row, sampling, each.draw()) for row, each in zip(logits, generators, strict=True)]
    return _drawn_by_torch(logits, sampling, [each.draw() for each in generators])


def _drawn(logits: NDArray[np.float32], sampling: Sampling, uniform: float) -> int:
    """A token of `logits` (vocabulary); `uniform` is a random number from 0 to 1."""
    scores = logits / np.float32(sampling.temperature)
    candidates = np.arange(len(scores))
    if 0 < sampling.top_k < len(scores):
        candidates = np.argpartition(scores, -sampling.top_k)[-sampling.top_k :]
    # Of tokens that are as likely the first one comes first.
    candidates = candidates[np.lexsort((candidates, -scores[candidates]))]
    likelihoods = np.exp(scores[candidates] - scores[candidates[0]])
    probabilities = likelihoods / likelihoods.sum()
    # Nucleus (Holtzman et al. 2020): the likeliest tokens whose probabilities reach top_p, at least one.
    before = np.concatenate([[0.0], probabilities.cumsum(dtype=np.float64)[:-1]])
    count = max(1, int(np.searchsorted(before, sampling.top_p)))
    cumulated = probabilities[:count].cumsum(dtype=np.float64)
    place = np.searchsorted(cumulated, uniform * cumulated[-1], side="right")
    return int(candidates[min(int(place), count - 1)])


def _drawn_by_torch(logits: Tensor, sampling: Sampling, uniform: Sequence[float]) -> list[int]:
    """As `_drawn`, of all rows at once, where they are."""
    import torch

    count = min(sampling.top_k or logits.shape[-1], logits.shape[-1])
    scores, candidates = (logits / sampling.temperature).topk(count, dim=-1)
    probabilities = scores.softmax(dim=-1)
    left_out = probabilities.cumsum(dim=-1) - probabilities >= sampling.top_p
    left_out[:, 0] = False
    cumulated = probabilities.masked_fill(left_out, 0).cumsum(dim=-1)
    drawn_from = torch.tensor(uniform, dtype=torch.float32, device=logits.device)[:, None]
    drawn = torch.searchsorted(cumulated, drawn_from * cumulated[:, -1:], right=True).clamp(max=count - 1)
    chosen: list[int] = candidates.gather(1, drawn)[:, 0].tolist()
    return chosen


def are_numbers(logits: Logits) -> list[bool]:
    """Of each row, whether all its logits are numbers."""
    if isinstance(logits, np.ndarray):
        return [not row.any() for row in np.isnan(logits)]
    found: list[bool] = (~logits.isnan().any(dim=1)).tolist()
    return found


def penalise_repetition(logits: Logits, row: int, tokens: Sequence[int], penalty: float) -> None:
    """Make the tokens that the text has already less likely, in place (Keskar et al. 2019, CTRL)."""
    seen = sorted(set(tokens))
    scores = logits[row, seen]
    if isinstance(logits, np.ndarray):
        logits[row, seen] = np.where(scores < 0, scores * np.float32(penalty), scores / np.float32(penalty))
        return
    import torch

    logits[row, seen] = torch.where(scores < 0, scores * penalty, scores / penalty)


def forbid(logits: Logits, row: int, allowed: NDArray[np.bool_]) -> None:
    """Give every token that is not `allowed`, or beyond that, the logit -inf, in place."""
    forbidden = np.ones(logits.shape[1], bool)
    forbidden[: len(allowed)] = ~allowed[: len(forbidden)]
    if isinstance(logits, np.ndarray):
        logits[row, forbidden] = -np.inf
        return
    import torch

    logits[row].masked_fill_(torch.from_numpy(forbidden).to(logits.device), -torch.inf)
