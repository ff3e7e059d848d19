"""int8 products by FBGEMM, which torch brings along on x86: weights and activations are int8, results float32.

Activations are quantized to uint8, with a scale and a zero point that stand in the model (static), or with a scale for
each row that is taken from the row (dynamic). Either way what a row gives depends on no other row of its batch.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nlpcli.kernels.quantize import TINY, UINT8_MAX, pair_scales, quantized, tensor_scale

# Zero points. Static: 0 to 127 alone, which cannot overflow whatever the weights (see `quantize.pair_scales`).
# Dynamic: all of uint8, and few values for negative activations where these are hardly ever below zero.
_STATIC_ZERO = 64
_DYNAMIC_ZERO, _ZERO_OF_MOSTLY_POSITIVE = 128, 24


def packed(matrix: Tensor, scales: Tensor, bias: Tensor | None) -> torch.ScriptObject:
    """FBGEMM's layout of int8 (out_features, in_features) with the scale of each output, (out_features,) float64."""
    engine = torch.backends.quantized.engine
    torch.backends.quantized.engine = "fbgemm"
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "torch.quantize_per_tensor", UserWarning)
            if len(scales.unique()) == 1:
                tensor = torch._make_per_tensor_quantized_tensor(matrix, scales[0].item(), 0)
            else:
                zeros = torch.zeros(len(scales), dtype=torch.int64)
                tensor = torch._make_per_channel_quantized_tensor(matrix, scales, zeros, 0)
        layout: torch.ScriptObject = torch.ops.quantized.linear_prepack(tensor, bias)
        return layout
    finally:
        torch.backends.quantized.engine = engine


class StaticInt8Linear(nn.Module):  # type: ignore[misc]
    """x Wᵀ + b, then relu where asked for, for matrices side by side, each with one scale.

    The activation scale is 1/`multiplier`, or twice that where activations can be negative.
    """

    def __init__(
        self, weights: Sequence[Tensor], biases: Sequence[Tensor], multiplier: float, activation: str, positive: bool
    ) -> None:
        super().__init__()
        matrices = [weight.detach().float() for weight in weights]
        of_matrices = [tensor_scale(matrix) for matrix in matrices]
        scales = torch.cat(
            [torch.full((len(m),), scale, dtype=torch.float64) for m, scale in zip(matrices, of_matrices, strict=True)]
        )
        matrix = torch.cat([quantized(m, scale) for m, scale in zip(matrices, of_matrices, strict=True)])
        self.packed = packed(matrix, scales, torch.cat(list(biases)).float())
        self.relu = activation == "relu"
        self.scale, self.zero_point = (1 / multiplier, 0) if positive else (2 / multiplier, _STATIC_ZERO)

    def forward(self, x: Tensor) -> Tensor:
        if self.relu:
            y: Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_relu_output_fp32(
                x, self.scale, self.zero_point, self.packed
            )
        else:
            y = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
                x, self.scale, self.zero_point, self.packed
            )
        return y


class DynamicInt8Linear(nn.Module):  # type: ignore[misc]
    """x Wᵀ + b in float32 for matrices side by side; inference on x86 alone. `lowest`: what no activation is below,
    where that is known.
    """

    bias: Tensor

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor | None], lowest: float | None = None) -> None:
        super().__init__()
        weight = torch.cat([matrix.detach().float() for matrix in weights])
        scales = pair_scales(weight)
        self.packed = packed(quantized(weight, scales[:, None]), scales.double(), None)
        found = [
            matrix.new_zeros(len(matrix)) if bias is None else bias.detach()
            for matrix, bias in zip(weights, biases, strict=True)
        ]
        self.register_buffer("bias", torch.cat(found).float())
        self._signed = lowest is None
        self._zero_point = _DYNAMIC_ZERO if lowest is None else _ZERO_OF_MOSTLY_POSITIVE
        self._largest = UINT8_MAX - self._zero_point
        self._least = TINY if lowest is None else -lowest * self._largest / self._zero_point

    def forward(self, rows: Tensor) -> Tensor:
        """(rows, in_features) → (rows, out_features), float32."""
        product, scales = self._product(rows, torch.empty_like(rows))
        return torch.addcmul(self.bias, product, scales, out=product)

    def add_to(self, base: Tensor, rows: Tensor) -> Tensor:
        """`base` plus x Wᵀ, without the bias, in the memory of `base`; nothing of `rows` is left."""
        return base.addcmul_(*self._product(rows, rows))

    def _product(self, rows: Tensor, scaled: Tensor) -> tuple[Tensor, Tensor]:
        """The product of the rows, each divided by its scale (in the memory of `scaled`), and these scales."""
        sizes = rows.abs() if self._signed else rows
        scales = sizes.amax(-1, keepdim=True).clamp_min_(self._least).div_(self._largest)
        torch.mul(rows, scales.reciprocal(), out=scaled)
        return _product(scaled, 1.0, self._zero_point, self.packed), scales


def _product(rows: Tensor, scale: float, zero_point: int, packed: torch.ScriptObject) -> Tensor:
    # The overload by its name: to find it takes time.
    product: Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32.default(
        rows, scale, zero_point, packed
    )
    return product
