"""The registry: layers that are replaced, and layers of one input as one product."""

import pytest
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from nlpcli.kernels.linear import concatenated, int4_weights, int8_weights, packed_bfloat16, replace_linears

MAKERS = {"as they are": None, "int8": int8_weights, "int4": int4_weights}


def layers_of(make, biases):
    torch.manual_seed(0)
    module = nn.Sequential(*[nn.Linear(64, 96, bias=bias) for bias in biases])
    if make is not None:
        replace_linears(module, make)
    return list(module)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("biases", [(False, False), (True, True), (True, False)], ids=str)
@torch.inference_mode()
def test_concatenated_layers_give_what_each_gives_side_by_side(make, biases):
    layers = layers_of(MAKERS[make], biases)
    hidden_states = torch.randn(2, 3, 64)
    expected = torch.cat([layer(hidden_states) for layer in layers], dim=-1)
    assert torch.allclose(concatenated(layers)(hidden_states), expected, atol=1e-5)
    assert torch.equal(torch.cat([layer(hidden_states) for layer in layers], dim=-1), expected)  # they keep working


def test_layers_of_different_formats_are_called_one_after_the_other():
    layers = [*layers_of(None, [True]), *layers_of(int4_weights, [True])]
    hidden_states = torch.randn(1, 64)
    expected = torch.cat([layer(hidden_states) for layer in layers], dim=-1)
    assert torch.equal(concatenated(layers)(hidden_states), expected)


@pytest.mark.parametrize("make", [int8_weights, int4_weights])
def test_gpt2s_transposed_layers_are_replaced_too_and_the_rest_is_not(make):
    module = nn.Sequential(nn.Embedding(8, 64), Conv1D(96, 64), nn.Sequential(nn.Linear(96, 32)), nn.LayerNorm(32))
    nn.init.normal_(module[1].weight)
    tokens = torch.tensor([1, 2])
    exact = module(tokens)
    assert replace_linears(module, make) == 2
    assert torch.cosine_similarity(exact, module(tokens), dim=-1).min() > 0.95
    assert [type(layer).__name__ for layer in (module[0], module[3])] == ["Embedding", "LayerNorm"]


def test_only_bfloat16_is_packed():
    assert replace_linears(nn.Sequential(nn.Linear(4, 4)), packed_bfloat16) == 0
