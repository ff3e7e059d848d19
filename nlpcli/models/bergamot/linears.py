"""Linear layers as functions, in the form that is fastest for a dtype and a CPU."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from nlpcli.models.packed_linear import can_pack

Linear = Callable[[Tensor], Tensor]
# Rows for which oneDNN chooses the layout of 8-bit weights; every other number works too.
_TYPICAL_ROWS = 32
# 0 of the signed bytes of an input, which the kernel takes as unsigned ones.
_ZERO = 128
_LARGEST = 127


def linear(weight: Tensor, bias: Tensor | None, activation: str = "none") -> Linear:
    """x Wᵀ + b, then relu where asked for; packed for oneDNN in bfloat16 on CPU."""
    if weight.device.type == "cpu" and weight.dtype == torch.bfloat16 and can_pack():
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), 1024)
        return lambda x: torch.ops.mkldnn._linear_pointwise(x, packed, bias, activation, [], "")
    if activation == "relu":
        return lambda x: functional.linear(x, weight, bias).relu_()
    return lambda x: functional.linear(x, weight, bias)


def of(layer: nn.Linear, activation: str = "none") -> Linear:
    return linear(layer.weight, layer.bias, activation)


def fused(*layers: nn.Linear) -> Linear:
    """Several linear layers of one input, their outputs side by side."""
    zeros = [layer.weight.new_zeros(layer.out_features) for layer in layers]
    biases = [zero if layer.bias is None else layer.bias for zero, layer in zip(zeros, layers, strict=True)]
    return linear(torch.cat([layer.weight for layer in layers]), torch.cat(biases))


def can_multiply_bytes() -> bool:
    """Whether this build of torch has oneDNN's 8-bit product, and this CPU fast kernels for it (x86 from AVX2 on)."""
    return (
        torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.onednn, "qlinear_pointwise")
        and torch.backends.cpu.get_cpu_capability().startswith("AVX")
    )


class Bytes:
    """A matrix in 8 bits with one scale, which is how the students were published."""

    def __init__(self, weight: Tensor) -> None:
        self._scale = weight.abs().amax().reshape(1) / _LARGEST
        self._weight = (weight / self._scale).round_().to(torch.int8)

    def linear(self, rows: Tensor, padded: int) -> Linear:
        """x Wᵀ roughly, for some rows of W with zeros behind them up to `padded`; x in 8 bits with a scale per row.

        A row's result depends on no other row.
        """
        weight = functional.pad(self._weight[rows], (0, 0, 0, padded - len(rows)))
        packed = torch.ops.onednn.qlinear_prepack(weight, [_TYPICAL_ROWS, weight.shape[1]])
        scale, zero = self._scale, torch.zeros(1, dtype=torch.int64)

        def product(x: Tensor) -> Tensor:
            step = x.abs().amax(-1, keepdim=True).clamp_(min=torch.finfo(torch.float32).tiny) / _LARGEST
            levels = (x / step).round_().add_(_ZERO).to(torch.uint8)
            output: Tensor = torch.ops.onednn.qlinear_pointwise(
                levels, 1.0, _ZERO, packed, scale, zero, None, 1.0, 0, torch.float32, "none", [], ""
            )
            return output.mul_(step)

        return product
