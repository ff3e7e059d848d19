"""Scales and zero points, each once: q = round(x / scale) + zero point, x ≈ (q - zero point) · scale."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

# Largest numbers of the formats: symmetric int8, uint8 with a zero point, int4.
INT8_MAX, UINT8_MAX, INT4_MAX = 127, 255, 15
# FBGEMM without VNNI adds two neighbouring products in int16: two weights must not exceed this together.
_PAIR_MAX = 127
# float16 moves a quantized weight by 1/32 of its scale at most; a weight of any other kind is off by up to a half.
_MAX_ERROR = 0.1
TINY = torch.finfo(torch.float32).tiny


def quantized(weight: Tensor, scale: Tensor | float) -> Tensor:
    """Symmetric int8 of `weight`; `scale` broadcasts to it."""
    return (weight / scale).round_().clamp_(-INT8_MAX, INT8_MAX).to(torch.int8)


def tensor_scale(weight: Tensor) -> float:
    """One scale for a whole matrix."""
    return float(weight.abs().amax().clamp_min(TINY)) / INT8_MAX


def row_scales(weight: Tensor) -> Tensor:
    """One scale for each output feature: (out_features, in_features) → (out_features,)."""
    return (weight.abs().amax(dim=1) / INT8_MAX).clamp(min=TINY)


def pair_scales(weight: Tensor) -> Tensor:
    """The finest scale for each output feature with which no two neighbouring weights overflow FBGEMM's int16."""
    even = functional.pad(weight.abs(), (0, weight.shape[1] % 2))
    largest = even.unflatten(1, (-1, 2)).sum(2).amax(1)
    return (largest / _PAIR_MAX).clamp_min(TINY)


def was_quantized(weight: Tensor) -> bool:
    """Whether a matrix was int8 with one scale before it was stored in 16 bits."""
    weight = weight.detach().float()
    scale = tensor_scale(weight)
    return bool((quantized(weight, scale).float() * scale - weight).abs().amax() < _MAX_ERROR * scale)


def int4_groups(weight: Tensor, group: int) -> tuple[Tensor, Tensor, Tensor]:
    """0 to 15, int32, of the shape of `weight`; then scale and minimum of each group of inputs, (out, groups, 1)."""
    groups = weight.float().unflatten(1, (-1, group))
    low, high = groups.aminmax(dim=2, keepdim=True)
    scale = (high - low).clamp(min=TINY) / INT4_MAX
    return ((groups - low) / scale).round().clamp(0, INT4_MAX).to(torch.int32).view(weight.shape), scale, low
