"""Encoders with int8 products: which layers, how far from float32, and what does not depend on what stands beside it."""

import pytest
import torch
from tiny import save_classifier
from transformers import AutoModel, AutoModelForSequenceClassification

from nlpcli.kernels.int8_products import DynamicInt8Linear
from nlpcli.kernels.linear import libraries
from nlpcli.models.bert.first_token import FirstTokenLayer, read_first_token_alone
from nlpcli.models.bert.int8_encoder import Int8Layer
from nlpcli.models.bert.quantize import quantize_layers
from nlpcli.models.loading import load_classifier, load_encoder
from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Hardware, choose

HARDWARE = Hardware("cpu", frozenset({"avx2"}), 2)
FAMILIES = ["bert", "camembert", "distilbert", "electra", "mpnet", "roberta", "xlm-roberta"]

pytestmark = pytest.mark.skipif("fbgemm" not in libraries(), reason="this build of torch has no FBGEMM")


def tokens(rows, length):
    return torch.randint(5, 30, (rows, length), generator=torch.Generator().manual_seed(0))


def encoders(folder):
    model = LocalModel("tiny", folder)
    return (load_encoder(model, choose(HARDWARE, "cpu", dtype)) for dtype in ("float32", "int8"))


@pytest.mark.parametrize("kind", ["bert", "distilbert", "mpnet"])
def test_every_layer_is_quantized_but_the_one_of_a_single_token(kind, tmp_path):
    model = AutoModelForSequenceClassification.from_pretrained(save_classifier(tmp_path, kind))
    read_first_token_alone(model)
    quantize_layers(model)
    kinds = [type(module) for module in model.modules() if isinstance(module, Int8Layer | FirstTokenLayer)]
    # MPNet's attention is of a kind of its own, so that the last layer computes all tokens.
    assert kinds == ([Int8Layer, Int8Layer] if kind == "mpnet" else [Int8Layer, FirstTokenLayer])


@pytest.mark.parametrize("kind", FAMILIES)
@torch.inference_mode()
def test_vectors_in_int8_are_near_those_of_float32(kind, tmp_path):
    exact, quantized = encoders(save_classifier(tmp_path, kind))
    mask = (torch.arange(7) < torch.tensor([7, 7, 5, 2])[:, None]).long()
    inputs = {"input_ids": tokens(4, 7), "attention_mask": mask}
    expected, found = (encoder(**inputs).last_hidden_state[mask.bool()] for encoder in (exact, quantized))
    assert torch.cosine_similarity(expected, found, dim=-1).mean() > 0.99
    assert not torch.equal(expected, found)


@pytest.mark.parametrize("kind", FAMILIES)
@torch.inference_mode()
def test_a_text_gives_the_same_bits_whatever_stands_beside_it(kind, tmp_path):
    _, quantized = encoders(save_classifier(tmp_path, kind))
    lengths = torch.tensor([7, 7, 5, 2])
    ids = tokens(4, 7)
    beside = quantized(input_ids=ids, attention_mask=(torch.arange(7) < lengths[:, None]).long()).last_hidden_state
    for row, length in enumerate(lengths.tolist()):
        alone = quantized(input_ids=ids[row : row + 1, :length]).last_hidden_state
        assert torch.equal(alone[0], beside[row, :length])


@torch.inference_mode()
def test_channels_that_are_ten_times_as_large_cost_the_others_nothing(tmp_path):
    """Of the trained models every one has some; the scale of a row is theirs."""
    model = AutoModel.from_pretrained(save_classifier(tmp_path, "bert")).eval()
    for layer in model.encoder.layer:
        layer.output.LayerNorm.weight[3:5] *= 30
        layer.attention.output.LayerNorm.weight[3:5] *= 30
        for linear in (layer.attention.self.value, layer.attention.self.query, layer.intermediate.dense):
            linear.weight[:, 3:5] /= 30
    # The last layer's own large channels would hide what the others are.
    model.encoder.layer[-1].output.LayerNorm.weight[3:5] /= 30
    ids = tokens(4, 9)
    expected = model(input_ids=ids).last_hidden_state
    quantize_layers(model)
    found = model(input_ids=ids).last_hidden_state
    assert torch.cosine_similarity(expected, found, dim=-1).mean() > 0.999


@pytest.mark.parametrize(
    ("asked", "measured", "int8"),
    [("auto", True, True), ("float32", True, False), ("auto", False, False), ("int8", False, True)],
)
@pytest.mark.parametrize("load", [load_classifier, load_encoder])
def test_an_encoder_is_loaded_as_was_decided(load, asked, measured, int8, tmp_path):
    model = LocalModel("tiny", save_classifier(tmp_path), int8_measured=measured)
    module = load(model, choose(HARDWARE, "cpu", asked))
    assert any(isinstance(part, DynamicInt8Linear) for part in module.modules()) == int8
