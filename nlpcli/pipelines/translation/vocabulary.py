"""What a model's tokenizer can write: which characters it lacks, and which words are common enough to be one piece."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any, Protocol

_REMEMBERED = 8192
_ALWAYS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,")


class Lexicon(Protocol):
    """The characters and words of a model."""

    def lacks(self, text: str) -> set[str]:
        """The characters of a text that do not come back out of the tokenizer as they went in."""

    def has_word(self, word: str) -> bool:
        """Whether a word is so common that it is one piece."""


class Vocabulary:
    """The characters and pieces of one tokenizer; each is looked up once, under a `lock` where it has a state."""

    def __init__(self, tokenizer: Any, lock: AbstractContextManager[Any] | None = None) -> None:
        self._tokenizer = tokenizer
        self._lock = lock or nullcontext()
        self._known = set(_ALWAYS)
        self._lacking: set[str] = set()
        self._is_word = lru_cache(_REMEMBERED)(self._is_piece)

    def lacks(self, text: str) -> set[str]:
        for character in set(text) - self._known - self._lacking:
            (self._known if self._comes_back(character) else self._lacking).add(character)
        return self._lacking.intersection(text)

    def _comes_back(self, character: str) -> bool:
        tokenizer = self._tokenizer
        with self._lock:
            tokens = tokenizer.tokenize(f"a {character} a")
            if tokenizer.unk_token in tokens or tokenizer.unk_token_id in tokenizer.convert_tokens_to_ids(tokens):
                return False
            text: str = tokenizer.convert_tokens_to_string(tokens)
        return character in text

    def has_word(self, word: str) -> bool:
        return self._is_word(word)

    def _is_piece(self, word: str) -> bool:
        with self._lock:
            return len(self._tokenizer.tokenize(word)) == 1


class BothVocabularies:
    """Those of two models in a row: a character has to come through both; words are those of the first."""

    def __init__(self, first: Lexicon, second: Lexicon) -> None:
        self._first, self._second = first, second

    def lacks(self, text: str) -> set[str]:
        return self._first.lacks(text) | self._second.lacks(text)

    def has_word(self, word: str) -> bool:
        return self._first.has_word(word)
