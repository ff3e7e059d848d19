"""Scales and zero points: what is quantized comes back within half a scale, and what was quantized is recognized."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.kernels.quantize import (
    int4_groups,
    pair_scales,
    published_scale,
    quantized,
    row_scales,
    tensor_scale,
    was_quantized,
)


@st.composite
def matrices(draw):
    rows, groups, seed = draw(st.integers(1, 9)), draw(st.integers(1, 3)), draw(st.integers(0, 1000))
    size = draw(st.sampled_from([1e-6, 1.0, 1e6]))
    return torch.randn(rows, 32 * groups, generator=torch.Generator().manual_seed(seed)) * size


@given(matrices())
def test_a_weight_comes_back_within_half_a_scale(weight):
    for scale in (tensor_scale(weight), row_scales(weight)[:, None], pair_scales(weight)[:, None]):
        error = (quantized(weight, scale).float() * scale - weight).abs()
        assert (error <= 0.501 * torch.as_tensor(scale)).all()


@given(matrices())
def test_no_two_neighbors_overflow_fbgemms_int16(weight):
    levels = quantized(weight, pair_scales(weight)[:, None]).int().abs()
    assert int(levels.unflatten(1, (-1, 2)).sum(2).max()) <= 128


@given(matrices())
def test_int4_has_16_levels_and_comes_back_within_half_a_scale(weight):
    levels, scale, low = int4_groups(weight, 32)
    assert (int(levels.min()), int(levels.max())) == (0, 15)
    back = levels.view(len(weight), -1, 32) * scale + low
    assert ((back - weight.view_as(back)).abs() <= 0.501 * scale).all()


@given(matrices())
def test_float16_does_not_hide_that_a_matrix_was_quantized(weight):
    scale = tensor_scale(weight)
    if 1e-3 < scale < 1e3:
        assert was_quantized((quantized(weight, scale).float() * scale).half())
    assert not was_quantized(weight)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_scale_of_a_published_matrix_is_found_behind_16_bits(dtype):
    torch.manual_seed(0)
    for scale in torch.rand(20).mul(0.01).add(1e-3).tolist():
        numbers = torch.randn(400, 64).mul(30).round().clamp(-127, 127)
        numbers[3, 5] = -127  # what the scale was chosen by
        stored = (numbers * scale).to(dtype)
        found = published_scale(stored)
        assert found == pytest.approx(scale, rel=1e-3)
        assert quantized(stored.float(), found).equal(numbers.to(torch.int8))
        assert published_scale((stored.float() + scale * 0.4 * torch.randn(stored.shape)).to(dtype)) is None


def test_a_row_of_zeros_is_no_division_by_zero():
    weight = torch.zeros(2, 32)
    for scale in (tensor_scale(weight), row_scales(weight)[:, None], pair_scales(weight)[:, None]):
        assert not quantized(weight, scale).any()
