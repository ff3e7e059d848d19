"""Weights that come straight from a folder compute what transformers' modules compute with it."""

import json

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from nlpcli.models.llama.configuration import LlamaConfig, llama_config
from nlpcli.models.llama.decoder import LlamaDecoder
from nlpcli.models.llama.weights import llama_weights
from nlpcli.models.loading import load_causal_lm, load_llama
from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Placement
from tests.tiny import LONGEST, save_causal_lm

CPU = Placement("cpu", "float32", "", "")
TOKENS = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
ROTARY = {"rope_theta": 10000.0, "factor": 4.0}
LLAMA3 = {
    **ROTARY, "rope_type": "llama3", "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8,
}  # fmt: skip
SHAPES = [
    ("llama", {}),
    ("llama", {"tie_word_embeddings": True}),
    ("llama", {"attention_bias": True, "mlp_bias": True, "head_dim": 16, "num_key_value_heads": 1}),
    ("llama", {"rope_parameters": {"rope_type": "linear", **ROTARY}}),
    ("llama", {"rope_parameters": LLAMA3}),
    ("llama", {"rope_parameters": {"rope_type": "yarn", **ROTARY, "original_max_position_embeddings": 8}}),
    ("qwen2", {}),
    ("qwen3", {}),
    ("qwen3", {"attention_bias": True, "tie_word_embeddings": True}),
    ("mistral", {"sliding_window": None}),
]


@pytest.fixture
def save(tmp_path):
    def save_folder(kind="llama", **config):
        return save_causal_lm(tmp_path, kind, **config)

    return save_folder


def lean(folder, dtype=torch.float32):
    config = llama_config(folder)
    return config and llama_weights(folder, config, dtype)


def logits(decoder):
    decoder.add([TOKENS[:4], TOKENS[:2]])
    decoder.step([TOKENS[4], TOKENS[2]])
    steps = [decoder.step([token, token]) for token in TOKENS[5:]]
    return torch.stack(steps)


def restate(folder, **changes):
    file = folder / "config.json"
    stated = {**json.loads(file.read_text()), **changes}
    file.write_text(json.dumps({key: value for key, value in stated.items() if value is not ...}))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(("kind", "config"), SHAPES)
@torch.inference_mode()
def test_the_logits_are_exactly_those_with_the_weights_of_transformers_modules(save, kind, config, dtype):
    folder = save(kind, **config)
    module = load_causal_lm(LocalModel(kind, folder), Placement("cpu", dtype, "", ""))
    whole = module(torch.tensor([TOKENS])).logits[0, -1].float()
    own = logits(LlamaDecoder(lean(folder, getattr(torch, dtype)), LONGEST))
    assert torch.equal(own, logits(LlamaDecoder(module, LONGEST)))
    torch.testing.assert_close(own[-1, 0], whole, atol=1e-4 if dtype == "float32" else 0.2, rtol=0.05)


@torch.inference_mode()
def test_in_bfloat16_what_a_layer_adds_is_not_rounded_away(save):
    folder = save()
    modules = [lean(folder, dtype) for dtype in (torch.bfloat16, torch.float32)]
    whole = load_causal_lm(LocalModel("llama", folder), Placement("cpu", "bfloat16", "", ""))
    for module in (*modules, whole):
        # What comes in is large beside what the layers add.
        module.model.embed_tokens.weight.mul_(256)
    own, exact = (logits(LlamaDecoder(module, LONGEST))[-1, 0] for module in modules)
    of_transformers = whole(torch.tensor([TOKENS])).logits[0, -1].float()
    assert (own - exact).square().mean() < 0.5 * (of_transformers - exact).square().mean()


@pytest.mark.parametrize("quantization", ["int8", "int4"])
@pytest.mark.parametrize("tied", [True, False])
@torch.inference_mode()
def test_weights_in_fewer_bits_are_the_same_either_way(save, quantization, tied):
    folder = save(tie_word_embeddings=tied)
    placement, model = Placement("cpu", "float32", "", "", quantization), LocalModel("llama", folder)
    modules = [load_causal_lm(model, placement), load_llama(model, llama_config(folder), placement)]
    first, second = (logits(LlamaDecoder(module, LONGEST)) for module in modules)
    assert torch.equal(first, second)
    assert type(modules[1].lm_head) is not torch.nn.Linear
    assert modules[1].model.embed_tokens.weight.dtype == torch.float32


@torch.inference_mode()
def test_weights_in_several_files_with_an_index_are_all_found(save, tmp_path):
    folder = save()
    expected = logits(LlamaDecoder(lean(folder), LONGEST))
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for file, part in parts.items():
        save_file({name: tensors[name] for name in part}, folder / file, metadata={"format": "pt"})
    where = {name: file for file, part in parts.items() for name in part}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
    assert torch.equal(logits(LlamaDecoder(lean(folder), LONGEST)), expected)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"head_dim": ..., "num_key_value_heads": ..., "tie_word_embeddings": ..., "rms_norm_eps": ...},
        {"rope_parameters": ..., "rope_theta": 5e5},
        {"rope_parameters": ..., "rope_theta": 5e5, "rope_scaling": {"type": "linear", "factor": 2.0}},
        {"rope_parameters": ..., "rope_scaling": {**LLAMA3, "rope_theta": ...}},
    ],
)
def test_the_configuration_is_read_as_transformers_reads_it(save, changes):
    folder = save()
    if "rope_scaling" in changes:
        changes["rope_scaling"] = {key: value for key, value in changes["rope_scaling"].items() if value is not ...}
    restate(folder, **changes)
    own, theirs = llama_config(folder), transformers.LlamaConfig.from_pretrained(folder)
    assert own.to_dict() == theirs.to_dict()
    assert LlamaConfig().to_dict() == transformers.LlamaConfig().to_dict()


@pytest.mark.parametrize("file", ["generation_config.json", None])
def test_tokenizer_and_generation_settings_are_those_that_transformers_finds(save, file):
    folder = save(chat_template="x")
    stated = {"eos_token_id": [3, 5], "do_sample": True, "temperature": 0.3, "repetition_penalty": 1.1}
    if file:
        (folder / file).write_text(json.dumps(stated))
    else:
        (folder / "generation_config.json").unlink()
        restate(folder, **stated)
    theirs = load_causal_lm(LocalModel("llama", folder), CPU).generation_config
    own = lean(folder).generation_config
    assert own.to_dict() == theirs.to_dict()
    assert own.eos_token_id == [3, 5]
    tokenizers = [AutoTokenizer.from_pretrained(folder, config=config) for config in (llama_config(folder), None)]
    assert type(tokenizers[0]) is type(tokenizers[1])
    assert tokenizers[0].chat_template == tokenizers[1].chat_template == "x"
    assert tokenizers[0]("a b")["input_ids"] == tokenizers[1]("a b")["input_ids"]


@pytest.mark.parametrize(
    "changes",
    [
        {"model_type": "gpt2"},
        {"hidden_act": "gelu"},
        {"quantization_config": {"quant_method": "bitsandbytes"}},
        {"auto_map": {"AutoModelForCausalLM": "own.Model"}},
        {"rope_parameters": {"rope_type": "dynamic", **ROTARY}},
        {"num_hidden_layers": 3},
        {"vocab_size": 7},
        {"mlp_bias": True},
        {"hidden_size": "wide"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_unusual_is_left_to_transformers(save, changes):
    folder = save()
    assert lean(folder)
    restate(folder, **changes)
    assert lean(folder) is None


def test_windows_that_slide_are_left_to_transformers(save):
    assert lean(save("mistral", sliding_window=8)) is None


@pytest.mark.parametrize("damage", ["no weights", "cut short", "adapter", "two outputs", "no configuration"])
def test_files_that_are_not_plainly_whole_are_left_to_transformers(save, damage):
    folder = save(tie_word_embeddings=damage == "two outputs")
    weights = folder / "model.safetensors"
    if damage == "no weights":
        weights.unlink()
    elif damage == "cut short":
        weights.write_bytes(weights.read_bytes()[:-1000])
    elif damage == "adapter":
        (folder / "adapter_config.json").write_text("{}")
    elif damage == "two outputs":
        tensors = load_file(weights)
        save_file({**tensors, "lm_head.weight": tensors["model.embed_tokens.weight"] + 1}, weights)
    else:
        (folder / "config.json").unlink()
    assert lean(folder) is None
