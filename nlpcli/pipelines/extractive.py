"""Which sentences of a text say most of it: central, early, and not what another one says already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Vectors = np.ndarray[Any, np.dtype[np.float32]]

# Chosen on 100 news articles (docs/decisions/0010, tests/bench/summarize.py).
_WEIGHT_OF_PLACE = 0.5
# After that many sentences the weight of the place has fallen to 1/e.
_DECAY = 7
_WEIGHT_OF_REDUNDANCY = 0.5
# Headings, datelines and exclamations have fewer words than a sentence that says something, and count for less.
_WORDS_OF_A_SENTENCE = 8
# What tells less than that share of what tells most is in no summary, however much room there is.
_LEAST = 0.2


def choose(
    vectors: Vectors,
    words: Sequence[int],
    target: int,
    limit: int,
    weights: Sequence[float] | None = None,
    shares: Sequence[float] | None = None,
) -> list[int]:
    """The sentences of a summary of about `target` and at most `limit` words, in the order of the text.

    Maximal marginal relevance (Carbonell and Goldstein, 1998): one sentence after the other, the one that is nearest to
    the mean of all and stands nearest to the start, less its similarity to the nearest of those chosen before.
    Sentences longer than the limit are left out; the result is empty where all are.

    Args:
        vectors: (sentences, dimension), of unit length.
        words: how many words each sentence has.
        target: how many the summary should have.
        limit: how many it may have.
        weights: how much each sentence weighs as prose, 0 to 1; without them all weigh the same.
        shares: which part of a sentence each is; what a quotation holds together counts once for center and place.
    """
    weight = np.ones(len(vectors), np.float32) if weights is None else np.asarray(weights, np.float32)
    counts = weight if shares is None else weight * np.asarray(shares, np.float32)
    tells = weight * np.minimum(1, np.asarray(words) / _WORDS_OF_A_SENTENCE)
    place = np.cumsum(counts) - counts
    worth = _centrality(vectors, counts) + _WEIGHT_OF_PLACE * np.exp(-place / _DECAY)
    worth *= tells
    redundancy = np.zeros(len(vectors), np.float32)
    open_ = np.array([0 < count <= limit for count in words], dtype=bool) & (tells >= _LEAST * tells.max(initial=0))
    chosen: list[int] = []
    used = 0
    while open_.any():
        index = int(np.where(open_, worth - _WEIGHT_OF_REDUNDANCY * redundancy, -np.inf).argmax())
        if chosen and abs(used + words[index] - target) > abs(used - target):
            break
        open_[index] = False
        if used + words[index] > limit:
            continue
        chosen.append(index)
        used += words[index]
        similarity = vectors @ vectors[index]
        redundancy = similarity if len(chosen) == 1 else np.maximum(redundancy, similarity)
    return sorted(chosen)


def _centrality(vectors: Vectors, counts: Vectors) -> Vectors:
    """(sentences,) cosine similarity to the mean, in which each sentence has its count."""
    mean = counts @ vectors
    similarity: Vectors = vectors @ (mean / max(float(np.linalg.norm(mean)), 1e-12))
    return similarity


def best(
    vectors: Vectors,
    words: Sequence[int],
    weights: Sequence[float] | None = None,
    shares: Sequence[float] | None = None,
) -> int:
    """The sentence that would be chosen first if there were no limit."""
    return choose(vectors, words, 1, max(words), weights, shares)[0]


def are_crumbs(words: Sequence[int], limit: int) -> bool:
    """Whether sentences of so many words are all too short to say something, and are not so for want of room."""
    return max(words, default=0) < min(limit, _WORDS_OF_A_SENTENCE)
