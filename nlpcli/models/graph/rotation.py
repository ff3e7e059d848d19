"""Rotations that spread what is large over its neighbors, so that 8 bits round less (Ashkboos et al. 2024, QuaRot).

Vectors are multiplied by Hadamard's matrix H in groups: H = Hᵀ = H⁻¹, so that H x through weights W H is W x. That
costs nothing: it is put into the weights on both sides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MOST = 128


def group(size: int) -> int:
    """How many neighbors are rotated among each other where there are `size`: a power of two that divides it."""
    return min(size & -size, _MOST)


def rotated(vectors: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """(…, features) in groups of `size`; 1 leaves them as they are.

    By sums and differences alone (fast Walsh-Hadamard transform): a product of matrices would round a vector by how
    many stand beside it.
    """
    if size == 1:
        return vectors
    turned: NDArray[np.float32] = vectors
    half = 1
    while half < size:
        pairs = turned.reshape(-1, 2, half)
        turned = np.concatenate([pairs[:, :1] + pairs[:, 1:], pairs[:, :1] - pairs[:, 1:]], axis=1)
        half *= 2
    return (turned / np.float32(np.sqrt(size))).reshape(vectors.shape)
