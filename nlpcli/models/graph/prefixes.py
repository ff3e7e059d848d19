"""Keys and values of prompts that were read, for the next that begin alike: a system message, a template, examples."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Fewer tokens in common are computed anew: to copy them takes as long.
FEWEST = 16
# Bytes of all that is kept of one model, and of one prompt; what was used longest ago goes.
_MOST, _MOST_OF_ONE = 128 << 20, 64 << 20

Kept = NDArray[np.float32]
"""(2 · layers, heads, tokens, head_dim)"""


def in_common(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two prompts begin with alike."""
    pairs = zip(first, second, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))


class Prefixes:
    """Of one model; decoders of many threads may use it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, ...], Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def longest(self, tokens: Sequence[int]) -> Kept | None:
        """What is kept of the tokens that `tokens` begin with, if that is worth it."""
        with self._lock:
            lengths = {prompt: in_common(prompt, tokens) for prompt in self._kept}
            best = max(lengths, key=lengths.__getitem__, default=())
            if lengths.get(best, 0) < FEWEST:
                return None
            self._kept.move_to_end(best)
            return self._kept[best][:, :, : lengths[best]]

    def keep(self, tokens: Sequence[int], states: Kept) -> None:
        """Keep a copy of the `states` (see `Kept`) of `tokens`, as far as there is room."""
        count = min(len(tokens), _MOST_OF_ONE // max(1, states[:, :, :1].nbytes))
        if count < FEWEST:
            return
        prompt, copy = tuple(tokens[:count]), states[:, :, :count].copy()
        with self._lock:
            if prompt in self._kept:
                return
            self._kept[prompt] = copy
            self._bytes += copy.nbytes
            while self._bytes > _MOST:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
