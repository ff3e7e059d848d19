"""The one number of a model's answer whose gradient says which attention weights it rests on."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def objective(outputs: Any, produced: Tensor | None) -> Tensor:
    """By what the model answers with.

    An encoder-decoder model: log-probability of the tokens that it produced. A language model: that of the token that
    it holds for the most probable next one. A classifier: the score of its label. A model without a head: the length
    of the mean of its last hidden states.
    """
    logits: Tensor | None = getattr(outputs, "logits", None)
    if logits is None:
        length: Tensor = outputs.last_hidden_state[0].float().mean(0).norm()
        return length
    if produced is not None:
        chosen = torch.log_softmax(logits[0].float(), dim=-1).gather(1, produced[0][:, None])
        return chosen.sum()
    if logits.dim() == 3:
        return torch.log_softmax(logits[0, -1].float(), dim=-1).max()
    return logits[0].float().max()
