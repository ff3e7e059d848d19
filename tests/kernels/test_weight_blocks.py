"""Weights in blocks stand for numbers near those that they were made of, and can be joined."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.kernels.weight_blocks import BLOCK, WeightBlocks


def bound(weight, bits):
    """Half a step in 8 bits; in 4 what has the other sign than the largest may lack one."""
    blocks = torch.nn.functional.pad(weight, (0, -weight.shape[1] % BLOCK)).unflatten(1, (-1, BLOCK))
    step = blocks.abs().amax(2, keepdim=True) / 127 / 2 if bits == 8 else blocks.abs().amax(2, keepdim=True) / 8
    return step.expand_as(blocks).flatten(1)[:, : weight.shape[1]] * 1.001 + 1e-30


@pytest.mark.parametrize("bits", [8, 4])
@settings(deadline=None, max_examples=25)
@given(st.integers(1, 9), st.integers(1, 100), st.integers(0, 1000), st.sampled_from([0.0, 1e-3, 1.0, 1e4]))
def test_every_weight_is_near_what_stands_for_it(bits, rows, columns, seed, size):
    weight = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) * size
    again = WeightBlocks.of(weight, bits).weight(columns)
    assert again.shape == weight.shape
    assert ((again - weight).abs() <= bound(weight, bits)).all()


@pytest.mark.parametrize("bits", [8, 4])
def test_what_is_joined_stands_for_the_same(bits):
    weight = torch.randn(12, 70, generator=torch.Generator().manual_seed(0))
    parts = [WeightBlocks.of(part, bits) for part in weight.split(5)]
    assert torch.equal(WeightBlocks.joined(parts).weight(70), WeightBlocks.of(weight, bits).weight(70))
