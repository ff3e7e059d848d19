"""Sentences and passages: nothing is lost, and Chinese is cut where its sentences end."""

import pytest

from nlpcli.text.sentences import passages, sentences

ENGLISH = "Dr. Smith came. He said: “No.” Why?\n\nA new paragraph\n\n- one\n- two\n 3.5 million came . and went. End"
CHINESE = "今天天气很好！他说：“你好。”然后走了。真的吗？是的……好吧，我们走。\n\n新的一段。"
THAI = "สวัสดีครับ " * 200
UNBROKEN = "字" * 999
TEXTS = [ENGLISH, CHINESE, THAI, UNBROKEN, "word " * 300, "\n\n Start. ", "", " \n "]


def count(texts):
    return [len(text.encode()) for text in texts]


@pytest.mark.parametrize("text", TEXTS)
def test_together_the_sentences_are_the_text(text):
    assert "".join(sentences(text)) == text


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("room", [7, 40, 5000])
def test_together_the_passages_are_the_text_and_each_fits(text, room):
    found = passages(text, count, room)
    assert "".join(passage.text for passage in found) == text
    assert all(passage.tokens <= room for passage in found)


def test_chinese_and_japanese_are_cut_at_their_full_stops():
    assert [sentence.strip() for sentence in sentences(CHINESE)][:4] == [
        "今天天气很好！",
        "他说：“你好。”",
        "然后走了。",
        "真的吗？",
    ]
    assert sentences("これはペンです。はい。") == ["これはペンです。", "はい。"]


def test_a_small_letter_starts_no_sentence():
    assert sentences("They came . and went. Then more.") == ["They came . and went. ", "Then more."]
    assert sentences("A title\n\nand a paragraph.") == ["A title\n\n", "and a paragraph."]


def test_thai_without_full_stops_is_cut_at_its_spaces():
    assert len(sentences(THAI)) == 200


def test_passages_are_about_equally_long():
    text = "Nine words stand here in a row, you see. " * 22
    sizes = [passage.tokens for passage in passages(text, count, 300)]
    assert len(sizes) == 4
    assert max(sizes) - min(sizes) <= 2 * 42
