import pytest
import torch
from torch import nn
from transformers import T5Config, T5ForConditionalGeneration

from nlpcli.kernels.int8_blocks import BlockedInt8Linear
from nlpcli.kernels.int8_weights import Int4Linear, Int8Linear
from nlpcli.kernels.linear import int4_weights, int8_weights, libraries, replace_linears


def relative_error(layer, exact, hidden_states):
    expected = nn.functional.linear(hidden_states, exact)
    return float((layer(hidden_states) - expected).norm() / expected.norm())


needs_fbgemm = pytest.mark.skipif("fbgemm" not in libraries(), reason="this build of torch has no FBGEMM for this CPU")
KINDS = [
    pytest.param(Int8Linear.of, 0.02, id="int8"),
    pytest.param(BlockedInt8Linear.of, 0.02, marks=needs_fbgemm, id="int8 in blocks"),
    pytest.param(Int4Linear, 0.12, id="int4"),
]


@pytest.mark.parametrize("rows", [1, 4, 5, 33], ids=["one row", "few", "more", "many"])
@pytest.mark.parametrize(("make", "most"), KINDS)
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


def test_int4_takes_hidden_states_that_are_not_contiguous():
    layer = Int4Linear(torch.eye(32), None)
    hidden_states = torch.randn(32, 3).bfloat16().t()
    assert torch.equal(layer(hidden_states), layer(hidden_states.contiguous()))


def test_a_bias_is_added_and_the_shape_of_the_batch_kept():
    layer = Int8Linear.of(torch.eye(4), torch.ones(4))
    assert torch.allclose(layer(torch.zeros(2, 3, 4)), torch.ones(2, 3, 4))


def test_a_shape_that_4_bits_do_not_have_gets_8():
    module = nn.Sequential(nn.Linear(64, 96), nn.Linear(96, 3))
    replace_linears(module, int4_weights)
    assert [type(layer) for layer in module] == [
        Int4Linear,
        BlockedInt8Linear if "fbgemm" in libraries() else Int8Linear,
    ]


@needs_fbgemm
@pytest.mark.parametrize("outputs", [3, 64, 96, 100, 960], ids=str)
def test_blocks_say_the_same_of_a_row_whatever_stands_beside_it(outputs):
    torch.manual_seed(0)
    weight, rows = torch.randn(outputs, 48), torch.randn(33, 48)
    layer = BlockedInt8Linear.of(weight, torch.randn(outputs))
    alone = torch.cat([layer(row[None]) for row in rows])
    assert torch.equal(layer(rows[:3]), alone[:3])
    assert torch.allclose(layer(rows), alone, atol=1e-4)


@needs_fbgemm
@pytest.mark.parametrize(("outputs", "bias"), [(192, None), (192, torch.ones(192)), (100, None)], ids=str)
@pytest.mark.parametrize("shape", [(1, 48), (1, 1, 48), (2, 3, 48)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_the_function_of_blocks_says_what_the_module_says(outputs, bias, shape, dtype):
    layer = BlockedInt8Linear.of(torch.randn(outputs, 48), bias)
    hidden_states = torch.randn(shape).to(dtype)
    expected = layer(hidden_states)
    found = layer.projection()(hidden_states)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert torch.equal(found, expected)


@needs_fbgemm
def test_joined_blocks_are_their_layers_side_by_side_and_hold_them_once():
    torch.manual_seed(0)
    layers = [BlockedInt8Linear.of(torch.randn(outputs, 48), None) for outputs in (192, 96, 96)]
    hidden_states = torch.randn(2, 3, 48)
    expected = torch.cat([layer(hidden_states) for layer in layers], dim=-1)
    whole = BlockedInt8Linear.joined(layers, None)
    assert torch.allclose(whole(hidden_states), expected, atol=1e-4)
    assert {layer.table.untyped_storage().data_ptr() for layer in (*layers, whole)} == {
        whole.table.untyped_storage().data_ptr()
    }
    assert torch.equal(torch.cat([layer(hidden_states) for layer in layers], dim=-1), expected)  # as before


@needs_fbgemm
def test_blocks_of_different_sizes_are_not_joined():
    layers = [BlockedInt8Linear.of(torch.randn(outputs, 48), None) for outputs in (192, 64)]
    assert BlockedInt8Linear.joined(layers, None) is None


@pytest.mark.parametrize("inputs", [3, 4, 20, 44], ids=str)
def test_nothing_behind_the_weights_is_read(inputs):
    behind = torch.full((8 * inputs + 256,), 127, dtype=torch.int8)
    weight = behind[: 8 * inputs].view(8, inputs).zero_()
    layer = Int8Linear(weight, torch.ones(8), None)
    assert torch.equal(layer(torch.ones(1, inputs)), torch.zeros(1, 8))


def test_a_row_of_zeros_is_no_division_by_zero():
    layer = Int8Linear.of(torch.zeros(4, 4), None)
    assert torch.equal(layer(torch.ones(1, 4)), torch.zeros(1, 4))


@pytest.mark.parametrize("make", [int8_weights, int4_weights])
def test_t5_which_asks_for_the_dtype_of_a_weight_runs(make):
    config = T5Config(vocab_size=64, d_model=64, d_kv=16, d_ff=128, num_layers=1, num_heads=4, decoder_start_token_id=0)
    module = T5ForConditionalGeneration(config).eval()
    tokens = {"input_ids": torch.tensor([[1, 2, 3]]), "decoder_input_ids": torch.tensor([[0, 2]])}
    with torch.inference_mode():
        exact = module(**tokens).logits
        replace_linears(module, make)
        assert torch.cosine_similarity(exact, module(**tokens).logits, dim=-1).min() > 0.9
