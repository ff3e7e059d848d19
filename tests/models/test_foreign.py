"""What a model's folder says is checked before it is obeyed."""

import json
import shutil
import socket
import subprocess
import sys
from contextlib import suppress

import pytest
from tiny import save_causal_lm, save_classifier, save_seq2seq

from nlpcli.errors import ModelUnsafe, ModelUnusable
from nlpcli.models import loading
from nlpcli.models.foreign import check_numbers
from nlpcli.models.llama.configuration import llama_config
from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Placement

CPU = Placement("cpu", "float32", "", "")
LOADS = {
    "tokenizer": lambda model: loading.load_tokenizer(model),
    "encoder": lambda model: loading.load_encoder(model, CPU),
    "classifier": lambda model: loading.load_classifier(model, CPU),
    "attention": lambda model: loading.load_attention_model(model, CPU),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("classifier"))


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "model")


def edit(path, **values):
    stated = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**stated, **values}))


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize(
    "file", ["weights.bin", "../outside.safetensors", "/etc/passwd", "a/b.safetensors", "..\\x.safetensors"]
)
def test_an_index_names_safetensors_beside_it_and_nothing_else(folder, load, file):
    edit(folder / "model.safetensors.index.json", metadata={}, weight_map={"a": "model.safetensors", "b": file})
    with pytest.raises(ModelUnsafe, match=r"index\.json names"):
        LOADS[load](LocalModel("tiny", folder))


@pytest.mark.parametrize("load", LOADS)
def test_an_adapter_beside_the_weights_is_refused(folder, load):
    edit(folder / "adapter_config.json", base_model_name_or_path="owner/other", peft_type="LORA")
    with pytest.raises(ModelUnusable, match="holds an adapter"):
        LOADS[load](LocalModel("tiny", folder))


@pytest.mark.parametrize("key", ["_attn_implementation", "attn_implementation", "_experts_implementation"])
def test_no_configuration_names_code_to_fetch(folder, key):
    edit(folder / "config.json", **{key: "owner/kernel"})
    config = loading._load_config(LocalModel("tiny", folder))
    assert "owner/kernel" not in (config._attn_implementation, getattr(config, "_experts_implementation", None))
    assert loading.load_encoder(LocalModel("tiny", folder), CPU)


_CODE = {
    "AutoConfig": "code.E", "AutoModel": "code.E", "AutoModelForSequenceClassification": "code.E",
    "AutoTokenizer": ["code.E", "code.E"], "AutoProcessor": "code.E",
}  # fmt: skip
_ELSEWHERE = {
    name: f"owner/x--{place}" if isinstance(place, str) else [f"owner/x--{one}" for one in place]
    for name, place in _CODE.items()
}
_NAMES_CODE = [
    *(("config.json", {"auto_map": code, **more}) for code in (_CODE, _ELSEWHERE) for more in ({}, {"model_type": "other"})),
    *(("config.json", {"quantization_config": {"quant_method": kind}}) for kind in (
        "bitsandbytes", "gptq", "awq", "torchao", "quanto", "hqq", "compressed-tensors", "fp8", "mxfp4", "other", "",
    )),
    *(("config.json", {key: "owner/x"}) for key in ("custom_generate", "_name_or_path", "base_model_name_or_path", "backbone")),
    ("config.json", {"custom_pipelines": {"text-classification": {"impl": "code.E"}}, "trust_remote_code": True}),
    ("config.json", {"transformers_weights": "../weights.safetensors"}),
    ("config.json", {"use_kernels": True, "kernel_config": {"a": "owner/x:y"}}),
    *(("tokenizer_config.json", {"auto_map": code}) for code in (_CODE, _ELSEWHERE)),
    ("tokenizer_config.json", {"tokenizer_class": "E", "auto_map": _ELSEWHERE}),
    ("tokenizer_config.json", {"tokenizer_class": "owner/x--E"}),
    ("tokenizer_config.json", {"processor_class": "E", "auto_map": _ELSEWHERE}),
    ("tokenizer_config.json", {"tokenizer_file": "/etc/passwd", "vocab_file": "../../x"}),
    *((file, {"auto_map": _ELSEWHERE, "processor_class": "E"}) for file in ("processor_config.json", "preprocessor_config.json")),
]  # fmt: skip


@pytest.mark.parametrize(("file", "values"), _NAMES_CODE, ids=lambda value: json.dumps(value)[:60])
def test_no_configuration_runs_or_fetches_code(folder, file, values, monkeypatch):
    """Whether it is taken or refused, nothing of it runs, and nobody is asked for it."""
    (folder / "code.py").write_text(f"open({str(folder / 'ran')!r}, 'w')\n")
    edit(folder / file, **values)
    asked = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: asked.append(address))
    for load in ("tokenizer", "classifier"):
        with suppress(ModelUnsafe, ModelUnusable):
            LOADS[load](LocalModel("tiny", folder))
    assert asked == []
    assert not (folder / "ran").exists()


def test_kernels_of_the_hub_are_off():
    code = "from nlpcli.models import loading; from transformers.integrations import hub_kernels as k; print(k._kernels_enabled)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("value", [1_000_000_000, 1e9, 6000, -1, 0, "six", None, [], {}, float("nan")])
@pytest.mark.parametrize("key", ["num_hidden_layers", "hidden_size", "vocab_size", "num_attention_heads"])
def test_numbers_that_the_weights_cannot_have_are_refused_at_once(folder, key, value):
    config = json.loads((folder / "config.json").read_text())
    name = key if key in config else {"num_hidden_layers": "n_layer", "hidden_size": "n_embd"}.get(key, key)
    edit(folder / "config.json", **{name: value})
    with pytest.raises(ModelUnusable, match="tiny"):
        loading.load_encoder(LocalModel("tiny", folder), CPU)


@pytest.mark.parametrize("save", [save_causal_lm, save_seq2seq, save_classifier])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"null"])
@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"])
def test_a_damaged_file_is_said_in_words(tmp_path, save, file, content):
    folder = save(tmp_path)
    (folder / file).write_bytes(content)
    model = LocalModel("tiny", folder)
    load = {save_causal_lm: loading.load_causal_lm, save_seq2seq: loading.load_seq2seq}.get(
        save, loading.load_classifier
    )
    assert llama_config(folder) is None or file != "config.json"
    if file == "tokenizer_config.json" and content in (b"[]", b"null"):
        return
    with pytest.raises(ModelUnusable, match=r"^tiny [^\n]*$"):
        loading.load_tokenizer(model) and load(model, CPU)


def test_fewer_layers_than_there_are_weights_for_are_refused(folder):
    edit(folder / "config.json", num_hidden_layers=1)
    with pytest.raises(ModelUnusable, match="more layers than its config"):
        loading.load_classifier(LocalModel("tiny", folder), CPU)


def test_a_place_from_the_end_is_no_size():
    check_numbers("x", {"hidden_size": 32, "vision_feature_layer": -2}, 1 << 20)
    with pytest.raises(ModelUnusable, match="num_hidden_layers = -2"):
        check_numbers("x", {"hidden_size": 32, "num_hidden_layers": -2}, 1 << 20)


def test_what_only_looks_like_a_token_is_none(folder):
    schema = {"type": "object", "properties": {"role": {"const": "assistant"}, "content": {"type": "string"}}}
    edit(folder / "tokenizer_config.json", response_schema=schema, chat_template=[{"name": "a", "template": "b"}])
    assert loading.load_tokenizer(LocalModel("tiny", folder))
    edit(folder / "tokenizer_config.json", mask_token={"content": "[UNK]", "lstri": True})
    with pytest.raises(ModelUnusable, match="says lstri of a token"):
        loading.load_tokenizer(LocalModel("tiny", folder))
