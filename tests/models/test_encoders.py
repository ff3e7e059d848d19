"""Models whose modules are ours, read without transformers, beside what transformers makes of the same files."""

import json
from pathlib import Path

import pytest
import torch
from tiny import save_classifier
from transformers import AutoTokenizer, BertTokenizer

from nlpcli.errors import ModelError
from nlpcli.models import encoders, loading
from nlpcli.models.bert.modeling import BertClassifier, BertEncoderModel, bert_config
from nlpcli.models.plain_tokenizer import PlainTokenizer, plain_tokenizer
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.windows import pad
from nlpcli.runtime.device import choose, describe_hardware

TEXTS = [
    "I love it",
    "Ärger über naïve café 漢字 😍 don't",
    "",
    " [MASK] x [SEP]",
    "word1 " * 150,
    "a\tb\u00a0c \x00 d\u2028e",
]
HARDWARE = describe_hardware()


def compare(model, ids, dtype):
    """Equal to the last digit of float32: its products depend on where in memory a weight begins, and ours are mapped."""
    placement = choose(HARDWARE, "cpu", dtype)
    batch = pad(ids, 0, torch.device("cpu"))
    for kind in ["load_encoder"] + ["load_classifier"] * loading.is_classifier(model):
        ours, theirs = (getattr(module, kind)(model, placement) for module in (encoders, loading))
        assert isinstance(ours, BertEncoderModel | BertClassifier)
        assert not isinstance(theirs, BertEncoderModel | BertClassifier)
        with torch.inference_mode():
            found, expected = ours(**batch)[0], theirs(**batch)[0]
        assert torch.allclose(found, expected, rtol=0, atol=0 if dtype == "bfloat16" else 2e-6)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8"])
@pytest.mark.parametrize("ids", [[[2, 7, 3]], [[2, *range(7, 25), 3], [2, 7, 3], [2, 8, 9, 3]]], ids=["one", "padded"])
def test_bert_computes_what_transformers_computes(tmp_path, dtype, ids):
    compare(LocalModel("tiny", save_classifier(tmp_path)), ids, dtype)


@pytest.mark.starter
@pytest.mark.parametrize("name", ["starter/sentiment", "starter/e5"])
def test_starter_models_are_read_without_transformers_and_give_the_same(pull_starter, name):
    model = LocalModel(name, Path(pull_starter(name)))
    ours, theirs = encoders.load_tokenizer(model), AutoTokenizer.from_pretrained(model.folder)
    assert isinstance(ours, PlainTokenizer)
    for special in (True, False):
        expected = theirs(TEXTS, add_special_tokens=special)["input_ids"]
        assert ours(TEXTS, add_special_tokens=special)["input_ids"] == expected
    for text in TEXTS:
        expected = theirs(text, return_offsets_mapping=True)["offset_mapping"]
        assert ours(text, return_offsets_mapping=True)["offset_mapping"] == expected
    for field in ("pad_token_id", "eos_token_id", "unk_token_id", "all_special_ids", "model_max_length", "vocab_size"):
        assert getattr(ours, field) == getattr(theirs, field)
    config, read = bert_config(model.folder), loading._load_config(model)
    assert {name: getattr(read, name) for name in vars(config)} == vars(config)
    compare(model, [ids[:100] for ids in ours(TEXTS)["input_ids"]], "float32")


def change(folder, name, **fields):
    file = folder / name
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


@pytest.mark.parametrize(
    "fields",
    [
        {"model_type": "roberta"},
        {"hidden_act": "relu"},
        {"is_decoder": True},
        {"position_embedding_type": "relative_key"},
        {"quantization_config": {"quant_method": "bitsandbytes"}},
        {"auto_map": {"AutoModel": "own.py"}},
        {"hidden_size": 33},
        {"layer_norm_eps": None},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_configuration_that_is_not_plainly_berts_is_left_to_transformers(tmp_path, fields):
    folder = save_classifier(tmp_path)
    assert bert_config(folder) is not None
    change(folder, "config.json", **fields)
    assert bert_config(folder) is None


@pytest.mark.parametrize(
    ("file", "fields"),
    [
        ("config.json", {"num_hidden_layers": 1}),
        ("config.json", {"num_hidden_layers": 3}),
        ("config.json", {"intermediate_size": 63}),
    ],
)
def test_weights_that_do_not_fit_are_said_as_transformers_route_says_them(tmp_path, file, fields):
    model = LocalModel("tiny", save_classifier(tmp_path))
    change(model.folder, file, **fields)
    said = []
    for load in (encoders.load_classifier, loading.load_classifier):
        with pytest.raises(ModelError) as error:
            load(model, choose(HARDWARE, "cpu", "float32"))
        said.append(str(error.value))
    assert said[0] == said[1]


def bert_tokenizer(folder, **settings):
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefgh", "##a", "##b", "é"]
    BertTokenizer({word: number for number, word in enumerate(words)}, model_max_length=24, **settings).save_pretrained(
        folder
    )
    return folder


@pytest.mark.parametrize("settings", [{}, {"do_lower_case": False}, {"strip_accents": False}, {"strip_accents": True}])
def test_a_tokenizer_of_berts_class_is_read_plainly_and_splits_the_same(tmp_path, settings):
    folder = bert_tokenizer(tmp_path, **settings)
    theirs, ours = AutoTokenizer.from_pretrained(folder), plain_tokenizer("tiny", folder)
    texts = ["ab AB é É 漢a [MASK]", "[CLS] a[SEP]b", "\x00\u200bab", "a" * 200]
    expected = theirs(texts)["input_ids"]
    assert (ours or theirs)(texts)["input_ids"] == expected
    assert ours is not None or "added_tokens_decoder" in json.loads((folder / "tokenizer_config.json").read_text())


@pytest.mark.parametrize(
    "changed",
    [
        ("tokenizer_config.json", {"do_lower_case": False}),
        ("tokenizer_config.json", {"add_bos_token": True}),
        ("tokenizer_config.json", {"extra_special_tokens": ["<x>"]}),
        ("tokenizer_config.json", {"tokenizer_class": "GPT2Tokenizer"}),
        ("tokenizer_config.json", {"model_max_length": None}),
        ("tokenizer_config.json", {"unk_token": "[PAD]"}),
        ("tokenizer.json", {"normalizer": None}),
        ("tokenizer.json", {"pre_tokenizer": {"type": "Whitespace"}}),
        ("tokenizer.json", {"post_processor": None}),
    ],
    ids=lambda changed: "-".join([changed[0], *changed[1]]),
)
@pytest.mark.starter
def test_a_tokenizer_of_which_transformers_might_make_another_is_left_to_it(starter, tmp_path, changed):
    for name in ("tokenizer.json", "tokenizer_config.json", "config.json"):
        (tmp_path / name).write_bytes((Path(starter) / name).read_bytes())
    assert plain_tokenizer("tiny", tmp_path) is not None
    file, fields = changed
    change(tmp_path, file, **fields)
    assert plain_tokenizer("tiny", tmp_path) is None
