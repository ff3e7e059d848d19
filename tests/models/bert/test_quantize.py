"""Encoders with int8 products: which layers, how far from float32, and what does not depend on what stands beside it."""

import pytest
import torch
from tiny import save_classifier
from torch import nn
from torch.nn import functional
from transformers import AutoModelForSequenceClassification

from nlpcli.kernels.int8_products import DynamicInt8Linear
from nlpcli.kernels.linear import libraries
from nlpcli.models.bert.first_token import read_first_token_alone
from nlpcli.models.bert.quantize import quantize_layers
from nlpcli.models.loading import load_classifier
from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Hardware, choose

HARDWARE = Hardware("cpu", frozenset({"avx2"}), 2)

pytestmark = pytest.mark.skipif("fbgemm" not in libraries(), reason="this build of torch has no FBGEMM")


def quantized(linear, lowest=None):
    return DynamicInt8Linear(linear.weight, linear.bias, lowest)


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


@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_a_layer_keeps_its_values_the_output_of_attention_and_the_last_layer_as_they_are(kind, tmp_path):
    model = AutoModelForSequenceClassification.from_pretrained(save_classifier(tmp_path, kind))
    read_first_token_alone(model)
    quantize_layers(model)
    rounded = [name for name, module in model.named_modules() if isinstance(module, DynamicInt8Linear)]
    parts = {
        "bert": ["attention.self.query", "attention.self.key", "intermediate.dense", "output.dense"],
        "distilbert": ["attention.q_lin", "attention.k_lin", "ffn.lin1", "ffn.lin2"],
    }
    layer = {"bert": "bert.encoder.layer.0", "distilbert": "distilbert.transformer.layer.0"}
    assert rounded == [f"{layer[kind]}.{part}" for part in parts[kind]]


@pytest.mark.parametrize(
    ("asked", "measured", "int8"),
    [("auto", True, True), ("float32", True, False), ("auto", False, False), ("int8", False, True)],
)
def test_a_classifier_is_loaded_as_was_decided(asked, measured, int8, tmp_path):
    model = LocalModel("tiny", save_classifier(tmp_path), int8_measured=measured)
    module = load_classifier(model, choose(HARDWARE, "cpu", asked))
    assert any(isinstance(part, DynamicInt8Linear) for part in module.modules()) == int8
