"""Which words of a text are looked up."""

import numpy as np
import pytest

from nlpcli.models.static.segments import Segmenter
from nlpcli.models.static.store import vectors_of

WORDS = [
    "the",
    "cat",
    "Paris",
    "paris",
    "u.s.",
    "do",
    "n't",
    "'s",
    "john",
    "don",
    "ice",
    "cream",
    "ice-cream",
    ".",
    ":)",
    "€",
    "研究",
    "生命",
    "起源",
    "研究生",
    "命",
    "的",
    "北京",
    "大学",
    "北京大学",
]


def found(text, words=WORDS):
    vectors = vectors_of("tiny", words, np.eye(len(words), dtype=np.float32))
    return [token if isinstance(token, str) else f"={words[token]}" for token in Segmenter(vectors).tokens(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat.", ["=the", "=cat"]),
        ("PARIS Paris paris", ["=paris", "=Paris", "=paris"]),
        ("(the U.S., “cat”)", ["=the", "=u.s.", "=cat"]),
        ("don't John's", ["=do", "=n't", "=john", "='s"]),
        ("don’t", ["=do", "=n't"]),
        ("ice-cream ice-cat", ["=ice-cream", "=ice", "=cat"]),
        ("5 € !!! --", ["5", "=€"]),
        ("zebra", ["zebra"]),
        ("", []),
        ("研究生命起源", ["=研究", "=生命", "=起源"]),
        ("在北京大学，的cat", ["在", "=北京大学", "=的", "=cat"]),
        ("龘龘的", ["龘龘", "=的"]),
    ],
)
def test_words(text, expected):
    assert found(text) == expected
