"""Keys and values of many rows, each written at a place of its own.

The usual caches have one length for a whole batch, so a shorter row is padded and a finished one stays. Here a row
has its own length: it needs no padding, another can take its place, and the rest is never copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import Cache
from transformers.cache_utils import CacheLayerMixin

# Capacity grows in such steps, so that it grows rarely and wastes little.
_LENGTH_STEP = 256


class Slots:
    """How long each row is, and which part of the buffers is in use."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        # The rows that the next `update` writes: (first row, first free place of each row).
        self._first_row = 0
        self._places: Tensor | None = None
        self.rows = torch.arange(0)
        self.longest = 0

    def adding(self, lengths: Sequence[int]) -> None:
        """The next pass writes new rows from their start."""
        self._first_row = len(self.lengths)
        self._places = None
        self.lengths += lengths

    def stepping(self, device: torch.device) -> Tensor:
        """The next pass writes one token to every row; (rows,) the places where."""
        self._first_row = 0
        self._places = torch.tensor(self.lengths, device=device)
        self.rows = torch.arange(len(self.lengths), device=device)
        self.lengths = [length + 1 for length in self.lengths]
        self.longest = max(self.lengths)
        return self._places

    def removed(self, row: int) -> None:
        """The last row takes the place of `row`."""
        self.lengths[row] = self.lengths[-1]
        self.lengths.pop()

    @property
    def first_row(self) -> int:
        """The first row that the pass at hand writes."""
        return self._first_row

    @property
    def places(self) -> Tensor | None:
        """Where it writes in each row; None: from the start."""
        return self._places


class SlotLayer(CacheLayerMixin):  # type: ignore[misc]
    """The keys and values of one layer: (rows, heads, places, head_dim)."""

    is_sliding = False

    def __init__(self, slots: Slots) -> None:
        super().__init__()
        self._slots = slots

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """The first buffers, empty."""
        _, heads, _, key_dim = key_states.shape
        self.keys = key_states.new_empty((0, heads, 0, key_dim))
        self.values = value_states.new_empty((0, heads, 0, value_states.shape[-1]))
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Write the new states, and give what the pass attends to."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        slots = self._slots
        places = slots.places
        if places is None:
            length = key_states.shape[2]
            self._grow(slots.first_row + len(key_states), length)
            rows = slice(slots.first_row, slots.first_row + len(key_states))
            self.keys[rows, :, :length] = key_states
            self.values[rows, :, :length] = value_states
            return key_states, value_states
        count = key_states.shape[0]
        self._grow(count, slots.longest)
        # Views before the write, so that a single row, where every operation counts, has as few as can be.
        keys = self.keys.narrow(2, 0, slots.longest)
        values = self.values.narrow(2, 0, slots.longest)
        if count < self.keys.shape[0]:
            keys, values = keys[:count], values[:count]
        if count == 1:
            keys.index_copy_(2, places, key_states)
            values.index_copy_(2, places, value_states)
        else:
            keys[slots.rows, :, places] = key_states[:, :, 0]
            values[slots.rows, :, places] = value_states[:, :, 0]
        return keys, values

    def _grow(self, rows: int, length: int) -> None:
        have_rows, _, have_length, _ = self.keys.shape
        if rows <= have_rows and length <= have_length:
            return
        length = max(have_length, -(-length // _LENGTH_STEP) * _LENGTH_STEP)
        # One row is the common case and stays one; more rows are soon followed by more.
        rows = max(have_rows, rows if rows == 1 else 1 << (rows - 1).bit_length())
        self.keys, self.values = (_enlarged(old, rows, length) for old in (self.keys, self.values))

    def move_last_to(self, row: int, last: int, length: int) -> None:
        """Copy the row `last`, of `length` tokens, over `row`."""
        if row != last:
            self.keys[row, :, :length] = self.keys[last, :, :length]
            self.values[row, :, :length] = self.values[last, :, :length]

    def get_seq_length(self) -> int:
        """0 while rows are added: they start from nothing."""
        return 0 if self._slots.places is None else self._slots.longest - 1

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """How many keys the pass attends to, and the first of them."""
        return (query_length, 0) if self._slots.places is None else (self._slots.longest, 0)

    def get_max_length(self) -> int:
        """No limit of its own."""
        return -1


def _enlarged(old: Tensor, rows: int, length: int) -> Tensor:
    # Zeros, not garbage: a place that a mask hides is still multiplied by 0, and 0 × NaN is NaN.
    new = old.new_zeros((rows, old.shape[1], length, old.shape[3]))
    new[: old.shape[0], :, : old.shape[2]] = old
    return new


class SlotCache(Cache):  # type: ignore[misc]
    """The cache of a whole decoder, as transformers' models take it."""

    def __init__(self, layers: int) -> None:
        self.slots = Slots()
        super().__init__(layers=[SlotLayer(self.slots) for _ in range(layers)])

    def remove(self, row: int) -> None:
        """Take a row out; the last row moves to its place."""
        last = len(self.slots.lengths) - 1
        for layer in self.layers:
            layer.move_last_to(row, last, self.slots.lengths[last])
        self.slots.removed(row)


def visible(places: Tensor, length: int, window: int | None) -> Tensor:
    """(rows, 1, 1, length) bool: which keys a token at `places` (rows,) attends to; of a `window` only the last."""
    keys = torch.arange(length, device=places.device)
    mask = keys[None, :] <= places[:, None]
    if window is not None:
        mask &= keys[None, :] > places[:, None] - window
    return mask[:, None, None, :]
