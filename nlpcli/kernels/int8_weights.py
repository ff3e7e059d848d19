"""Linear layers whose weights are int8 or int4: less to read from memory for every token.

A decoder that writes one text reads all its weights for each token, so the size of the weights is what the time goes
into. Only the weights are quantized; what flows between the layers stays float32 or bfloat16. The kernels are torch's
own (`_weight_int8pack_mm`, `_weight_int4pack_mm_for_cpu`), which are fast on CPU for a few rows in bfloat16; for int8
x86 CPUs have a faster one (`int8_blocks`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from nlpcli.kernels.quantize import int4_groups, quantized, row_scales

# Up to so many rows the int8 kernel is faster than a product in the dtype of the input (2 cores, AVX2 and AVX-512).
_FEW_ROWS = 4
# It reads beyond the end of the weights where rows are no multiple of what it reads at a time (torch 2.13, AVX2: 8).
_KERNEL_INPUTS = 32
# Inputs that share a scale and a zero point in int4; 32 is the block of GGUF's Q4_1 too, which it so keeps exactly.
_GROUP = 32
_INT4_ROWS = 32  # the packed format comes in blocks of so many output features


class Int8Linear(nn.Module):  # type: ignore[misc]
    """x Wᵀ + b; W is int8 with one scale per output feature: |W - scale · q| ≤ scale / 2."""

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, scale: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.register_buffer("weight", weight)
        # The kernel takes it in bfloat16; the other way computes with the same numbers.
        self.register_buffer("scale", scale.bfloat16())
        self.register_buffer("bias", bias)

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor | None) -> Int8Linear:
        """The nearest int8 layer of `weight` (out_features, in_features)."""
        scale = row_scales(weight.float()).bfloat16()
        return cls(quantized(weight.float(), scale.float()[:, None]), scale, bias)

    @classmethod
    def joined(cls, layers: Sequence[Int8Linear], bias: Tensor | None) -> Int8Linear:
        """The outputs of `layers` side by side; their weights become views into those of what is made."""
        weight, scale = torch.cat([layer.weight for layer in layers]), torch.cat([layer.scale for layer in layers])
        whole, sizes = cls(weight, scale, bias), [layer.out_features for layer in layers]
        for layer, part, scales in zip(layers, weight.split(sizes), scale.split(sizes), strict=True):
            layer.weight, layer.scale = part, scales
        return whole

    def forward(self, hidden_states: Tensor) -> Tensor:
        """The linear map."""
        rows = hidden_states.numel() // self.in_features
        if rows <= _FEW_ROWS and hidden_states.device.type == "cpu" and self.in_features % _KERNEL_INPUTS == 0:
            flat = hidden_states.reshape(rows, self.in_features).bfloat16()
            output = torch._weight_int8pack_mm(flat, self.weight, self.scale).to(hidden_states.dtype)
            output = output.view(*hidden_states.shape[:-1], self.out_features)
        else:
            weight = self.weight.to(hidden_states.dtype)
            output = functional.linear(hidden_states, weight) * self.scale.to(hidden_states.dtype)
        return output if self.bias is None else output + self.bias


class Int4Linear(nn.Module):  # type: ignore[misc]
    """x Wᵀ + b on CPU; W is int4 with a scale and a zero point for every 32 inputs of an output feature."""

    packed_weight: Tensor
    scale_and_zero: Tensor
    bias: Tensor | None
    weight = None  # T5 asks whether there is one

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        levels, scale, low = int4_groups(weight, _GROUP)
        self.register_buffer("packed_weight", torch.ops.aten._convert_weight_to_int4pack_for_cpu(levels, 1))
        # The kernel computes (q - 8) · scale + zero.
        both = torch.cat([scale, low + 8 * scale], dim=2).transpose(0, 1)
        self.register_buffer("scale_and_zero", both.contiguous().bfloat16())
        self.register_buffer("bias", bias)

    @staticmethod
    def fits(weight: Tensor) -> bool:
        """Whether the packed format has blocks of this shape."""
        out_features, in_features = weight.shape
        return bool(out_features % _INT4_ROWS == 0 and in_features % _GROUP == 0)

    def forward(self, hidden_states: Tensor) -> Tensor:
        """The linear map."""
        flat = hidden_states.reshape(-1, self.in_features).bfloat16().contiguous()
        output = torch.ops.aten._weight_int4pack_mm_for_cpu(flat, self.packed_weight, _GROUP, self.scale_and_zero)
        output = output.to(hidden_states.dtype).view(*hidden_states.shape[:-1], self.out_features)
        return output if self.bias is None else output + self.bias
