"""The character n-grams of fastText (Bojanowski et al. 2017), computed as its own `dictionary.cc` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# Ends every line that fastText reads; it has no n-grams.
END_OF_LINE = b"</s>"
_FNV_START, _FNV_PRIME = 2166136261, 16777619


@dataclass(frozen=True, slots=True)
class Subwords:
    """Lengths of n-grams in characters, and how many buckets their hashes fall into."""

    shortest: int
    longest: int
    bucket_count: int

    def ngrams(self, word: bytes) -> Iterator[bytes]:
        """The n-grams of a word between `<` and `>`; its first and its last mark alone are none."""
        if word == END_OF_LINE:
            return
        marked = b"<" + word + b">"
        starts = [place for place, byte in enumerate(marked) if byte & 0xC0 != 0x80]
        starts.append(len(marked))
        count = len(starts) - 1
        for first in range(count):
            for length in range(max(self.shortest, 1), min(self.longest, count - first) + 1):
                if length == 1 and (first == 0 or first + 1 == count):
                    continue
                yield marked[starts[first] : starts[first + length]]

    def buckets(self, word: bytes) -> list[int]:
        """The bucket of each n-gram."""
        return [hash_of_ngram(ngram) % self.bucket_count for ngram in self.ngrams(word)] if self.bucket_count else []

    def buckets_of(self, words: Sequence[bytes]) -> tuple[np.ndarray[Any, Any], list[int]]:
        """The buckets of all n-grams of many words, one word behind the other, and how many each word has."""
        ngrams: list[bytes] = []
        counts = []
        for word in words:
            before = len(ngrams)
            ngrams.extend(self.ngrams(word))
            counts.append(len(ngrams) - before)
        return _hashes(ngrams) % np.uint32(self.bucket_count or 1), counts


def hash_of_ngram(ngram: bytes) -> int:
    """FNV-1a of 32 bits, in which each byte is a signed one: models were published with it."""
    value = _FNV_START
    for byte in ngram:
        value = ((value ^ (byte | 0xFFFFFF00 if byte & 0x80 else byte)) * _FNV_PRIME) & 0xFFFFFFFF
    return value


def _hashes(ngrams: Sequence[bytes]) -> np.ndarray[Any, Any]:
    """`hash_of_ngram` of many, (ngrams,) uint32."""
    lengths = np.array([len(ngram) for ngram in ngrams], np.int64)
    values = np.full(len(ngrams), _FNV_START, np.uint32)
    if not len(ngrams):
        return values
    longest = int(lengths.max())
    padded = np.frombuffer(b"".join(ngram.ljust(longest, b"\0") for ngram in ngrams), np.int8).reshape(-1, longest)
    for column in range(longest):
        there = lengths > column
        values[there] = (values[there] ^ padded[there, column].astype(np.int32).view(np.uint32)) * np.uint32(_FNV_PRIME)
    return values
