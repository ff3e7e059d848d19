"""Scales and zero points, each once: q = round(x / scale) + zero point, x ≈ (q - zero point) · scale."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

# Largest numbers of the formats: symmetric int8, uint8 with a zero point, int4.
INT8_MAX, UINT8_MAX, INT4_MAX = 127, 255, 15
# FBGEMM without VNNI adds two neighboring products in int16: two weights must not exceed this together.
_PAIR_MAX = 127
# About so many rows and columns say whether a matrix was int8; all of a large one take as long to look at as a short
# translation.
_SOME = 256
_SURE_MULTIPLE = 60
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
    """The finest scale for each output feature with which no two neighboring weights overflow FBGEMM's int16."""
    even = functional.pad(weight.abs(), (0, weight.shape[1] % 2))
    largest = even.unflatten(1, (-1, 2)).sum(2).amax(1)
    return (largest / _PAIR_MAX).clamp_min(TINY)


def published_scale(weight: Tensor) -> float | None:
    """The scale by which a matrix was int8 before it was stored in 16 bits; None where it was not, by some of it.

    What is stored lies within half a unit in its last place of a multiple of the scale, so that each weight bounds it.
    """
    rows, columns = (max(1, size // _SOME) for size in weight.shape)
    sizes = weight.detach()[::rows, ::columns].float().abs().view(-1)
    rough = tensor_scale(weight.detach())
    telling = sizes > rough / 2
    halves = sizes.frexp().exponent.float().exp2_() * _slack(weight.dtype)
    multiples = (sizes / rough).round_()
    # The largest, by which the rough scale was found, may have been moved so far that the multiples of others change.
    sure = telling & (multiples <= _SURE_MULTIPLE)
    if not bool(sure.any()):
        return None
    low = torch.where(sure, (sizes - halves) / multiples, 0).max()
    high = torch.where(sure, (sizes + halves) / multiples, torch.inf).min()
    if low > high:
        return None
    scale = float(low + high) / 2
    off = ((sizes / scale).round_().mul_(scale) - sizes).abs_() > 2 * halves
    return None if bool((off & telling).any()) else scale


def _slack(dtype: torch.dtype) -> float:
    """Half a unit in the last place of numbers between 0.5 and 1, and as much for a rounding to float16 before."""
    of_float16: float = torch.finfo(torch.float16).eps
    eps: float = torch.finfo(dtype).eps
    return (max(eps, of_float16) + of_float16) / 4


def was_quantized(weight: Tensor) -> bool:
    """Whether a matrix was int8 with one scale before it was stored in 16 bits."""
    return published_scale(weight) is not None


def int4_groups(weight: Tensor, group: int) -> tuple[Tensor, Tensor, Tensor]:
    """0 to 15, int32, of the shape of `weight`; then scale and minimum of each group of inputs, (out, groups, 1)."""
    groups = weight.float().unflatten(1, (-1, group))
    low, high = groups.aminmax(dim=2, keepdim=True)
    scale = (high - low).clamp(min=TINY) / INT4_MAX
    return ((groups - low) / scale).round().clamp(0, INT4_MAX).to(torch.int32).view(weight.shape), scale, low
