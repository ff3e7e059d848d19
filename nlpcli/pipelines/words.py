"""A vocabulary as a space: which words are near, what is to one as another is to a third, which one is odd.

Light for static vectors; the input embeddings of a transformer are read through torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from nlpcli.errors import ModelUnusable, NoNumbers, WordsUnknown, quoted
from nlpcli.models.reference import LocalModel
from nlpcli.models.static.kinds import holds_words, is_static
from nlpcli.models.static.pieces import open_pieces
from nlpcli.models.static.segments import Segmenter
from nlpcli.models.static.store import WordVectors, open_vectors, vectors_of
from nlpcli.records.finite import NOT_A_NUMBER
from nlpcli.runtime.device import Placement

Array = np.ndarray[Any, Any]
Method = Literal["add", "mul"]

# Their scores stay in the cache of a CPU.
_ROWS_AT_A_TIME = 1 << 12
_QUESTIONS_AT_A_TIME = 1 << 8
# Levy and Goldberg 2014: what keeps the divisor of 3CosMul from being zero.
_EPSILON = 1e-3


@dataclass(frozen=True)
class WordSpace:
    """The words of a model; `fallback` makes the vector of a word that has no row, where the model can."""

    vectors: WordVectors
    fallback: Callable[[str], Array | None] | None = None

    @property
    def name(self) -> str:
        """What the user calls the model."""
        return self.vectors.name

    @cached_property
    def segmenter(self) -> Segmenter:
        """Finds rows of words."""
        return Segmenter(self.vectors)

    def vector(self, text: str) -> tuple[Array, list[int]]:
        """The vector of a word at unit length, (dimension,), and its rows; of several words that of their mean.

        Raises:
            WordsUnknown: none of them has one.
        """
        text = text.strip()
        row = self.segmenter.row(text) if text else -1
        if row < 0:
            row = self.segmenter.row(text.replace(" ", "_")) if " " in text else -1
        tokens = [row] if row >= 0 else self.segmenter.tokens(text)
        found = [vector for token in tokens if (vector := self._vector_of(token)) is not None]
        if not found or not np.any(mean := np.mean(found, 0)):
            raise WordsUnknown(f"{quoted(text)} is not in {quoted(self.name)}")
        if not np.isfinite(mean).all():
            raise NoNumbers(NOT_A_NUMBER)
        rows = [token for token in tokens if isinstance(token, int)]
        return (mean / np.linalg.norm(mean)).astype(np.float32), rows

    def _vector_of(self, token: int | str) -> Array | None:
        if isinstance(token, int):
            return np.asarray(self.vectors.vectors[token], np.float32)
        computed = self.vectors.computed(token)
        return computed if computed is not None or self.fallback is None else self.fallback(token)

    def nearest(
        self, vector: Array, excluded: Sequence[int], top: int, limit: int | None = None
    ) -> list[tuple[str, float]]:
        """The words with the largest cosine to a vector of unit length, among the `limit` most frequent."""
        scores = np.concatenate([block[0] for _, block in self._scores(vector[None], limit)])
        return self._best(scores, excluded, top)

    def _best(self, scores: Array, excluded: Sequence[int], top: int) -> list[tuple[str, float]]:
        scores[[row for row in excluded if row < len(scores)]] = -np.inf
        top = min(top, len(scores))
        chosen = np.argpartition(-scores, top - 1)[:top]
        chosen = chosen[np.lexsort((chosen, -scores[chosen]))]
        return [(self.vectors.word(int(row)), float(scores[row])) for row in chosen if np.isfinite(scores[row])]

    def analogy(
        self, words: Sequence[str], top: int, method: Method = "add", limit: int | None = None
    ) -> list[tuple[str, float]]:
        """What is to the third word as the first is to the second: king − man + woman.

        `add` is 3CosAdd (Mikolov et al. 2013), `mul` 3CosMul (Levy and Goldberg 2014). The words asked are no answers.
        """
        (first, rows_a), (less, rows_b), (more, rows_c) = map(self.vector, words)
        excluded = [*rows_a, *rows_b, *rows_c]
        if method == "mul":
            three = np.stack([first, more, less])
            one, two, divisor = np.concatenate([(1 + block) / 2 for _, block in self._scores(three, limit)], 1)
            return self._best(one * two / (divisor + _EPSILON), excluded, top)
        target = first - less + more
        return self.nearest(target / (np.linalg.norm(target) or 1), excluded, top, limit)

    def answers(self, questions: Array, limit: int, method: Method, same: Array) -> Array:
        """(questions,) the row that answers each of (questions, 3) rows a, b, c: a is to b as c is to it.

        `same`: (limit,) the first row of the words that differ in case alone; those of a question are no answers.
        """
        answers = np.zeros(len(questions), np.int64)
        for start in range(0, len(questions), _QUESTIONS_AT_A_TIME):
            part = slice(start, start + _QUESTIONS_AT_A_TIME)
            answers[part] = self._answers(questions[part], limit, method, same)
        return answers

    def _answers(self, questions: Array, limit: int, method: Method, same: Array) -> Array:
        a, b, c = (self._units(questions[:, place]) for place in range(3))
        asked = [b - a + c] if method == "add" else [b, c, a]
        best, answers = np.full(len(questions), -np.inf, np.float32), np.zeros(len(questions), np.int64)
        numbers = np.arange(len(questions))
        for blocks in zip(*(self._scores(vectors, limit) for vectors in asked), strict=True):
            start = blocks[0][0]
            scores = blocks[0][1]
            if method == "mul":
                one, two, three = ((1 + block) / 2 for _, block in blocks)
                scores = one * two / (three + _EPSILON)
            for place in range(3):
                self._exclude(scores, start, questions[:, place], same)
            rows = scores.argmax(1)
            found = scores[numbers, rows]
            better = found > best
            best[better], answers[better] = found[better], rows[better] + start
        return answers

    def _exclude(self, scores: Array, start: int, rows: Array, same: Array) -> None:
        end = start + scores.shape[1]
        inside = np.flatnonzero((rows >= start) & (rows < end))
        scores[inside, rows[inside] - start] = -np.inf
        # Words that differ in case alone: few vocabularies have any.
        block = same[start:end]
        for place in np.flatnonzero(block != np.arange(start, end)):
            scores[rows == block[place], place] = -np.inf

    def _units(self, rows: Array | slice) -> Array:
        found = np.asarray(self.vectors.vectors[rows], np.float32)
        return found / np.maximum(self.vectors.norms[rows], np.float32(1e-12))[:, None]

    def similarity(self, first: Array, second: Array) -> Array:
        """(pairs,) the cosine of the words of two lists of rows."""
        return (self._units(first) * self._units(second)).sum(1)  # type: ignore[no-any-return]

    def _scores(self, vectors: Array, limit: int | None) -> Iterator[tuple[int, Array]]:
        """Where a block of words begins, and (vectors, words) cosines times the vectors' lengths."""
        count = min(limit or len(self.vectors), len(self.vectors))
        for start in range(0, count, _ROWS_AT_A_TIME):
            end = min(start + _ROWS_AT_A_TIME, count)
            yield start, vectors @ self._units(slice(start, end)).T


def load_word_space(model: LocalModel, placement: Placement) -> WordSpace:
    """The words of any model: those of static vectors, or the tokens of a transformer that are whole words.

    Raises:
        ModelError: the folder holds no model with words.
    """
    if holds_words(model.folder):
        return WordSpace(open_vectors(model.name, model.folder))
    if is_static(model.folder):
        pieces = open_pieces(model.name, model.folder)
        vocabulary = pieces.tokenizer.get_vocab()
        rows = pieces.vectors_of(np.arange(len(vocabulary)))
        return _space_of_tokens(model.name, vocabulary, rows, lambda words: pieces.tokens(words))
    return _input_embeddings(model, placement)


def _input_embeddings(model: LocalModel, placement: Placement) -> WordSpace:
    from nlpcli.models.loading import load_encoder, load_tokenizer

    tokenizer = load_tokenizer(model)
    module: Any = load_encoder(model, placement)
    rows = module.get_input_embeddings().weight.detach().float().cpu().numpy()

    def tokens(words: Sequence[str]) -> list[list[int]]:
        # A space before it: that is how a word stands within a text.
        return tokenizer([f" {word}" for word in words], add_special_tokens=False)["input_ids"]  # type: ignore[no-any-return]

    special = set(tokenizer.all_special_tokens)
    vocabulary = {token: number for token, number in tokenizer.get_vocab().items() if token not in special}
    return _space_of_tokens(model.name, vocabulary, rows, tokens)


# What stands before a token that begins a word, in byte-level BPE and in SentencePiece.
_BEGINS = ("Ġ", "▁")
_GOES_ON = "##"


def _space_of_tokens(
    name: str, vocabulary: dict[str, int], rows: Array, tokens: Callable[[Sequence[str]], list[list[int]]]
) -> WordSpace:
    begins = next((mark for mark in _BEGINS if sum(token.startswith(mark) for token in vocabulary) > 1), None)
    words: dict[str, int] = {}
    for token, number in sorted(vocabulary.items(), key=lambda item: item[1]):
        is_word = token.startswith(begins) if begins else not token.startswith((_GOES_ON, "[unused"))
        word = _text_of(token[1:]) if begins == "Ġ" and is_word else token.removeprefix(begins or "")
        if is_word and word and number < len(rows):
            words.setdefault(word, number)
    if not words:
        raise ModelUnusable(f"{quoted(name)} has no tokens that are words; choose another model with -m")

    def fallback(word: str) -> Array | None:
        (found,) = tokens([word])
        found = [token for token in found if token < len(rows)]
        return np.asarray(rows[found].mean(0), np.float32) if found else None

    return WordSpace(vectors_of(name, words, rows[list(words.values())]), fallback)


def _text_of(token: str) -> str:
    """The text of a token of byte-level BPE, whose letters stand for bytes (GPT-2's table)."""
    return bytes(byte for letter in token for byte in _bytes_of(letter)).decode("utf-8", "replace")


def _bytes_of(letter: str) -> bytes:
    number = _LETTERS.get(letter)
    return letter.encode() if number is None else bytes([number])


def _table() -> dict[str, int]:
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(0x100 + place): byte for place, byte in enumerate(others)}


_LETTERS = _table()
