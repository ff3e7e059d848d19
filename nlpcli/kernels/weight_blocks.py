"""Weights in blocks of inputs, as MatMulNBits of ONNX Runtime has them: (level - zero) · scale.

In 4 bits a block of 32 has a minimum of its own (GGUF's Q4_1, which is so kept as it is), which is no whole number of
scales. The kernel has whole zeros alone; the rest, the same for all inputs of a block, is the weight of one more input:
the mean of the block's. Matrices that were in 4 bits with whole zeros before (Q4_0) have no such inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nlpcli.kernels.quantize import INT4_MAX, TINY

BLOCK = 32
# By so much of the largest weight of its block bfloat16 moves a weight, and the ends of its grid: 2⁻⁹ each, and some.
_NOISE = 1 / 128
# As many weights are converted at a time as fit into memory many times over.
_AT_A_TIME = 1 << 24
# So many rows say whether a matrix was in 4 bits before.
_SOME_ROWS = 16


@dataclass(frozen=True, slots=True)
class WeightBlocks:
    """`levels` (out, blocks, bytes of a block) uint8, two of 4 bits a byte, the first one low; `scales` (out, blocks)
    float32; `zeros` (out, bytes of its blocks) uint8, packed likewise, or None: half of the levels.

    In 4 bits the means of all blocks may be inputs behind the others, in blocks of their own (`has_means`)."""

    bits: int
    levels: Tensor
    scales: Tensor
    zeros: Tensor | None

    @classmethod
    def of(cls, weight: Tensor, bits: int, size: int = BLOCK) -> WeightBlocks:
        """The nearest of (out, in) `weight` in 8 bits, in blocks of `size`, or 4; in 4 `in` is a multiple of 32."""
        return cls.of_all([weight], bits, size)

    @classmethod
    def of_all(cls, weights: Sequence[Tensor], bits: int, size: int = BLOCK) -> WeightBlocks:
        """The outputs of several weights of the same inputs, one behind the other."""
        rows = max(1, _AT_A_TIME // weights[0].shape[1])
        parts = [part for weight in weights for part in weight.split(rows)]
        if bits == 8:
            return cls.joined([_eight_bits(part, size) for part in parts])
        grids = [_grid(part) for part in parts]
        with_means = any(_has_rest(grid) for grid in grids)
        return cls.joined([_four_bits(part, grid, with_means) for part, grid in zip(parts, grids, strict=True)])

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
        if not self.has_means(in_features):
            return weight[:, :in_features]
        of_means = weight[:, in_features : in_features + in_features // BLOCK]
        return weight[:, :in_features] + of_means.repeat_interleave(BLOCK, 1) / BLOCK

    def has_means(self, in_features: int) -> bool:
        """Whether the means of blocks are inputs behind `in_features` others."""
        blocks: int = self.scales.shape[1]
        return blocks > -(-in_features // BLOCK)

    def _zeros_apart(self) -> Tensor:
        assert self.zeros is not None
        zeros = self.zeros if self.bits == 8 else _apart(self.zeros)
        return zeros[:, : self.scales.shape[1]]


def _blocks(weight: Tensor, size: int) -> Tensor:
    return functional.pad(weight.float(), (0, -weight.shape[1] % size)).unflatten(1, (-1, size))


def _eight_bits(weight: Tensor, size: int) -> WeightBlocks:
    """Symmetric: |w - ŵ| ≤ scale / 2, scale = max |w| / 127."""
    blocks = _blocks(weight, size)
    scales = (blocks.abs().amax(2) / 127).clamp(min=TINY)
    levels = (blocks / scales[:, :, None]).round_().clamp_(-127, 127) + 128
    return WeightBlocks(8, levels.to(torch.uint8), scales, None)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Levels of blocks: `low` is level 0, `scale` the distance of two; both (out, blocks) float32."""

    low: Tensor
    scale: Tensor

    @property
    def zero(self) -> Tensor:
        """The level nearest to 0."""
        return (-self.low / self.scale).round_().clamp_(0, INT4_MAX)

    @property
    def rest(self) -> Tensor:
        """What weights of level `zero` are, where that is not 0."""
        return self.low + self.zero * self.scale


def _grid(weight: Tensor) -> _Grid:
    """16 levels from the least weight of a block to the largest; those that a block had before, where it had so few."""
    blocks = weight.float().unflatten(1, (-1, BLOCK))
    low, high = blocks.aminmax(dim=2)
    grid = _Grid(low, ((high - low) / INT4_MAX).clamp(min=TINY))
    if not were_four_bits(weight):
        return grid
    noise = _NOISE * blocks.abs().amax(2)
    scale, found = grid.scale, torch.zeros_like(low, dtype=torch.bool)
    # The coarsest grid that they are on: a finer one need not have 0.
    for levels in range(1, INT4_MAX + 1):
        coarser = ((high - low) / levels).clamp(min=TINY)
        fits = ~found & (_off(blocks, low, coarser) <= noise)
        scale, found = torch.where(fits, coarser, scale), found | fits
    return _with_zero(_Grid(low, scale), blocks, noise)


def were_four_bits(weight: Tensor) -> bool:
    """Whether blocks of 32 inputs of (out, in) have no more values each than 4 bits can tell apart, by some rows: of
    weights that were never rounded nearly all differ."""
    some = weight[:: max(1, len(weight) // _SOME_ROWS)].float().unflatten(1, (-1, BLOCK)).sort(dim=2).values
    return bool(((some.diff(dim=2) != 0).sum(2) <= INT4_MAX).all())


def _with_zero(grid: _Grid, blocks: Tensor, noise: Tensor) -> _Grid:
    """With 0 as one of the levels, where all blocks of a matrix have that but for noise, and room for it."""
    multiples = (blocks / grid.scale[:, :, None]).round()
    # By all weights of a block, not by two: least squares.
    scale = (multiples * blocks).sum(2) / multiples.square().sum(2).clamp(min=1)
    scale = torch.where(scale > TINY, scale, grid.scale)
    off = (multiples * scale[:, :, None] - blocks).abs().amax(2)
    least, most = (multiples + grid.zero[:, :, None]).aminmax(dim=2)
    fits = (off <= noise) & (least >= 0) & (most <= INT4_MAX)
    return _Grid(-grid.zero * scale, scale) if fits.all() else grid


def _off(blocks: Tensor, low: Tensor, scale: Tensor) -> Tensor:
    """How far the weight of a block (…, 32) that is farthest from its level is from it: (…)."""
    places = (blocks - low[..., None]).div_(scale[..., None])
    return places.sub_(places.round()).abs_().amax(-1) * scale


def _has_rest(grid: _Grid) -> bool:
    return bool(grid.rest.count_nonzero())


def _four_bits(weight: Tensor, grid: _Grid, with_means: bool) -> WeightBlocks:
    """|w - ŵ| ≤ scale / 2, and what the weight of the mean is off by; scale = (largest - least) / 15."""
    blocks = weight.float().unflatten(1, (-1, BLOCK))
    levels = ((blocks - grid.low[:, :, None]) / grid.scale[:, :, None]).round_().clamp_(0, INT4_MAX)
    packed, scales, zeros = _packed(levels.to(torch.uint8)), grid.scale, grid.zero.to(torch.uint8)
    if with_means:
        means = _of_means(grid.rest * BLOCK)
        packed, scales = torch.cat([packed, means.levels], dim=1), torch.cat([scales, means.scales], dim=1)
        zeros = torch.cat([zeros, torch.full_like(means.scales, 8, dtype=torch.uint8)], dim=1)
    return WeightBlocks(4, packed, scales, _packed(functional.pad(zeros, (0, zeros.shape[1] % 2))))


def _of_means(weight: Tensor) -> WeightBlocks:
    """From -8 to 7, as GGUF's Q4_0: |w - ŵ| ≤ |scale|, and the weight of largest size is exact: -8 · scale."""
    blocks = _blocks(weight, BLOCK)
    largest = blocks.gather(2, blocks.abs().argmax(2, keepdim=True))[:, :, 0]
    scales = torch.where(largest.abs() < TINY, TINY, largest / -8)
    levels = ((blocks / scales[:, :, None]).round_() + 8).clamp_(0, 15).to(torch.uint8)
    return WeightBlocks(4, _packed(levels), scales, None)


def _packed(levels: Tensor) -> Tensor:
    """Two levels a byte, the first one low."""
    return levels[..., ::2] | levels[..., 1::2] << 4


def _apart(packed: Tensor) -> Tensor:
    return torch.stack([packed & 15, packed >> 4], dim=-1).flatten(-2)
