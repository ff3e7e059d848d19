"""The output layer over the pieces that each row may say, and over no other row's.

The pieces of a shortlist differ from row to row, so that a product over a whole batch would be ten times as wide as any
row needs. FBGEMM's embedding bag over int8 rows is a product of one vector with one matrix, for each row its own:
a table of Wᵀ, its inputs the weights of a bag, in float32. Weights that were published in int8 lose nothing by it, also
where the layers before it compute in bfloat16.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from nlpcli.kernels.quantize import INT8_MAX

# So many outputs of a row lie together: the kernel keeps the sums of some 100 in registers.
_BLOCK = 96
_NEVER = -1e9
# Behind each stretch of a table, the kernel wants the scale and the value of 0 as float32.
_TAIL = 8


class Int8Output:
    """One output layer for any batch; made once, of a weight that is int8 times `scale`."""

    def __init__(self, weight: Tensor, bias: Tensor, scale: float) -> None:
        # One row more, for the places behind a short list; in float32, in which 255 numbers are not rounded again.
        numbers = functional.pad(weight.detach(), (0, 0, 0, 1)).float().div_(scale).round_()
        self._matrix = numbers.add_(INT8_MAX).clamp_(0, 2 * INT8_MAX).to(torch.uint8)
        self._bias = functional.pad(bias.float(), (0, 1), value=_NEVER)
        self._tail = torch.tensor([scale, -INT8_MAX * scale], dtype=torch.float32).view(torch.uint8)

    def of(self, lists: Sequence[Tensor]) -> RowOutput:
        """For rows that may say the pieces of these lists, each sorted."""
        blocks = torch.tensor([-(-len(pieces) // _BLOCK) for pieces in lists])
        longest = int(blocks.amax())
        ids = torch.full((len(lists), longest * _BLOCK), len(self._bias) - 1)
        for row, pieces in zip(ids, lists, strict=True):
            row[: len(pieces)] = pieces
        there = torch.arange(longest) < blocks[:, None]
        numbers = there.view(-1).cumsum(0).view(there.shape) - 1
        table = self._table(ids.view(-1, _BLOCK)[there.view(-1)])
        return RowOutput(table, numbers, there, ids, self._bias[ids])

    def _table(self, ids: Tensor) -> Tensor:
        """(blocks, d, block + tail) bytes: for each input its weights to the outputs of a block, (blocks, block)."""
        blocks = self._matrix.index_select(0, ids.view(-1)).view(*ids.shape, -1)
        table = torch.empty(len(ids), blocks.shape[2], _BLOCK + _TAIL, dtype=torch.uint8)
        table[..., :_BLOCK] = blocks.transpose(1, 2)
        table[..., _BLOCK:] = self._tail
        return table


class RowOutput:
    """The output layer of one batch: hidden states → the best piece of each row.

    `numbers` (rows, blocks): which block of the table a block of a row is, where it is `there`. `ids`, `bias`: of its
    pieces, (rows, blocks · block).
    """

    def __init__(self, table: Tensor, numbers: Tensor, there: Tensor, ids: Tensor, bias: Tensor) -> None:
        self._table, self._numbers, self._there, self._ids, self._bias = table, numbers, there, ids, bias
        self._rows_of_table = table.view(-1, _BLOCK + _TAIL)
        d_model = table.shape[1]
        used = numbers[there]
        self._places = there.view(-1).nonzero().squeeze(1)
        self._row_of_block = self._places // there.shape[1]
        self._indices = (used[:, None] * d_model + torch.arange(d_model)).view(-1).to(torch.int32)
        self._offsets = torch.arange(0, len(self._indices), d_model, dtype=torch.int32)
        # What is not there stays as unlikely as it is here.
        self._logits = torch.full(bias.shape, _NEVER)
        self._blocks = self._logits.view(-1, _BLOCK)

    def rows(self, index: Tensor) -> RowOutput:
        """That of some rows of the batch; the table stays as it is."""
        return RowOutput(self._table, self._numbers[index], self._there[index], self._ids[index], self._bias[index])

    def best(self, hidden: Tensor) -> Tensor:
        """The id of the best piece of each row, (batch,)."""
        weights = hidden.float().index_select(0, self._row_of_block).view(-1)
        logits: Tensor = torch.ops.quantized.embedding_bag_byte_rowwise_offsets.default(
            self._rows_of_table, self._indices, self._offsets, False, 0, False, weights, None, False
        )
        self._blocks.index_copy_(0, self._places, logits)
        places = (self._logits + self._bias).argmax(-1, keepdim=True)
        return self._ids.gather(1, places).squeeze(1)
