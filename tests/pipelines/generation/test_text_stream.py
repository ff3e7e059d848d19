"""Pieces of text as they become certain: characters of several tokens, stop strings."""

import pytest
from tokenizers import ByteLevelBPETokenizer
from transformers import PreTrainedTokenizerFast

from nlpcli.pipelines.generation.text_stream import TextStream


@pytest.fixture(scope="module")
def tokenizer():
    """One token per byte."""
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator([""], vocab_size=257, special_tokens=["<end>"], show_progress=False)
    return PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, eos_token="<end>")


def pieces(tokenizer, text, stop=()):
    """What is known after each token, and at the end."""
    stream = TextStream(tokenizer, tokenizer("the prompt: ")["input_ids"], stop)
    said = []
    for token in tokenizer(text)["input_ids"]:
        stream.push(token)
        said.append(stream.text)
        if stream.stopped:
            return said
    stream.finish()
    return [*said, stream.text]


def test_a_character_of_several_tokens_waits_for_its_last(tokenizer):
    assert pieces(tokenizer, "a猫b") == ["a", "a", "a", "a猫", "a猫b", "a猫b"]


def test_an_emoji_is_never_half_said(tokenizer):
    assert all("\ufffd" not in text for text in pieces(tokenizer, "🐈 ok"))


def test_a_stop_string_ends_the_text_before_itself_and_its_beginning_is_held_back(tokenizer):
    assert pieces(tokenizer, "xENDy", ("END",)) == ["x", "x", "x", "x"]
    assert pieces(tokenizer, "xENx", ("END",)) == ["x", "x", "x", "xENx", "xENx"]


def test_a_held_beginning_is_said_when_the_text_ends(tokenizer):
    assert pieces(tokenizer, "xEN", ("END",))[-1] == "xEN"


def test_the_first_of_several_stop_strings_counts(tokenizer):
    assert pieces(tokenizer, "one. two", (" two", "."))[-1] == "one"


def test_a_stop_string_in_chinese_ends_the_text(tokenizer):
    assert pieces(tokenizer, "你好。再见", ("。",))[-1] == "你好"


def test_special_tokens_are_no_text(tokenizer):
    stream = TextStream(tokenizer, [5], ())
    stream.push(tokenizer.eos_token_id)
    stream.finish()
    assert stream.text == ""


@pytest.mark.parametrize("character", ["é", "猫", "🐈", "👩‍🚀"])
@pytest.mark.parametrize("stop", [(), ("xyz",), ("👩‍🚀",), ("猫x",)])
def test_a_character_that_is_cut_leaves_nothing_behind(tokenizer, character, stop):
    tokens = tokenizer(f"ok {character}")["input_ids"]
    for length in range(3, len(tokens)):
        stream = TextStream(tokenizer, [], stop)
        for token in tokens[:length]:
            stream.push(token)
        stream.finish()
        assert f"ok {character}".startswith(stream.text)
