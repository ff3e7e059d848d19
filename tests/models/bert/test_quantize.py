"""Encoders with int8 products: which layers, how far from float32, and what does not depend on what stands beside it."""

import pytest
from tiny import save_classifier
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
