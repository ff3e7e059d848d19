"""Cosine and sine of rotary positions, as many as are needed (Su et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def turns(frequencies: Sequence[float], scaling: float, places: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosine and sine of the first `places`: (places, frequencies) each."""
    angles = np.arange(places, dtype=np.float32)[:, None] * np.asarray(frequencies, np.float32)
    scale = np.float32(scaling)
    return np.cos(angles) * scale, np.sin(angles) * scale
