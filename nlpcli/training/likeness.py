"""The student's states of tokens are to say what the teacher's say.

A rating is one number a text; the states behind it are hundreds a token (Jiao et al. 2020, "TinyBERT"). Both encoders
cut texts into the same word pieces, so that token stands beside token. The linear map between them is thrown away.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pad_sequence


class Likeness:
    """Learns the map from `width` numbers a token to those of the teacher, which `examples` (tokens, width) show."""

    def __init__(self, width: int, examples: Sequence[Tensor], rate: float) -> None:
        seen = torch.cat(list(examples)).float()
        # A few dimensions of an encoder are far larger than all others; each is to count the same.
        self._mean, self._deviation = seen.mean(0), seen.std(0).clamp_min(1e-6)
        self._map = nn.Linear(width, seen.shape[1])
        self._rate = rate
        self._optimizer = torch.optim.AdamW(self._map.parameters(), lr=rate, weight_decay=0.0)

    def loss(self, states: Tensor, of_teacher: Sequence[Tensor]) -> Tensor:
        """The mean squared error in standard deviations: states (texts, tokens, width), those of the teacher unpadded.

        Raises:
            ValueError: the teacher cut a text into more tokens than the student.
        """
        if max(map(len, of_teacher)) > states.shape[1]:
            raise ValueError("the teacher's tokens are not those of the student")
        target = pad_sequence(
            [(state.float() - self._mean) / self._deviation for state in of_teacher], batch_first=True
        )
        lengths = torch.tensor([len(state) for state in of_teacher])
        there = torch.arange(target.shape[1])[None, :] < lengths[:, None]
        guess = self._map(states[:, : target.shape[1]])
        return (guess - target)[there].square().mean()

    def step(self, factor: float) -> None:
        """One step at `factor` times the rate, from the gradients of the last loss."""
        clip_grad_norm_(self._map.parameters(), 1.0)
        for group in self._optimizer.param_groups:
            group["lr"] = factor * self._rate
        self._optimizer.step()
        self._optimizer.zero_grad()
