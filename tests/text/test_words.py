import pytest

from nlpcli.text.words import count_words, first_words, space_between
from tests.cpu_time import takes_less_than


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("One, two - three!", 3),
        ("", 0),
        ("— … ? \n", 0),
        ("今天天气很好！", 6),
        ("我用 Python 3.11 写代码。", 7),
        ("カタカナとひらがな", 9),
        ("한국어 문장입니다.", 2),
        ("สวัสดีครับ", 3),
        ("don't half-baked", 2),
    ],
)
def test_words_are_counted_as_word_processors_do(text, words):
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("text", "most", "start"), [("a b c", 2, "a b…"), ("a b.", 2, "a b."), ("今天天气", 3, "今天天…")]
)
def test_what_is_cut_off_is_marked(text, most, start):
    assert first_words(text, most) == start


@pytest.mark.parametrize(("before", "space"), [("End.", " "), ("好。", ""), ("好", ""), ("", ""), ("Fin」", "")])
def test_chinese_sentences_follow_each_other_without_a_space(before, space):
    assert space_between(before) == space


def test_a_line_of_dashes_is_no_trap():
    assert count_words("-" * 1_000_000) == 0
    assert takes_less_than(1, lambda: count_words("-" * 1_000_000))
