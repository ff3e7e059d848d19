"""The last layer of a classifier computes what its head reads, and no more."""

import pytest
import torch
from tiny import save_classifier
from transformers import AutoModelForSequenceClassification

from nlpcli.models.bert.first_token import FirstTokenLayer, read_first_token_alone

FAMILIES = ["bert", "camembert", "distilbert", "electra", "roberta", "xlm-roberta"]


def load(folder):
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    model.set_attn_implementation("sdpa")
    return model


def ids():
    return torch.randint(4, 30, (3, 9), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", FAMILIES)
@pytest.mark.parametrize("lengths", [(9, 9, 9), (9, 4, 6)])
def test_logits_are_those_of_the_whole_layer(kind, lengths, tmp_path):
    folder = save_classifier(tmp_path, kind)
    mask = (torch.arange(9) < torch.tensor(lengths)[:, None]).long()
    whole, first = load(folder), load(folder)
    read_first_token_alone(first)
    with torch.inference_mode():
        expected, found = (model(input_ids=ids(), attention_mask=mask).logits for model in (whole, first))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", FAMILIES)
def test_no_other_token_leaves_the_last_layer(kind, tmp_path):
    model = load(save_classifier(tmp_path, kind))
    read_first_token_alone(model)
    with torch.inference_mode():
        assert model.base_model(input_ids=ids()).last_hidden_state.shape == (3, 1, 32)


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_decoders_are_left_alone(kind, tmp_path):
    model = load(save_classifier(tmp_path, kind))
    read_first_token_alone(model)
    assert not any(isinstance(module, FirstTokenLayer) for module in model.modules())
