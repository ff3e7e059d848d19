"""Tensors straight from `.safetensors` files, mapped rather than read, and linear layers of them.

For the families whose modules are ours: what is unusual about a folder raises `Unlike`, and transformers loads it
instead, or says what is wrong with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from nlpcli.models.foreign import weight_files

_DTYPES = frozenset({torch.float32, torch.bfloat16, torch.float16})


class Unlike(Exception):
    """A tensor is missing, too many, or of another shape."""


class Tensors:
    """The tensors of one `.safetensors` file or of several with an index, read where they are asked for; in a dtype, or
    as they are stored."""

    def __init__(self, folder: Path, dtype: torch.dtype | None) -> None:
        self._dtype = dtype
        self._files: dict[str, Any] = {}
        for file in weight_files(folder):
            opened = safe_open(folder / file, framework="pt")
            self._files |= dict.fromkeys(opened.keys(), opened)  # type: ignore[no-untyped-call]

    def __call__(self, name: str, *shape: int) -> Tensor:
        self._expect(name in self._files)
        tensor: Tensor = self._files[name].get_tensor(name)
        self._expect(tuple(tensor.shape) == shape and tensor.dtype in _DTYPES)
        return tensor if self._dtype is None else tensor.to(self._dtype)

    def linear(self, name: str, rows: int, columns: int, bias: bool) -> nn.Linear:
        """The layer `name`, of a weight (rows, columns)."""
        return linear_of(self(f"{name}.weight", rows, columns), self(f"{name}.bias", rows) if bias else None)

    def embedding(self, name: str, rows: int, columns: int) -> nn.Embedding:
        """The table `name`, (rows, columns)."""
        return nn.Embedding.from_pretrained(self(f"{name}.weight", rows, columns))

    def norm(self, name: str, size: int, epsilon: float) -> nn.LayerNorm:
        """The layer normalization `name`."""
        layer = nn.LayerNorm(size, epsilon, elementwise_affine=False)
        for part in ("weight", "bias"):
            setattr(layer, part, nn.Parameter(self(f"{name}.{part}", size), requires_grad=False))
        return layer

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def refuse(self, name: str) -> None:
        """Decline a file with such a tensor."""
        self._expect(name not in self._files)

    def _expect(self, holds: bool) -> None:
        if not holds:
            raise Unlike


def linear_of(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    """The layer of a weight (rows, columns)."""
    # Made small: numbers that are drawn for a layer of its own size would be drawn for nothing.
    layer = nn.Linear(1, 1, bias=bias is not None)
    layer.out_features, layer.in_features = weight.shape
    layer.weight = nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        layer.bias = nn.Parameter(bias, requires_grad=False)
    return layer
