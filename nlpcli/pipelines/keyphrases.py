"""Which phrases say most of a text: near to its vector, and not near to each other."""

from __future__ import annotations

from typing import Any

import numpy as np

Vectors = np.ndarray[Any, np.dtype[np.float32]]


def ranked(document: Vectors, phrases: Vectors, most: int, diversity: float) -> list[tuple[int, float]]:
    """Indices of phrases and their cosine similarity to the document, chosen by maximal marginal relevance.

    Carbonell and Goldstein, The use of MMR, SIGIR 1998. `document`: (dimension); `phrases`: (phrases, dimension).
    `diversity`: the weight of being unlike those that were chosen before, 0 to 1.
    """
    vectors = _unit_length(phrases)
    relevance = vectors @ _unit_length(document[None])[0]
    nearest = np.full(len(vectors), -np.inf, np.float32)
    chosen: list[int] = []
    while len(chosen) < min(most, len(vectors)):
        value = relevance if not chosen else (1 - diversity) * relevance - diversity * nearest
        value = value.copy()
        value[chosen] = -np.inf
        chosen.append(int(value.argmax()))
        nearest = np.maximum(nearest, vectors @ vectors[chosen[-1]])
    return [(index, float(relevance[index])) for index in chosen]


def _unit_length(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
