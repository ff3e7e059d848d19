"""Models made from another one and an adapter of ours."""

import dataclasses
import hashlib
import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from nlpcli.errors import IntegrityError, ModelMissing
from nlpcli.models.catalog import Adapter, CatalogEntry, WheelFile, catalog
from nlpcli.models.sources import adapter as adapters
from nlpcli.models.sources.adapter import merge_adapter, merged
from nlpcli.models.sources.starter import StarterSource

RECIPE = {
    "prefix": "bert.",
    "scale": 2.0,
    "temperature": 4.0,
    "config": {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "no", "1": "yes"}},
    "tokenizer_config": {"model_max_length": 128},
}


def progress(text, fraction=None):
    pass


@pytest.fixture
def base(tmp_path):
    folder = tmp_path / "base"
    folder.mkdir()
    weights = {"query.weight": np.ones((3, 2), np.float32), "norm.weight": np.full(3, 7, np.float16)}
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text('{"model_type": "bert", "architectures": ["BertModel"]}')
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 512, "lower": true}')
    (folder / "vocab.txt").write_text("a")
    (folder / "modules.json").write_text("[]")
    return folder


@pytest.fixture
def adapter(tmp_path, monkeypatch):
    path = tmp_path / "yes.safetensors"
    tensors = {
        "bert.query.lora_A": np.array([[1, 2]], np.float16),
        "bert.query.lora_B": np.array([[1], [0], [-1]], np.float16),
        "classifier.weight": np.full((2, 3), 2, np.float16),
    }
    save_file(tensors, path, {name: json.dumps(value) for name, value in RECIPE.items()})
    path.with_suffix(".md").write_text("# Card")
    monkeypatch.setattr(adapters, "FOLDER", tmp_path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Adapter("starter/base", "1.0", path.name, sha256, path.stat().st_size)


def test_a_layer_becomes_w_plus_scale_times_b_a(base, adapter, tmp_path):
    merge_adapter(adapter, base, tmp_path / "made")
    weights = load_file(tmp_path / "made" / "model.safetensors")
    assert weights["bert.query.weight"].tolist() == [[3, 5], [1, 1], [-1, -3]]
    assert weights["bert.norm.weight"].tolist() == [7, 7, 7]
    assert {weight.dtype for weight in weights.values()} == {np.dtype(np.float32)}


def test_the_temperature_is_folded_into_the_classifier_alone():
    weights = merged({}, {"classifier.bias": np.ones(2, np.float16), "pooler.bias": np.ones(2, np.float16)}, 1.0, 4.0)
    assert weights["classifier.bias"].tolist() == [0.25, 0.25]
    assert weights["pooler.bias"].tolist() == [1, 1]


def test_the_folder_is_an_ordinary_model_with_its_card(base, adapter, tmp_path):
    made = tmp_path / "made"
    merge_adapter(adapter, base, made)
    assert {path.name for path in made.iterdir()} == {
        "README.md", "config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"
    }  # fmt: skip
    assert json.loads((made / "config.json").read_text()) == {"model_type": "bert"} | RECIPE["config"]
    assert json.loads((made / "tokenizer_config.json").read_text()) == {"model_max_length": 128, "lower": True}


def test_an_adapter_that_was_changed_is_refused(base, adapter, tmp_path):
    with (tmp_path / adapter.file).open("ab") as file:
        file.write(b"x")
    with pytest.raises(IntegrityError, match="install nlpcli again"):
        merge_adapter(adapter, base, tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_a_damaged_base_is_said_with_the_commands_that_mend_it(base, adapter, tmp_path):
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:50])
    with pytest.raises(IntegrityError, match="nlpcli models pull starter/base"):
        merge_adapter(adapter, base, tmp_path / "made")


@pytest.fixture
def source(adapter, tmp_path):
    def entry(name, origin):
        return CatalogEntry(name, "sentiment", "", ("en",), "MIT", 0, "", origin)

    wheel = WheelFile("p", "1.0", "p-1.0-py3-none-any.whl", "0" * 64, 1, "p/")
    entries = {"starter/base": entry("starter/base", wheel), "starter/yes": entry("starter/yes", adapter)}
    return StarterSource(entries, tmp_path / "cache")


def put_base_into_cache(source, base):
    folder = source._folder(source._entries["starter/base"])
    folder.parent.mkdir()
    base.rename(folder)
    (folder / "nlpcli-model.json").write_text('{"name": "starter/base", "version": "1.0", "licence": "", "files": {}}')


def test_it_is_made_offline_when_its_base_is_there(source, base):
    put_base_into_cache(source, base)
    model = source.resolve("starter/yes", None, True, progress)
    assert (model.folder / "model.safetensors").is_file()
    assert model.languages == ("en",)
    assert [(found.files, found.problems) for found in source.verify("starter/yes")] == [(5, ())]
    assert {found.name for found in source.cached()} == {"starter/base", "starter/yes"}


def test_without_its_base_the_base_is_asked_for(source):
    with pytest.raises(ModelMissing, match="nlpcli models pull starter/base"):
        source.resolve("starter/yes", None, True, progress)


@pytest.mark.parametrize("name", ["starter/sentiment", "starter/sentiment-large", "starter/sentiment-multilingual"])
def test_what_ships_is_small_and_is_what_the_catalogue_names(name):
    origin = catalog().models[name].origin
    path = adapters.FOLDER / origin.file
    assert path.stat().st_size == origin.size <= 8_000_000
    assert path.with_suffix(".md").read_text(encoding="utf-8").startswith(f"# {name}\n")
    assert origin.base in catalog().models
    assert hashlib.sha256(path.read_bytes()).hexdigest() == origin.sha256
    assert {weight.dtype for weight in load_file(path).values()} == {np.dtype(np.float16)}


def test_tensors_that_need_no_more_are_kept_in_float16_and_the_last_layer_alone_is_scaled(base, adapter, tmp_path):
    path = adapters.FOLDER / adapter.file
    tensors = load_file(path) | {"classifier.dense.weight": np.full((3, 3), 2, np.float16)}
    tensors["classifier.out_proj.weight"] = tensors.pop("classifier.weight")
    recipe = RECIPE | {"halves": ["bert.norm.weight"]}
    save_file(tensors, path, {name: json.dumps(value) for name, value in recipe.items()})
    changed = dataclasses.replace(adapter, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    merge_adapter(changed, base, tmp_path / "made")
    weights = load_file(tmp_path / "made" / "model.safetensors")
    assert (weights["bert.norm.weight"].dtype, weights["bert.query.weight"].dtype) == (np.float16, np.float32)
    assert weights["classifier.dense.weight"].max() == 2
    assert weights["classifier.out_proj.weight"].max() == 0.5
