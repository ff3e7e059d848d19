import pytest
import torch
from torch import nn

from nlpcli.models.quantized_linear import Int4Linear, Int8Linear, quantize_linears


def relative_error(layer, exact, hidden_states):
    expected = nn.functional.linear(hidden_states, exact)
    return float((layer(hidden_states) - expected).norm() / expected.norm())


@pytest.mark.parametrize("rows", [1, 4, 5, 33], ids=["one row", "few", "more", "many"])
@pytest.mark.parametrize(("make", "most"), [(Int8Linear.of, 0.02), (Int4Linear, 0.12)], ids=["int8", "int4"])
def test_the_error_is_that_of_the_bits_however_many_rows(make, most, rows):
    torch.manual_seed(0)
    weight = torch.randn(96, 64)
    layer = make(weight, None)
    error = relative_error(layer, weight, torch.randn(rows, 64))
    assert 0 < error < most


def test_what_is_stored_in_blocks_of_4_bits_stays_as_it_is():
    """GGUF's Q4_1: 16 levels for every 32 inputs."""
    torch.manual_seed(0)
    levels = torch.randint(0, 16, (32, 64)).float()
    levels.view(32, 2, 32)[:, :, 0], levels.view(32, 2, 32)[:, :, 1] = 0, 15
    weight = levels * 0.125 - 1
    assert relative_error(Int4Linear(weight, None), weight, torch.eye(64)) < 1e-6


def test_a_bias_is_added_and_the_shape_of_the_batch_kept():
    layer = Int8Linear.of(torch.eye(4), torch.ones(4))
    assert torch.allclose(layer(torch.zeros(2, 3, 4)), torch.ones(2, 3, 4))


def test_a_shape_that_4_bits_do_not_have_gets_8():
    module = nn.Sequential(nn.Linear(64, 96), nn.Linear(96, 3))
    quantize_linears(module, "int4", "cpu")
    assert [type(layer) for layer in module] == [Int4Linear, Int8Linear]


def test_a_row_of_zeros_is_no_division_by_zero():
    layer = Int8Linear.of(torch.zeros(4, 4), None)
    assert torch.equal(layer(torch.ones(1, 4)), torch.zeros(1, 4))
