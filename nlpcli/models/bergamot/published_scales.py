"""Linear layers in 8 bits, as the students were trained to be run: weights with one scale a matrix, inputs with a
scale that the published file holds. One operation of FBGEMM rounds the input, multiplies and gives float32."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn

from nlpcli.kernels.int8_products import LARGEST, packed_bytes

# What float16 makes of level 127 is off by 1/32 of a step at most; a matrix of its own is off by half a step.
_MOST_ROUNDING = 0.1
# 0 of a signed input: the middle one of 127 levels.
_ZERO = 64


def levels(weight: Tensor) -> tuple[Tensor, float]:
    """The signed bytes and the step of a matrix that had 8 bits before it was stored in 16."""
    weight = weight.detach().float()
    step = float(weight.abs().amax().clamp_min(torch.finfo(torch.float32).tiny)) / LARGEST
    return (weight / step).round_().to(torch.int8), step


def has_levels(weight: Tensor) -> bool:
    """Whether a matrix was in 8 bits before: all of its numbers are near multiples of one step."""
    matrix, step = levels(weight)
    return bool((matrix.float() * step - weight.float()).abs().amax() < _MOST_ROUNDING * step)


def has_published_levels(folder: Path, multipliers: Mapping[str, float] | None) -> bool:
    """Whether all matrices had 8 bits when they were published, and the scales of their inputs are known."""
    path = folder / "model.safetensors"
    if not multipliers or not path.is_file():
        return False
    with safe_open(path, framework="pt") as weights:
        return all(has_levels(weights.get_tensor(f"{name}.weight")) for name in multipliers)


class ByteLinear(nn.Module):  # type: ignore[misc]
    """x Wᵀ + b for the matrices in a row; x is rounded to 1/`multiplier`, the same for every row of every batch."""

    def __init__(
        self, weights: Sequence[Tensor], biases: Sequence[Tensor], multiplier: float, activation: str, positive: bool
    ) -> None:
        super().__init__()
        matrices = [levels(weight) for weight in weights]
        steps = torch.cat([torch.full((len(matrix),), step, dtype=torch.float64) for matrix, step in matrices])
        bias = torch.cat(list(biases)).float()
        self.packed = packed_bytes(torch.cat([matrix for matrix, _ in matrices]), steps, bias)
        self.relu = activation == "relu"
        self.step, self.zero = (1 / multiplier, 0) if positive else (2 / multiplier, _ZERO)

    def forward(self, x: Tensor) -> Tensor:
        if self.relu:
            y: Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_relu_output_fp32(
                x, self.step, self.zero, self.packed
            )
        else:
            y = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(x, self.step, self.zero, self.packed)
        return y
