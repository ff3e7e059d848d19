"""Encoders whose upper layers learn, with tiny random ones: what is trained merges into transformers' own classifiers."""

import json

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification, BertConfig, BertModel, MPNetConfig, MPNetModel

from nlpcli.models.catalog import Adapter
from nlpcli.models.sources.adapter import merge_adapter
from nlpcli.models.sources.hashing import sha256_of
from nlpcli.training.adapter_file import save_named
from nlpcli.training.sentiment import _ingredients
from nlpcli.training.sentiment_data import Example
from nlpcli.training.upper_layers import UpperLayers, UpperRecipe
from tests.tiny import WORDS, save_tokenizer

RECIPE = UpperRecipe(frozen_layers=1, rank=2, alpha=4, epochs=3, averaging=0.5, batch_tokens=32,
                     rate_of_adapters=0.01, rate_of_head=0.01, dropout=0.0)  # fmt: skip
EXAMPLES = [
    Example(text, 2 if "a" in text else 0, 3.0 if "a" in text else -3.0, (0, 0, 1) if "a" in text else (1, 0, 0))
    for text in ("a b c", "d e f", "a a", "e", "x y a z", "x y z")
    for _ in range(16)
]
TEXTS = ["a b c", "d e f", "x y a z b c d"]
SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}
FAMILIES = {
    "bert": (BertModel, BertConfig, "bert.", "BertForSequenceClassification"),
    "mpnet": (MPNetModel, MPNetConfig, "mpnet.", "MPNetForSequenceClassification"),
}


def quiet(text, fraction=None):
    pass


@pytest.fixture(params=FAMILIES)
def family(request, tmp_path, monkeypatch):
    model, config, prefix, architecture = FAMILIES[request.param]
    torch.manual_seed(0)
    model(config(vocab_size=len(WORDS), max_position_embeddings=140, pad_token_id=0, **SIZES)).save_pretrained(tmp_path)
    save_tokenizer(tmp_path, segments=False)
    # In float32, so that what is merged can be compared to the last digits.
    monkeypatch.setattr("nlpcli.training.upper_layers.choose", lambda hardware, device: _Float32())
    return tmp_path, prefix, architecture


class _Float32:
    dtype = "float32"


def learnt(folder, recipe=RECIPE, begin=None):
    model = UpperLayers(folder, recipe, quiet)
    if begin:
        model.begin_from(begin, 1)
    states = model.lower_states(
        [example.text for example in EXAMPLES], folder / f"states{recipe.frozen_layers}.safetensors"
    )
    path = folder / f"learnt{recipe.frozen_layers}.safetensors"
    model.learn(EXAMPLES, states, path)
    model.recall(path)
    return model, path


def test_what_was_learnt_is_what_the_merged_classifier_of_transformers_says(family, tmp_path):
    folder, prefix, architecture = family
    model, path = learnt(folder)
    ours = model.logits(TEXTS)
    assert ours.argmax(-1).tolist() == [2, 0, 2]
    adapter = tmp_path / "adapter.safetensors"
    save_named(adapter, model.named_as_classifier(load_file(path)), _ingredients(2.0, prefix, architecture))
    adapter.with_suffix(".md").write_text("# Card")
    merge_adapter(Adapter("base", "0", str(adapter), sha256_of(adapter), 0), folder, tmp_path / "made")
    merged, report = AutoModelForSequenceClassification.from_pretrained(tmp_path / "made", output_loading_info=True)
    assert report["missing_keys"] == set()
    assert json.loads((tmp_path / "made" / "config.json").read_text())["id2label"]["2"] == "positive"
    tokens = [model._token_ids([text]) for text in TEXTS]
    theirs = torch.cat([merged.eval()(input_ids=torch.tensor(row)).logits for row in tokens])
    assert torch.allclose(ours, theirs.detach(), atol=0.02)  # the adapter is stored in float16


def test_deeper_layers_go_on_from_what_the_upper_ones_learnt(family):
    folder, *_ = family
    before, path = learnt(folder)
    recipe = UpperRecipe(frozen_layers=0, rank=2, alpha=4)
    after = UpperLayers(folder, recipe, quiet)
    after.begin_from(path, 1)
    assert torch.allclose(after.logits(TEXTS), before.logits(TEXTS), atol=1e-4)
