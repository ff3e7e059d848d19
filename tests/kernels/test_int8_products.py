"""int8 products: how far from float32, what does not overflow, and what does not depend on what stands beside it."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from nlpcli.kernels.int8_products import DynamicInt8Linear, StaticInt8Linear
from nlpcli.kernels.linear import libraries

MULTIPLIER = 12.0

pytestmark = pytest.mark.skipif("fbgemm" not in libraries(), reason="this build of torch has no FBGEMM")


def quantized_matrix(rows, columns, scale):
    return torch.randint(-127, 128, (rows, columns)).float().index_fill_(0, torch.tensor([0]), 127) * scale


@pytest.mark.parametrize("activation", ["none", "relu"])
@pytest.mark.parametrize("positive", [False, True])
def test_the_product_is_that_of_the_quantized_input(activation, positive):
    torch.manual_seed(0)
    weights = [quantized_matrix(24, 32, 0.01), quantized_matrix(8, 32, 0.003)]
    biases = [torch.randn(24), torch.randn(8)]
    x = torch.randn(5, 32)
    x = x.relu() if positive else x
    found = StaticInt8Linear(weights, biases, MULTIPLIER, activation, positive)(x)
    step = 1 / MULTIPLIER if positive else 2 / MULTIPLIER
    rounded = (x / step).round().clamp(0 if positive else -64, 255 if positive else 191) * step
    expected = functional.linear(rounded, torch.cat(weights), torch.cat(biases))
    expected = expected.relu() if activation == "relu" else expected
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_the_largest_numbers_do_not_overflow():
    weight = torch.full((8, 64), 127.0)
    found = StaticInt8Linear([weight], [torch.zeros(8)], 127.0, "none", False)(torch.full((1, 64), 63 * 2 / 127.0))
    torch.testing.assert_close(found, torch.full((1, 8), 64 * 127 * 126 / 127.0), rtol=1e-4, atol=1e-2)


def quantized(linear, lowest=None):
    return DynamicInt8Linear([linear.weight], [linear.bias], lowest)


@pytest.fixture
def linear():
    torch.manual_seed(0)
    return nn.Linear(48, 24)


def test_outputs_are_near_those_of_float32(linear):
    x = torch.randn(7, 48)
    torch.testing.assert_close(quantized(linear)(x), linear(x), atol=0.03, rtol=0)


def test_outputs_of_a_gelu_are_nearer_where_it_is_known_to_be_one(linear):
    x = functional.gelu(torch.randn(200, 48))
    errors = [(quantized(linear, lowest)(x) - linear(x)).detach().std() for lowest in (None, -0.17)]
    assert errors[1] < 0.9 * errors[0]


@pytest.mark.parametrize("lowest", [None, -0.17])
def test_a_row_of_zeros_gives_the_bias(linear, lowest):
    assert torch.equal(quantized(linear, lowest)(torch.zeros(2, 48)), linear.bias.detach().expand(2, -1))


def test_a_row_has_a_scale_of_its_own(linear):
    x = torch.randn(3, 48)
    layer = quantized(linear)
    loud = torch.cat([x, 1000 * torch.randn(1, 48)])
    assert torch.equal(layer(loud)[:3], layer(x))


@pytest.mark.parametrize("width", [48, 47])
def test_the_largest_inputs_and_weights_do_not_overflow(width):
    linear = nn.Linear(width, 8)
    nn.init.constant_(linear.weight, 0.5)
    nn.init.zeros_(linear.bias)
    x = torch.full((1, width), 3.0)
    torch.testing.assert_close(quantized(linear)(x), torch.full((1, 8), 1.5 * width), rtol=0.02, atol=0)
