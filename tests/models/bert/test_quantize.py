"""Encoders with int8 products: which layers, how far from float32, and what does not depend on what stands beside it."""

import pytest
import torch
from tiny import save_classifier
from transformers import AutoModelForSequenceClassification

from nlpcli.kernels.int8_products import DynamicInt8Linear
from nlpcli.kernels.linear import libraries
from nlpcli.models.bert.first_token import read_first_token_alone
from nlpcli.models.bert.quantize import quantize_layers
from nlpcli.models.loading import load_classifier, load_encoder
from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Hardware, choose

HARDWARE = Hardware("cpu", frozenset({"avx2"}), 2)

pytestmark = pytest.mark.skipif("fbgemm" not in libraries(), reason="this build of torch has no FBGEMM")


@pytest.mark.parametrize("kind", ["bert", "distilbert", "mpnet"])
def test_a_layer_keeps_its_values_the_output_of_attention_and_the_last_layer_as_they_are(kind, tmp_path):
    model = AutoModelForSequenceClassification.from_pretrained(save_classifier(tmp_path, kind))
    read_first_token_alone(model)
    quantize_layers(model)
    rounded = [name for name, module in model.named_modules() if isinstance(module, DynamicInt8Linear)]
    parts = {
        "bert": ["attention.self.query", "attention.self.key", "intermediate.dense", "output.dense"],
        "distilbert": ["attention.q_lin", "attention.k_lin", "ffn.lin1", "ffn.lin2"],
        "mpnet": ["attention.attn.q", "attention.attn.k", "intermediate.dense", "output.dense"],
    }
    layers = {
        "bert": ["bert.encoder.layer.0"],
        "distilbert": ["distilbert.transformer.layer.0"],
        # Its attention is of a kind of its own, so that the last layer computes all tokens.
        "mpnet": ["mpnet.encoder.layer.0", "mpnet.encoder.layer.1"],
    }
    assert rounded == [f"{layer}.{part}" for layer in layers[kind] for part in parts[kind]]


@pytest.mark.parametrize("kind", ["bert", "distilbert", "electra", "mpnet", "roberta", "xlm-roberta"])
@torch.inference_mode()
def test_vectors_in_int8_are_near_those_of_float32_and_depend_on_no_other_row(kind, tmp_path):
    model = LocalModel("tiny", save_classifier(tmp_path, kind))
    exact, quantized = (load_encoder(model, choose(HARDWARE, "cpu", dtype)) for dtype in ("float32", "int8"))
    tokens = torch.randint(5, 30, (4, 7), generator=torch.Generator().manual_seed(0))
    expected, found = (encoder(input_ids=tokens).last_hidden_state for encoder in (exact, quantized))
    assert torch.cosine_similarity(expected, found, dim=-1).mean() > 0.99
    assert not torch.equal(expected, found)
    torch.testing.assert_close(quantized(input_ids=tokens[1:2]).last_hidden_state, found[1:2], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("asked", "measured", "int8"),
    [("auto", True, True), ("float32", True, False), ("auto", False, False), ("int8", False, True)],
)
@pytest.mark.parametrize("load", [load_classifier, load_encoder])
def test_an_encoder_is_loaded_as_was_decided(load, asked, measured, int8, tmp_path):
    model = LocalModel("tiny", save_classifier(tmp_path), int8_measured=measured)
    module = load(model, choose(HARDWARE, "cpu", asked))
    assert any(isinstance(part, DynamicInt8Linear) for part in module.modules()) == int8
