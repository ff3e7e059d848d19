"""The output layer over all pieces, or over those of a shortlist: hidden states → ids of the best pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from nlpcli.kernels.linear import libraries
from nlpcli.kernels.quantize import published_scale
from nlpcli.kernels.shapes import rounded_rows
from nlpcli.models.students.int8_output import Int8Output
from nlpcli.models.students.linears import linear
from nlpcli.runtime.precision import Kernel

# The logits are searched in blocks: a maximum is fast, an index is slow.
_BLOCK = 128
_CANDIDATES = 8
NEVER = -1e9


class Output(Protocol):
    """The output layer of one batch."""

    def best(self, hidden: Tensor) -> Tensor:
        """The id of the best piece of each row, (batch,)."""

    def rows(self, index: Tensor) -> Output:
        """That of some rows of the batch."""


class ShortlistedOutput(Protocol):
    """An output layer for any batch."""

    def of(self, lists: Sequence[Tensor]) -> Output:
        """A row of the batch may say the pieces of its list, sorted, and no others."""


def shortlisted_output(weight: Tensor, bias: Tensor, kernel: Kernel) -> ShortlistedOutput:
    """The fastest for a weight (pieces, d_model) and where it lies."""
    if weight.device.type == "cpu" and "fbgemm" in libraries():
        scale = published_scale(weight)
        if scale is not None:
            return Int8Output(weight, bias, scale)
    return UnionOutput(weight, bias, kernel)


class UnionOutput:
    """Multiplies with the pieces that any row may say, and masks what a row may not."""

    def __init__(self, weight: Tensor, bias: Tensor, kernel: Kernel) -> None:
        self._weight, self._bias, self._kernel = weight, bias.to(weight.dtype), kernel
        self._exact = weight.float(), bias.float()
        self._rescored = weight.dtype != torch.float32

    def all(self) -> Output:
        """Every piece is a candidate."""
        width = -(-len(self._bias) // _BLOCK) * _BLOCK
        layer = self._padded(self._weight, self._bias, width)
        return _Union(layer, None, None, self._exact, self._rescored)

    def of(self, lists: Sequence[Tensor]) -> Output:
        """A row of the batch may say the pieces of its list, sorted, and no others."""
        # To mark and to collect is faster than to sort and to bisect.
        listed = torch.zeros(len(self._bias), dtype=torch.bool)
        for ids in lists:
            listed[ids] = True
        union, places = listed.nonzero().squeeze(1), listed.cumsum(0) - 1
        width = rounded_rows(-(-len(union) // _BLOCK)) * _BLOCK
        allowed = torch.full((len(lists), width), NEVER, dtype=self._weight.dtype)
        for row, ids in zip(allowed, lists, strict=True):
            row[places[ids]] = 0
        device = self._weight.device
        union = union.to(device)
        # Indexing takes ten times as long in bfloat16.
        weight, bias = self._weight.index_select(0, union), self._bias.index_select(0, union)
        layer = self._padded(weight, bias, width)
        return _Union(layer, union, allowed.to(device), self._exact, self._rescored)

    def _padded(self, weight: Tensor, bias: Tensor, width: int) -> nn.Module:
        rows = width - len(bias)
        padded = functional.pad(weight, (0, 0, 0, rows)), functional.pad(bias, (0, rows), value=NEVER)
        return linear(*padded, self._kernel)


class _Union:
    """`ids`: the pieces of its rows. `allowed`: is added to the logits. `rescored`: float32 decides among a few."""

    def __init__(
        self,
        layer: nn.Module,
        ids: Tensor | None,
        allowed: Tensor | None,
        exact: tuple[Tensor, Tensor],
        rescored: bool,
    ) -> None:
        self._linear = layer
        self._ids = ids
        self._allowed = allowed
        self._exact_weight, self._exact_bias = exact
        self._rescored = rescored

    def rows(self, index: Tensor) -> Output:
        """That of some rows of the batch."""
        if self._allowed is None:
            return self
        exact = self._exact_weight, self._exact_bias
        return _Union(self._linear, self._ids, self._allowed[index], exact, self._rescored)

    def best(self, hidden: Tensor) -> Tensor:
        """The id of the best piece of each row, (batch,)."""
        logits = self._linear(hidden)
        if self._allowed is not None:
            logits = logits + self._allowed
        blocks = logits.view(len(logits), -1, _BLOCK)
        if not self._rescored:
            block = blocks.amax(-1).argmax(-1, keepdim=True)
            inside = blocks.gather(1, block[..., None].expand(-1, -1, _BLOCK)).argmax(-1)
            return self._pieces((block * _BLOCK + inside).squeeze(1))
        return self._rescore(hidden, blocks)

    def _rescore(self, hidden: Tensor, blocks: Tensor) -> Tensor:
        """The best in float32 among the best few; those lie in the blocks with the largest maxima."""
        best = blocks.amax(-1).topk(min(_CANDIDATES, blocks.shape[1])).indices
        rough, inside = blocks.gather(1, best[..., None].expand(-1, -1, _BLOCK)).flatten(1).topk(_CANDIDATES)
        rows = best.gather(1, inside // _BLOCK) * _BLOCK + inside % _BLOCK
        pieces = self._pieces(rows.clamp_(max=self._last_row))
        exact = torch.bmm(self._exact_weight[pieces], hidden.float()[..., None]).squeeze(-1) + self._exact_bias[pieces]
        # A row that may say fewer pieces than there are candidates has some that it may not say.
        exact.masked_fill_(rough < NEVER / 2, NEVER)
        return pieces.gather(1, exact.argmax(-1, keepdim=True)).squeeze(1)

    @property
    def _last_row(self) -> int:
        return len(self._exact_bias) - 1 if self._ids is None else len(self._ids) - 1

    def _pieces(self, rows: Tensor) -> Tensor:
        return rows if self._ids is None else self._ids[rows]
