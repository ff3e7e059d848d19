"""The output layer over all pieces, or over those of a shortlist: hidden states → ids of the best pieces."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from nlpcli.models.bergamot.linears import Bytes, Linear, can_multiply_bytes, linear
from nlpcli.models.bergamot.rounding import rounded_rows

# The logits are searched in blocks: a maximum is fast, an index is slow.
_BLOCK = 128
_CANDIDATES = 8
NEVER = -1e9


class OutputWeights:
    """What an output layer is made from, once for all batches."""

    def __init__(self, weight: Tensor, bias: Tensor, shortlisted: bool) -> None:
        self.weight, self.bias = weight, bias.to(weight.dtype)
        self.exact = weight.float(), bias.float()
        in_bytes = shortlisted and weight.device.type == "cpu" and weight.dtype == torch.float32
        self.bytes = Bytes(weight) if in_bytes and can_multiply_bytes() else None

    def all(self) -> Output:
        """Every piece is a candidate."""
        width = -(-len(self.bias) // _BLOCK) * _BLOCK
        layer = _padded(self.weight, self.bias, width)
        return Output(layer, None, self.exact, rescored=self.weight.dtype != torch.float32)

    def of(self, union: Tensor) -> tuple[Output, Tensor]:
        """Some pieces alone, and what is added to the logits of every row: NEVER where there is no piece."""
        width = rounded_rows(-(-len(union) // _BLOCK)) * _BLOCK
        if self.bytes is None:
            layer = _padded(self.weight[union], self.bias[union], width)
            added = torch.zeros(width, dtype=self.weight.dtype, device=union.device)
        else:
            layer = self.bytes.linear(union, width)
            added = functional.pad(self.bias[union], (0, width - len(union)))
        rescored = self.bytes is not None or self.weight.dtype != torch.float32
        return Output(layer, union, self.exact, rescored), added


def _padded(weight: Tensor, bias: Tensor, width: int) -> Linear:
    rows = width - len(bias)
    return linear(functional.pad(weight, (0, 0, 0, rows)), functional.pad(bias, (0, rows), value=NEVER))


class Output:
    """One output layer. `ids`: the pieces of its rows. `rescored`: it names candidates, and float32 decides."""

    def __init__(self, layer: Linear, ids: Tensor | None, exact: tuple[Tensor, Tensor], rescored: bool) -> None:
        self._linear = layer
        self._ids = ids
        self._rescored = rescored
        self._exact_weight, self._exact_bias = exact

    def best(self, hidden: Tensor, allowed: Tensor | None) -> Tensor:
        logits = self._linear(hidden)
        if allowed is not None:
            logits = logits + allowed
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
