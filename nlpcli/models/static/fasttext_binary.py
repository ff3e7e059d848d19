"""fastText's `.bin` (format versions 11 and 12): settings, dictionary, and the matrix of words and of n-gram buckets.

A known word's vector is the mean of its own row and of its n-grams' rows, as fastText's `getWordVector` has it; it is
computed once, when the file is converted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nlpcli.errors import ModelUnusable
from nlpcli.models.static.subwords import Subwords

Array = np.ndarray[Any, Any]

MAGIC = struct.pack("<i", 793712314)
_VERSIONS = (11, 12)
_SUPERVISED = 3
_WORD, _LABEL = 0, 1
_WORDS_AT_A_TIME = 4096
_LONGEST_WORD = 1 << 16


@dataclass(frozen=True, slots=True)
class FastTextFile:
    """`matrix`: (words + buckets, dimension) float32, mapped; a word's number is its row."""

    words: list[bytes]
    subwords: Subwords
    matrix: Array

    @property
    def ngrams(self) -> Array | None:
        """(buckets, dimension); None where the model has no n-grams."""
        has_any = self.subwords.longest > 0 and len(self.matrix) > len(self.words)
        return self.matrix[len(self.words) :] if has_any else None

    def blocks(self) -> Iterator[tuple[list[bytes], Array]]:
        """Words with their vectors, n-grams included."""
        ngrams = self.ngrams
        for start in range(0, len(self.words), _WORDS_AT_A_TIME):
            words = self.words[start : start + _WORDS_AT_A_TIME]
            rows = np.asarray(self.matrix[start : start + len(words)], np.float32)
            yield words, rows if ngrams is None else self._with_ngrams(words, rows, ngrams)

    def _with_ngrams(self, words: list[bytes], rows: Array, ngrams: Array) -> Array:
        buckets, counts = self.subwords.buckets_of(words)
        sums = rows.astype(np.float64)
        places = np.repeat(np.arange(len(words)), counts)
        for start in range(0, len(places), _WORDS_AT_A_TIME):
            part = slice(start, start + _WORDS_AT_A_TIME)
            np.add.at(sums, places[part], ngrams[buckets[part]])
        means: Array = (sums / (np.array(counts)[:, None] + 1)).astype(np.float32)
        return means


def read_fasttext(file: Path, name: str) -> FastTextFile:
    """The file, its matrix mapped; `name` is for messages.

    Raises:
        ModelUnusable: it is damaged, cut off, quantized, or of a version that is not known.
    """
    with file.open("rb") as stream:
        try:
            return _read(stream, file, name)
        except struct.error as error:
            raise ModelUnusable(f"{name} is cut off; fetch it again") from error


def _read(stream: BinaryIO, file: Path, name: str) -> FastTextFile:
    _, version = _numbers(stream, "<ii")
    if version not in _VERSIONS:
        raise ModelUnusable(f"{name} is of fastText's format {version}, and nlpcli reads 11 and 12; save it anew")
    dimension, _, _, _, _, _, _, kind, buckets, shortest, longest, _, _ = _numbers(stream, "<12id")
    if version == _VERSIONS[0] and kind == _SUPERVISED:
        longest = 0  # such models have n-grams of words alone, as fastText itself puts it right
    size, word_count, _, _, pruned = _numbers(stream, "<iiiqq")
    if min(size, word_count, dimension) < 1 or buckets < 0 or size > file.stat().st_size:
        raise ModelUnusable(f"{name} says that it holds {word_count:,} words of {dimension} numbers; fetch it again")
    words = _words(stream, size, name)
    if pruned > 0 or stream.read(1) != b"\0":
        raise ModelUnusable(
            f"{name} is quantized (.ftz), which nlpcli does not read; name the .bin or the .vec it was made of"
        )
    rows, columns = _numbers(stream, "<qq")
    start = stream.tell()
    if columns != dimension or rows < len(words) or start + 4 * rows * columns > file.stat().st_size:
        raise ModelUnusable(
            f"{name} says {rows:,} vectors of {columns} numbers, and has {file.stat().st_size - start:,} bytes of them;"
            " it is cut off: fetch it again"
        )
    stream.seek(start + 4 * rows * columns)
    _check_output(stream, file, name)
    subwords = Subwords(shortest, longest, rows - len(words))
    return FastTextFile(words, subwords, np.memmap(file, "<f4", "r", start, (rows, columns)))


def _check_output(stream: BinaryIO, file: Path, name: str) -> None:
    """The matrix behind, which only training needs, says whether the file is whole."""
    if stream.read(1) == b"\0":
        rows, columns = _numbers(stream, "<qq")
        if stream.tell() + 4 * rows * columns > file.stat().st_size:
            raise ModelUnusable(f"{name} is cut off in its last part; fetch it again")


def _words(stream: BinaryIO, size: int, name: str) -> list[bytes]:
    words = []
    for number in range(size):
        word = bytearray()
        while (byte := stream.read(1)) not in (b"\0", b"") and len(word) < _LONGEST_WORD:
            word += byte
        if byte != b"\0":
            raise ModelUnusable(f"{name}: the file ends within word {number + 1:,} of {size:,}; fetch it again")
        _, kind = _numbers(stream, "<qb")
        if kind == _WORD:
            words.append(bytes(word))
    return words


def _numbers(stream: BinaryIO, form: str) -> tuple[Any, ...]:
    return struct.unpack(form, stream.read(struct.calcsize(form)))
