"""Windows lose nothing and are never too long."""

import pytest
from sentencex import segment
from tiny import save_tokenizer
from transformers import AutoTokenizer

from nlpcli.pipelines.windows import Pairs, Windows, with_rounded_rows

LONGEST = 10


@pytest.fixture(params=[True, False], ids=["special tokens", "no special tokens"])
def tokenizer(request, tmp_path):
    save_tokenizer(tmp_path, special_tokens=request.param, segments=request.param)
    return AutoTokenizer.from_pretrained(tmp_path)


def inner(windows, cutter):
    return [token for window in windows for token in cutter.without_special_tokens(window)]


@pytest.mark.parametrize(
    "text",
    ["a b c. " * 20, "a b c! d e. f g", "a b 。c d 。" * 8, "a " * 100, "a b c d e f g h i. a", "a\n\nb. c\td" * 9],
)
def test_windows_at_sentence_ends_lose_nothing(tokenizer, text):
    cutter = Windows(tokenizer, LONGEST)
    (windows,) = cutter.at_sentence_ends([text])
    assert all(len(window) <= LONGEST for window in windows)
    assert inner(windows, cutter) == tokenizer(text, add_special_tokens=False)["input_ids"]


def test_a_window_ends_where_a_sentence_ends(tokenizer):
    cutter = Windows(tokenizer, LONGEST)
    (windows,) = cutter.at_sentence_ends(["We a b c! They d e f! You g h i! I j"])
    texts = [tokenizer.decode(cutter.without_special_tokens(window)) for window in windows]
    assert all(text.endswith("!") for text in texts[:-1])
    assert len(texts) > 1


def test_chinese_sentences_end_without_a_space(tokenizer):
    assert len(list(segment("en", "我喜欢。你呢？好！"))) == 3
    cutter = Windows(tokenizer, LONGEST)
    (windows,) = cutter.at_sentence_ends(["我们 a b c d。你们 e f g h。他们 i j k l。"])
    assert [tokenizer.decode(cutter.without_special_tokens(window))[-1] for window in windows] == ["。"] * len(windows)
    assert len(windows) > 1


def test_fifty_thousand_characters_are_cut_at_once(tokenizer):
    text = "a b c d. " * 5600
    cutter = Windows(tokenizer, LONGEST)
    (windows,) = cutter.at_sentence_ends([text])
    assert inner(windows, cutter) == tokenizer(text, add_special_tokens=False)["input_ids"]


def test_every_text_has_a_window(tokenizer):
    windows = Windows(tokenizer, LONGEST).at_sentence_ends(["", " ", "a"])
    assert [len(of_text) for of_text in windows] == [1, 1, 1]
    assert all(window for of_text in windows for window in of_text)


def test_a_pair_is_what_the_tokenizer_makes_of_two_texts(tokenizer):
    pairs = Pairs(tokenizer)
    expected = tokenizer("a b c", "d e")
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("a b c", "d e")]
    window, segments = pairs.join(*ids)
    assert window == expected["input_ids"]
    assert segments == expected.get("token_type_ids", [0] * len(window))
    assert pairs.special_tokens == len(window) - 5


@pytest.mark.parametrize(("count", "rounded"), [(1, 1), (2, 2), (5, 5), (9, 10), (17, 20), (33, 40), (100, 112)])
def test_few_counts_of_rows_are_ever_run(count, rounded):
    assert len(with_rounded_rows([[1]] * count)) == rounded
