"""Marian's positions (`src/models/transformer.h`)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def positions(start: int, length: int, d_model: int, device: torch.device | None = None) -> Tensor:
    """Sinusoids of positions `start`…, (length, d_model) float32: the first half sines, the second cosines."""
    half = d_model // 2
    # half - 1, not half: Marian spaces the frequencies over the closed interval from 1 to 1e-4.
    steps = torch.arange(half, dtype=torch.float32, device=device) * (-math.log(10000.0) / (half - 1))
    angles = torch.arange(start, start + length, dtype=torch.float32, device=device)[:, None] * torch.exp(steps)
    return torch.cat([torch.sin(angles), torch.cos(angles)], dim=-1)


def embed(embedding: nn.Embedding, token_ids: Tensor, start: int) -> Tensor:
    """√d · E[ids] + PE, (batch, tokens, d_model), summed in float32."""
    vectors = embedding(token_ids)
    d_model = vectors.shape[-1]
    summed = vectors.float() * math.sqrt(d_model) + positions(start, token_ids.shape[1], d_model, token_ids.device)
    return summed.to(vectors.dtype)
