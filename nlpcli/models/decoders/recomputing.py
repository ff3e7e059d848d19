"""Decoders that share no cache between rows of different lengths: every token reads its whole text again."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class RecomputingDecoder:
    """Right for every architecture that reads from left to right, and slow."""

    def __init__(self, module: nn.Module, longest: int) -> None:
        self.longest = longest
        self._module = module
        self._device = next(module.parameters()).device
        self._texts: list[list[int]] = []

    @property
    def rows(self) -> int:
        return len(self._texts)

    def add(self, tokens: Sequence[Sequence[int]]) -> None:
        self._texts += [list(row) for row in tokens]

    def step(self, tokens: Sequence[int]) -> Tensor:
        for text, token in zip(self._texts, tokens, strict=True):
            text.append(token)
        rows = [torch.tensor(text) for text in self._texts]
        # Padded behind the end, where nothing that counts looks at it.
        padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).to(self._device)
        lengths = torch.tensor([len(text) for text in self._texts], device=self._device)
        mask = torch.arange(padded.shape[1], device=self._device)[None, :] < lengths[:, None]
        logits = self._module(input_ids=padded, attention_mask=mask.long(), use_cache=False).logits
        last: Tensor = logits[torch.arange(len(rows), device=self._device), lengths - 1].float()
        return last

    def remove(self, row: int) -> None:
        self._texts[row] = self._texts[-1]
        self._texts.pop()

    def clear(self) -> None:
        self._texts = []
