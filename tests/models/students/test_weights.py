"""A student read without transformers, beside `BergamotMTModel`."""

import json
import shutil

import pytest
import torch

from nlpcli.models import loading
from nlpcli.models.reference import LocalModel
from nlpcli.models.students.loading import load_student, load_tokenizer
from nlpcli.models.students.weights import StudentTokenizer, StudentWeights, student_config, student_tokenizer
from nlpcli.pipelines.translation.translators import cross_attention, mean_log_probabilities
from nlpcli.runtime.device import choose, describe_hardware

pytestmark = pytest.mark.starter
TEXTS = ["I love it", "The quick brown fox </s> <pad>.", " Ärger 漢字 😍", ""]
FOUND = [[5, 6, 7, 0], [10, 200, 3000, 40, 0], [9], [1, 2, 3, 4]]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_student_says_of_given_translations_what_its_module_says_to_the_last_bit(en_pt, dtype):
    model, placement = LocalModel("starter/en-pt", en_pt), choose(describe_hardware(), "cpu", dtype)
    tokenizer, student = load_tokenizer(model), load_student(model, placement)
    assert isinstance(student.weights, StudentWeights)
    module = student.module()
    assert type(module).__name__ == "BergamotMTModel"
    rows = tokenizer(TEXTS)["input_ids"]
    start = module.config.decoder_start_token_id
    for some in (slice(0, 4), slice(1, 2)):
        ours, theirs = (
            mean_log_probabilities(one, rows[some], FOUND[some], start) for one in (student.weights, module)
        )
        assert ours == theirs
        ours, theirs = (cross_attention(one, rows[some], FOUND[some]) for one in (student.weights, module))
        assert torch.equal(ours, theirs)
    assert {name: getattr(module.config, name) for name in vars(student.weights.config)} == vars(student.weights.config)


def test_the_tokenizer_of_a_student_does_what_that_of_transformers_does(en_pt):
    model = LocalModel("starter/en-pt", en_pt)
    ours, theirs = load_tokenizer(model), loading.load_tokenizer(model)
    assert isinstance(ours, StudentTokenizer)
    rows = ours(TEXTS)["input_ids"]
    assert rows == theirs(TEXTS)["input_ids"]
    assert ours.batch_decode(rows) == theirs.batch_decode(rows)
    target = {"text_target": "olá mundo", "add_special_tokens": False}
    assert ours(**target)["input_ids"] == theirs(**target)["input_ids"]
    for text in TEXTS:
        assert ours.tokenize(text) == theirs.tokenize(text)
        assert ours.convert_tokens_to_string(ours.tokenize(text)) == theirs.convert_tokens_to_string(
            ours.tokenize(text)
        )
        assert ours.encoding(text).offsets == theirs.encoding(text).offsets


@pytest.mark.parametrize(
    ("file", "fields"),
    [
        ("config.json", {"activation_function": "gelu"}),
        ("config.json", {"source_vocab_size": 7}),
        ("config.json", {"share_encoder_decoder_embeddings": False}),
        ("tokenizer_config.json", {"split_special_tokens": False}),
        ("tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast"}),
    ],
)
def test_what_is_not_plainly_a_student_of_one_vocabulary_is_left_to_transformers(en_pt, tmp_path, file, fields):
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(en_pt / name, tmp_path / name)
    assert student_config(tmp_path)
    assert student_tokenizer("x", tmp_path)
    stated = json.loads((tmp_path / file).read_text())
    (tmp_path / file).write_text(json.dumps({**stated, **fields}))
    assert (student_config if file == "config.json" else student_tokenizer)(
        *(["x"] if file != "config.json" else []), tmp_path
    ) is None
