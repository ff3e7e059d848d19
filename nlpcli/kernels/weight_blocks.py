"""Weights in blocks of 32 inputs, as MatMulNBits of ONNX Runtime has them: (level - zero) · scale.

In 4 bits a block has a minimum of its own (GGUF's Q4_1, which is so kept as it is), which is no whole number of scales.
The kernel has whole zeros alone; the rest, the same for all inputs of a block, is the weight of one more input: the
mean of the block's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nlpcli.kernels.quantize import INT4_MAX, TINY

BLOCK = 32
# As many weights are converted at a time as fit into memory many times over.
_AT_A_TIME = 1 << 24


@dataclass(frozen=True, slots=True)
class WeightBlocks:
    """`levels` (out, blocks, bytes of a block) uint8, two of 4 bits a byte, the first one low; `scales` (out, blocks)
    float32; `zeros` (out, bytes of its blocks) uint8, packed likewise, or None: half of the levels.

    In 4 bits the means of all blocks are inputs behind the others, in blocks of their own."""

    bits: int
    levels: Tensor
    scales: Tensor
    zeros: Tensor | None

    @classmethod
    def of(cls, weight: Tensor, bits: int) -> WeightBlocks:
        """The nearest of (out, in) `weight` in 8 bits or 4; in 4 `in` is a multiple of 32."""
        make = _eight_bits if bits == 8 else _four_bits
        rows = max(1, _AT_A_TIME // weight.shape[1])
        return cls.joined([make(part) for part in weight.split(rows)])

    @classmethod
    def joined(cls, parts: Sequence[WeightBlocks]) -> WeightBlocks:
        """The outputs of `parts`, of as many bits each, one behind the other."""
        if len(parts) == 1:
            return parts[0]
        zeros = [part.zeros for part in parts if part.zeros is not None]
        return cls(
            parts[0].bits,
            torch.cat([part.levels for part in parts]),
            torch.cat([part.scales for part in parts]),
            torch.cat(zeros) if zeros else None,
        )

    def weight(self, in_features: int) -> Tensor:
        """(out, in_features) float32: what is computed with."""
        levels = self.levels if self.bits == 8 else _apart(self.levels)
        zeros = torch.tensor(1 << (self.bits - 1)) if self.zeros is None else self._zeros_apart()[:, :, None]
        weight = ((levels.float() - zeros.float()) * self.scales[:, :, None]).flatten(1)
        if self.bits == 8:
            return weight[:, :in_features]
        of_means = weight[:, in_features : in_features + in_features // BLOCK]
        return weight[:, :in_features] + of_means.repeat_interleave(BLOCK, 1) / BLOCK

    def _zeros_apart(self) -> Tensor:
        assert self.zeros is not None
        zeros = self.zeros if self.bits == 8 else _apart(self.zeros)
        return zeros[:, : self.scales.shape[1]]


def _blocks(weight: Tensor) -> Tensor:
    return functional.pad(weight.float(), (0, -weight.shape[1] % BLOCK)).unflatten(1, (-1, BLOCK))


def _eight_bits(weight: Tensor) -> WeightBlocks:
    """Symmetric: |w - ŵ| ≤ scale / 2, scale = max |w| / 127."""
    blocks = _blocks(weight)
    scales = (blocks.abs().amax(2) / 127).clamp(min=TINY)
    levels = (blocks / scales[:, :, None]).round_().clamp_(-127, 127) + 128
    return WeightBlocks(8, levels.to(torch.uint8), scales, None)


def _four_bits(weight: Tensor) -> WeightBlocks:
    """|w - ŵ| ≤ scale / 2, and what the weight of the mean is off by; scale = (largest - least) / 15."""
    blocks = weight.float().unflatten(1, (-1, BLOCK))
    low, high = blocks.aminmax(dim=2)
    scales = ((high - low) / INT4_MAX).clamp(min=TINY)
    zeros = (-low / scales).round_().clamp_(0, INT4_MAX)
    levels = ((blocks - low[:, :, None]) / scales[:, :, None]).round_().clamp_(0, INT4_MAX)
    means = _of_means((low + zeros * scales) * BLOCK)
    zeros = torch.cat([zeros.to(torch.uint8), torch.full_like(means.scales, 8, dtype=torch.uint8)], dim=1)
    return WeightBlocks(
        4,
        torch.cat([_packed(levels.to(torch.uint8)), means.levels], dim=1),
        torch.cat([scales, means.scales], dim=1),
        _packed(functional.pad(zeros, (0, zeros.shape[1] % 2))),
    )


def _of_means(weight: Tensor) -> WeightBlocks:
    """From -8 to 7, as GGUF's Q4_0: |w - ŵ| ≤ |scale|, and the weight of largest size is exact: -8 · scale."""
    blocks = _blocks(weight)
    largest = blocks.gather(2, blocks.abs().argmax(2, keepdim=True))[:, :, 0]
    scales = torch.where(largest.abs() < TINY, TINY, largest / -8)
    levels = ((blocks / scales[:, :, None]).round_() + 8).clamp_(0, 15).to(torch.uint8)
    return WeightBlocks(4, _packed(levels), scales, None)


def _packed(levels: Tensor) -> Tensor:
    """Two levels a byte, the first one low."""
    return levels[..., ::2] | levels[..., 1::2] << 4


def _apart(packed: Tensor) -> Tensor:
    return torch.stack([packed & 15, packed >> 4], dim=-1).flatten(-2)
