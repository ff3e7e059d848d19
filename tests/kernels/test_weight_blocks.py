"""Weights in blocks stand for numbers near those that they were made of, and can be joined."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.kernels.weight_blocks import BLOCK, WeightBlocks


def bound(weight, bits, size):
    """Half a step; in 4 bits also what the weight of a mean may be off: an eighth of its largest, half a step."""
    blocks = torch.nn.functional.pad(weight, (0, -weight.shape[1] % size)).unflatten(1, (-1, size))
    if bits == 8:
        off = blocks.abs().amax(2, keepdim=True) / 127 / 2
    else:
        low, high = blocks.aminmax(dim=2, keepdim=True)
        step = (high - low) / 15
        # Of a block that is all of one sign the mean has more than half a step.
        mean = (step / 2).maximum(low).maximum(-high)
        off = step / 2 + mean.amax(1, keepdim=True) / 8
    return off.expand_as(blocks).flatten(1)[:, : weight.shape[1]] * 1.001 + 1e-30


@pytest.mark.parametrize(("bits", "inputs"), [(8, 64), (8, 32), (4, 32)])
@settings(deadline=None, max_examples=25)
@given(
    rows=st.integers(1, 9),
    blocks=st.integers(1, 40),
    seed=st.integers(0, 1000),
    size=st.sampled_from([0.0, 1e-3, 1.0, 1e4]),
    offset=st.sampled_from([0.0, 0.3, -5.0]),
)
def test_every_weight_is_near_what_stands_for_it(bits, inputs, rows, blocks, seed, size, offset):
    columns = blocks * BLOCK - (bits == 8) * (seed % BLOCK)
    weight = (torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) + offset) * size
    again = WeightBlocks.of(weight, bits, inputs).weight(columns)
    assert again.shape == weight.shape
    assert ((again - weight).abs() <= bound(weight, bits, inputs)).all()


@pytest.mark.parametrize("bits", [8, 4])
def test_what_is_joined_stands_for_the_same(bits):
    weight = torch.randn(12, 96, generator=torch.Generator().manual_seed(0))
    parts = [WeightBlocks.of(part, bits) for part in weight.split(5)]
    assert torch.equal(WeightBlocks.joined(parts).weight(96), WeightBlocks.of(weight, bits).weight(96))


def test_a_model_that_was_published_as_q4_1_is_kept_in_4_bits():
    """starter/smollm2: a scale and a minimum, of no whole number of scales, for each block."""
    chance = torch.Generator().manual_seed(0)
    levels = torch.randint(0, 16, (64, 18, BLOCK), generator=chance)
    levels[:, :, 0], levels[:, :, 1] = 0, 15
    scales = torch.rand(64, 18, 1, generator=chance) + 0.5
    weight = (levels * scales - scales * (7 + torch.rand(64, 18, 1, generator=chance))).flatten(1)
    error = (WeightBlocks.of(weight, 4).weight(18 * BLOCK) - weight).square().mean() / weight.square().mean()
    # Rounding to the nearest whole zero costs 0.004.
    assert error < 0.0001


@pytest.mark.parametrize("whole_zeros", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), most=st.integers(4, 15))
def test_what_was_4_bits_before_keeps_its_levels_whichever_of_them_it_uses(whole_zeros, dtype, seed, most):
    """GGUF's Q4_0 and Q4_1 and K-quants, also where a block does not reach from its first level to its last."""
    chance = torch.Generator().manual_seed(seed)
    levels = torch.randint(0, most + 1, (40, 6, BLOCK), generator=chance)
    scales = torch.rand(40, 6, 1, generator=chance) + 0.5
    zeros = torch.full((40, 6, 1), 8.0) if whole_zeros else 2 + 12 * torch.rand(40, 6, 1, generator=chance)
    weight = ((levels - zeros) * scales).flatten(1)
    blocks = WeightBlocks.of(weight.to(dtype), 4)
    # bfloat16 has 8 bits of each number; weights of means have 4 bits of what is half a scale at most.
    allowed = scales * (0.05 + (0 if whole_zeros else 0.15))
    error = (blocks.weight(192) - weight).unflatten(1, (-1, BLOCK)).abs()
    assert (error <= allowed).all()
    assert error.mean() < 0.02 if whole_zeros else error.mean() < 0.1
    assert blocks.has_means(192) is (not whole_zeros)
