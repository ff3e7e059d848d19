"""The vectors of tokens, read from a model's own safetensors where they are asked for."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.models.graph.rotation import rotated

_NAME = "model.embed_tokens.weight"
# bfloat16, which numpy does not know, is the upper half of a float32.
_KINDS: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}


class Embedding:
    """The table (vocabulary, size) of one file, mapped into memory; vectors are rotated in groups of `turn`."""

    def __init__(self, file: Path, turn: int = 1) -> None:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            said: dict[str, Any] = json.loads(stream.read(length))[_NAME]
        self._turn = turn
        self._is_bfloat16 = said["dtype"] == "BF16"
        start = 8 + length + said["data_offsets"][0]
        shape = tuple(said["shape"])
        self._table = np.asarray(np.memmap(file, _KINDS[said["dtype"]], "r", offset=start, shape=shape))
        self.size = shape[1]

    def __call__(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """(…) token ids → (…, size) float32."""
        rows = self._table[tokens]
        if self._is_bfloat16:
            rows = (rows.astype(np.uint32) << 16).view(np.float32)
        return rotated(rows.astype(np.float32, copy=False), self._turn)


def file_of_embedding(files: Iterable[Path]) -> Path | None:
    """Which of a model's files has the vectors of its tokens."""
    for file in files:
        try:
            Embedding(file)
        except KeyError:
            continue
        return file
    return None
