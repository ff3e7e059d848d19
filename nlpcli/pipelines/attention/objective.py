"""The one number of a model's answer that methods explain, and the answer without a head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

AnswerKind = Literal["label", "next token", "output", "vector"]


@dataclass(frozen=True, slots=True)
class Objective:
    """`of(outputs)` gives the number for each row (rows,), of the answer that the model gave first.

    An encoder-decoder model: log-probability of the tokens that it produced. A language model: that of the token that
    it holds for the most probable next one (`index`). A classifier: the score of its label (`index`). A model without a
    head: the length of the mean of its last hidden states, in the direction that it has.
    """

    kind: AnswerKind
    index: int | None
    of: Callable[[Any], Tensor]


def objective_of(outputs: Any, produced: Tensor | None) -> Objective:
    """By what the model answers with, in its first row."""
    logits: Tensor | None = getattr(outputs, "logits", None)
    if logits is None:
        mean = outputs.last_hidden_state[0].detach().float().mean(0)
        direction = mean / mean.norm().clamp(min=1e-12)
        return Objective("vector", None, lambda found: found.last_hidden_state.float().mean(1) @ direction)
    if produced is not None:
        return Objective("output", None, lambda found: log_probabilities(found.logits, produced).sum(-1))
    if logits.dim() == 3:
        token = int(logits[0, -1].argmax())
        return Objective("next token", token, lambda found: _last(found.logits)[:, token])
    label = int(logits[0].argmax())
    return Objective("label", label, lambda found: found.logits.float()[:, label])


def log_probabilities(logits: Tensor, produced: Tensor) -> Tensor:
    """(rows, tokens): of the tokens that were produced (1, tokens), in each row of `logits` (rows, tokens, words)."""
    ids = produced.expand(len(logits), -1)[..., None]
    return torch.log_softmax(logits.float(), dim=-1).gather(-1, ids)[..., 0]


def _last(logits: Tensor) -> Tensor:
    return torch.log_softmax(logits[:, -1].float(), dim=-1)
