"""The lexical shortlist: which target pieces the pieces of a source can become, by word alignment in training.

Restricting the output layer to it is what makes int8 engines fast; here it is an option. Read in
browsermt/marian-dev, `src/data/shortlist.h`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nlpcli.errors import ModelUnusable

SHORTLIST_FILE = "shortlist.safetensors"
_MAGIC = 0xF11A48D5013417F5
_HEADER_BYTES = 6 * 8
_MOST_PIECES = 10_000_000


def convert_shortlist(source: Path, target: Path) -> None:
    """Marian's binary shortlist as safetensors: `first` (1), `offsets` (source pieces + 1), `ids`.

    Raises:
        ModelUnusable: the file is no such shortlist, or is damaged.
    """
    from safetensors.numpy import save_file

    data = source.read_bytes()
    header = np.frombuffer(data, "<u8", 6) if len(data) >= _HEADER_BYTES else np.zeros(6, np.uint64)
    magic, _, first, _, offset_count, id_count = (int(number) for number in header)
    if magic != _MAGIC or len(data) != _HEADER_BYTES + 8 * offset_count + 4 * id_count:
        raise ModelUnusable(f"{source.name} is no lexical shortlist, or it is damaged")
    offsets = np.frombuffer(data, "<u8", offset_count, _HEADER_BYTES).astype(np.int64)
    ids = np.frombuffer(data, "<u4", id_count, _HEADER_BYTES + 8 * offset_count).astype(np.int32)
    if first > _MOST_PIECES or not _is_sound(offsets, ids):
        raise ModelUnusable(f"{source.name} is a damaged lexical shortlist: its numbers contradict each other")
    save_file({"first": np.array([first], np.int64), "offsets": offsets, "ids": ids}, target)


def _is_sound(offsets: np.ndarray[Any, Any], ids: np.ndarray[Any, Any]) -> bool:
    """Whether the offsets rise from 0 to the number of ids, and each id can be one of a vocabulary."""
    rising = len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == len(ids) and bool((np.diff(offsets) >= 0).all())
    return bool(rising and ids.min(initial=0) >= 0 and ids.max(initial=0) <= _MOST_PIECES)


class Shortlist:
    """Looks up the target pieces of a source; `shared`: source and target have one vocabulary."""

    def __init__(self, path: Path, shared: bool) -> None:
        from safetensors.numpy import load_file

        tensors = load_file(path)
        self._first = int(tensors["first"][0])
        self._offsets = tensors["offsets"]
        self._ids = tensors["ids"]
        self._shared = shared
        self._pieces = max(self._first, int(self._ids.max(initial=-1)) + 1, len(self._offsets) - 1 if shared else 0)

    def of(self, source: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The target ids for the ids of one source, sorted; `</s>` and `<unk>` are among them."""
        pieces = np.fromiter(dict.fromkeys(source), np.int64)
        pieces = pieces[pieces < len(self._offsets) - 1]
        # To mark and to collect is faster than to sort.
        listed = np.zeros(self._pieces, bool)
        listed[: self._first] = True
        if self._shared:
            listed[pieces] = True
        for piece in pieces:
            listed[self._ids[self._offsets[piece] : self._offsets[piece + 1]]] = True
        return np.flatnonzero(listed)
