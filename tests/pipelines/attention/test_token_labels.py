"""Tokens as a person reads them."""

import pytest
from tiny import save_tokenizer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from nlpcli.pipelines.attention.token_labels import label_tokens


@pytest.fixture(scope="module")
def bytes_tokenizer():
    """A vocabulary of single bytes: every character that is not ASCII is split."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({character: number for number, character in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>")


def texts(tokenizer, text):
    return [token.text for token in label_tokens(tokenizer, tokenizer(text)["input_ids"])]


def test_a_character_that_is_split_stands_in_each_of_its_tokens(bytes_tokenizer):
    assert texts(bytes_tokenizer, "a 猫é") == ["a", "▁", "猫¹", "猫²", "猫³", "é¹", "é²"]
    assert texts(bytes_tokenizer, "😀") == ["😀¹", "😀²", "😀³", "😀⁴"]


def test_bytes_that_are_no_text_are_shown_as_bytes(bytes_tokenizer):
    half = bytes_tokenizer("猫")["input_ids"][:2]
    assert [token.text for token in label_tokens(bytes_tokenizer, half)] == ["<0xE7>", "<0x8C>"]


def test_added_tokens_are_kept_and_special(bytes_tokenizer):
    ids = [*bytes_tokenizer("é")["input_ids"], bytes_tokenizer.eos_token_id, *bytes_tokenizer("a")["input_ids"]]
    found = label_tokens(bytes_tokenizer, ids)
    assert [token.text for token in found] == ["é¹", "é²", "<|end|>", "a"]
    assert [token.special for token in found] == [False, False, True, False]


def test_punctuation_is_told_of_every_script_and_an_unknown_word_is_not_special(tmp_path):
    save_tokenizer(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    found = label_tokens(tokenizer, tokenizer("a 。 猫 .")["input_ids"])
    assert [token.text for token in found] == ["[CLS]", "a", "。", "[UNK]", ".", "[SEP]"]
    assert [token.punctuation for token in found] == [False, False, True, False, True, False]
    # The tokenizer of these tests declares its last token alone.
    assert [token.special for token in found] == [False, False, False, False, False, True]


def test_an_unknown_token_says_what_it_hides(tmp_path):
    from tiny_attention import save_attention_model

    from nlpcli.models.reference import LocalModel
    from nlpcli.pipelines.attention.pipeline import Request, load_attention_pipeline
    from nlpcli.runtime.device import Placement

    save_attention_model(tmp_path)
    pipeline = load_attention_pipeline(LocalModel("tiny", tmp_path), Placement("cpu", "float32", "", ""))
    inspection = pipeline.inspect("a 猫 b", Request(pair="☃ c"))
    assert [token.shown for token in inspection.tokens] == [
        "[CLS]", "a", "[UNK:猫]", "b", "[SEP]", "[UNK:☃]", "c", "[SEP]",
    ]  # fmt: skip
    assert inspection.maps[0].keys == inspection.tokens
