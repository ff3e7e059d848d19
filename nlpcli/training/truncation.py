"""What training changed in a model's matrices, as factors of low rank: those directions stay that its answers turn on.

A change Δ of a matrix is first seen as the answers see it, G^½ Δ C^½, where C is the second moment of the layer's
inputs and G that of the loss's gradients by its outputs (the factors of K-FAC, Martens and Grosse 2015); the singular
values are then comparable from layer to layer, and the largest for their size in numbers are kept wherever they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

# As a share of the mean: what was hardly ever seen may still come.
_DAMPING = 0.01


class Factors(NamedTuple):
    """Δ ≈ `left` (rows, rank) @ `right` (rank, columns)."""

    left: Tensor
    right: Tensor


class Moments:
    """Watches the linear layers and the embeddings of a model while it goes forth and back."""

    def __init__(self, model: nn.Module) -> None:
        self.of_rows: dict[str, Tensor] = {}
        self.of_columns: dict[str, Tensor] = {}
        self._hooks = [
            module.register_forward_hook(self._watching(name))
            for name, module in model.named_modules()
            if isinstance(module, nn.Linear | nn.Embedding)
        ]

    def stop(self) -> None:
        """Watch no longer."""
        for hook in self._hooks:
            hook.remove()

    def _watching(self, name: str) -> Callable[[nn.Module, tuple[Tensor], Tensor], None]:
        def watch(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            (seen,) = inputs
            output.register_hook(lambda gradient: self._add(name, module, seen.detach(), gradient))

        return watch

    def _add(self, name: str, module: nn.Module, seen: Tensor, gradient: Tensor) -> None:
        of_output = _second_moment(gradient)
        if isinstance(module, nn.Embedding):
            # A row of the matrix for each index: what comes in is one number of many.
            counts = torch.bincount(seen.flatten(), minlength=module.num_embeddings).float()
            self._sum(self.of_rows, name, counts / seen.numel())
            self._sum(self.of_columns, name, of_output)
        else:
            self._sum(self.of_rows, name, of_output)
            self._sum(self.of_columns, name, _second_moment(seen) / seen[..., 0].numel())

    @staticmethod
    def _sum(sums: dict[str, Tensor], name: str, moment: Tensor) -> None:
        sums[name] = moment if name not in sums else sums[name] + moment


def truncated(changes: Mapping[str, Tensor], moments: Moments, numbers: int) -> dict[str, Factors]:
    """Factors of the changes (rows, columns) by the layer's name that have at most `numbers` numbers together."""
    parts = {
        name: _decomposed(change, moments.of_rows[name], moments.of_columns[name]) for name, change in changes.items()
    }
    worth = [
        (float(value.square()) / sum(changes[name].shape), name)
        for name, part in parts.items()
        for value in part.singular_values
    ]
    ranks = dict.fromkeys(changes, 0)
    for _, name in sorted(worth, reverse=True):
        numbers -= sum(changes[name].shape)
        if numbers < 0:
            break
        ranks[name] += 1
    return {name: parts[name].first(rank) for name, rank in ranks.items() if rank}


class _Decomposed(NamedTuple):
    """Δ = `left` · diag(`singular_values`) · `right`."""

    left: Tensor
    singular_values: Tensor
    right: Tensor

    def first(self, rank: int) -> Factors:
        root = self.singular_values[:rank].sqrt()
        return Factors(self.left[:, :rank] * root, root[:, None] * self.right[:rank])


def _decomposed(change: Tensor, of_rows: Tensor, of_columns: Tensor) -> _Decomposed:
    rows, back_to_rows = _roots(of_rows)
    columns, back_to_columns = _roots(of_columns)
    left, singular_values, right = torch.linalg.svd(_times(rows, change.float()) @ columns, full_matrices=False)
    return _Decomposed(_times(back_to_rows, left), singular_values, right @ back_to_columns)


def _roots(moment: Tensor) -> tuple[Tensor, Tensor]:
    """The square root of a moment and its inverse; of a vector, which stands for a diagonal matrix, two vectors."""
    if moment.ndim == 1:
        root = (moment + _DAMPING * moment.mean()).sqrt()
        return root, root.reciprocal()
    values, vectors = torch.linalg.eigh(moment.double())
    root = (values.clamp_min(0) + _DAMPING * values.mean()).sqrt()
    return (vectors * root @ vectors.T).float(), (vectors / root @ vectors.T).float()


def _times(root: Tensor, matrix: Tensor) -> Tensor:
    return root[:, None] * matrix if root.ndim == 1 else root @ matrix


def _second_moment(vectors: Tensor) -> Tensor:
    """(…, width) → (width, width), summed."""
    rows = vectors.flatten(0, -2).float()
    return rows.T @ rows
