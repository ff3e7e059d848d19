"""Linear layers of int8 weights as x86 CPUs multiply a few rows with them fastest: as a bag of embeddings.

    y = x Wᵀ = Σ_k x_k w_k,   w_k: the column of input k

is what recommenders call an embedding bag: a weighted sum of rows of a table. Theirs (fbgemm's, inside torch) reads
int8 tables at two to three times the speed of `_weight_int8pack_mm` (decision 16), and computes in float32. A bag
is one block of outputs, so that the bags are what threads share, and what a bag sums up stays in registers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn

# Outputs of a block, the fastest first (AVX2): 96 float32 are 12 of its 16 registers.
_BLOCKS = (96, 128, 64)
# Behind a row stand its scale and its minimum, 4 bytes each.
_SCALE_AND_MINIMUM = 8
# Up to so many rows the bag is faster than a product with the weights written out (2 cores, AVX2).
_FEW_ROWS = 4
# As many weights are written out at a time as the caches hold.
_CACHED_WEIGHTS = 1 << 20


class BlockedInt8Linear(nn.Module):  # type: ignore[misc]
    """x Wᵀ + b on x86 CPUs; W is uint8 with a scale and a minimum for every input of a block of outputs.

    `table`: (blocks · in_features, outputs of a block + 8) uint8; the last block is filled up with zeros.
    """

    table: Tensor
    bias: Tensor | None
    weight = None  # T5 asks whether there is one

    def __init__(self, table: Tensor, in_features: int, out_features: int, bias: Tensor | None) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.block = table.shape[1] - _SCALE_AND_MINIMUM
        self.blocks = table.shape[0] // in_features
        self.register_buffer("table", table)
        self.register_buffer("bias", bias)

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor | None) -> BlockedInt8Linear:
        """The nearest such layer of `weight` (out_features, in_features)."""
        out_features, in_features = weight.shape
        block = next((size for size in _BLOCKS if out_features % size == 0), _BLOCKS[0])
        columns = nn.functional.pad(weight.float(), (0, 0, 0, -out_features % block))
        rows = columns.view(-1, block, in_features).transpose(1, 2).reshape(-1, block)
        table = torch.ops.quantized.embedding_bag_byte_prepack(rows)
        return cls(table, in_features, out_features, bias)

    @classmethod
    def joined(cls, layers: Sequence[BlockedInt8Linear], bias: Tensor | None) -> BlockedInt8Linear | None:
        """The outputs of `layers` one behind the other, if their blocks allow; they become parts of what is made."""
        if len({layer.block for layer in layers}) > 1 or any(layer.out_features % layer.block for layer in layers):
            return None
        table = torch.cat([layer.table for layer in layers])
        for layer, part in zip(layers, table.split([len(layer.table) for layer in layers]), strict=True):
            layer.table = part
        return cls(table, layers[0].in_features, sum(layer.out_features for layer in layers), bias)

    def projection(self) -> Callable[[Tensor], Tensor]:
        """The linear map without what a module does around it, for a table that stays where it is."""
        if self.bias is not None or self.out_features < self.block * self.blocks:
            return self.forward
        table, blocks, in_features, out_features = self.table, self.blocks, self.in_features, self.out_features
        inputs, starts = _bags(blocks, in_features)

        def project(hidden_states: Tensor) -> Tensor:
            if hidden_states.numel() != in_features or hidden_states.dtype != torch.float32:
                return self.forward(hidden_states)
            weights = hidden_states.expand(1, blocks, in_features).reshape(-1)
            return _bag(table, inputs, starts, weights).view(*hidden_states.shape[:-1], out_features)

        return project

    def forward(self, hidden_states: Tensor) -> Tensor:
        """The linear map."""
        rows = hidden_states.numel() // self.in_features
        if rows > _FEW_ROWS:
            output = self._written_out(hidden_states.reshape(rows, self.in_features).float())
        elif rows == 1:
            output = self._row(hidden_states)
        else:
            # One at a time, so that a row is the same whatever stands beside it.
            output = torch.stack([self._row(row) for row in hidden_states.reshape(rows, 1, self.in_features)])
        if self.out_features < self.block * self.blocks:
            output = output.view(rows, -1)[:, : self.out_features].contiguous()
        output = output.view(*hidden_states.shape[:-1], self.out_features)
        if output.dtype != hidden_states.dtype:
            output = output.to(hidden_states.dtype)
        return output if self.bias is None else output + self.bias

    def _row(self, row: Tensor) -> Tensor:
        """(…, in_features) of one row → (blocks, outputs of a block)."""
        inputs, starts = _bags(self.blocks, self.in_features)
        weights = row.expand(self.blocks, *row.shape[1:]).reshape(-1)
        return _bag(self.table, inputs, starts, weights if weights.dtype == torch.float32 else weights.float())

    def _written_out(self, rows: Tensor) -> Tensor:
        """The same numbers as a product in float32, of some blocks at a time."""
        blocks = max(1, _CACHED_WEIGHTS // (self.in_features * self.block))
        outputs = []
        for part in self.table.split(blocks * self.in_features):
            columns = torch.ops.quantized.embedding_bag_byte_unpack(part).view(-1, self.in_features, self.block)
            outputs.append(torch.bmm(rows.expand(len(columns), *rows.shape), columns))
        return torch.cat(outputs).transpose(0, 1).reshape(len(rows), -1)


@lru_cache(maxsize=64)
def _bags(blocks: int, in_features: int) -> tuple[Tensor, Tensor]:
    """Which rows of a table each bag sums up, and where each bag starts: block by block, all of them."""
    rows = blocks * in_features
    return torch.arange(rows, dtype=torch.int32), torch.arange(0, rows + 1, in_features, dtype=torch.int32)


def _bag(table: Tensor, inputs: Tensor, starts: Tensor, weights: Tensor) -> Tensor:
    # The overload by its name: to find it takes as long as a small sum.
    output: Tensor = torch.ops.quantized.embedding_bag_byte_rowwise_offsets.default(
        table, inputs, starts, False, 0, False, weights, None, True
    )
    return output
