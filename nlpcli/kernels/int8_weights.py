"""Linear layers whose weights are stored in 8 or 4 bits: less to read from memory for every token.

A decoder that writes one text reads all its weights for each token, so the size of the weights is what the time goes
into. Only the weights are rounded; what flows between the layers stays float32 or bfloat16. The kernels are torch's
own (`_weight_int8pack_mm`, `_weight_int4pack_mm_for_cpu`), which are fast on CPU for a few rows in bfloat16; for
8 bits x86 CPUs have a faster one (`int8_blocks`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.pytorch_utils import Conv1D

from nlpcli.kernels.int8_blocks import BlockedInt8Linear, has_bags

# Up to so many rows the 8-bit kernel is faster than a product in the dtype of the input (2 cores, AVX2 and AVX-512).
_FEW_ROWS = 4
# It reads beyond the end of the weights where rows are no multiple of what it reads at a time (torch 2.13, AVX2: 8).
_KERNEL_INPUTS = 32
# Columns that share a scale and a zero in 4 bits; 32 is the block of GGUF's Q4_1 too, which it so keeps exactly.
_GROUP = 32
_INT4_ROWS = 32  # the packed format comes in blocks of so many output features
_INT4_LEVELS = 15


class Int8Linear(nn.Module):  # type: ignore[misc]
    """x Wᵀ + b; W in 8 bits with one scale per output feature: |W - scale · q| ≤ scale / 2."""

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
        """The nearest 8-bit layer of `weight` (out_features, in_features)."""
        exact = weight.float()
        scale = (exact.abs().amax(dim=1) / 127).clamp(min=torch.finfo(torch.float32).tiny)
        rounded = scale.bfloat16()
        levels = (exact / rounded.float()[:, None]).round().clamp(-127, 127)
        return cls(levels.to(torch.int8), rounded, bias)

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
    """x Wᵀ + b on CPU; W in 4 bits with a scale and a zero for every 32 inputs of an output feature."""

    packed_weight: Tensor
    scale_and_zero: Tensor
    bias: Tensor | None
    weight = None  # T5 asks whether there is one

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        groups = weight.float().view(self.out_features, -1, _GROUP)
        low, high = groups.aminmax(dim=2, keepdim=True)
        scale = (high - low).clamp(min=torch.finfo(torch.float32).tiny) / _INT4_LEVELS
        levels = ((groups - low) / scale).round().clamp(0, _INT4_LEVELS).to(torch.int32).view(weight.shape)
        self.register_buffer("packed_weight", torch.ops.aten._convert_weight_to_int4pack_for_cpu(levels, 1))
        # The kernel computes (level - 8) · scale + zero.
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


def _layer(weight: Tensor, bias: Tensor | None, quantization: str) -> nn.Module:
    if quantization == "int4" and Int4Linear.fits(weight):
        return Int4Linear(weight, bias)
    if weight.device.type == "cpu" and has_bags():
        return BlockedInt8Linear.of(weight, bias)
    return Int8Linear.of(weight, bias)


def quantize_linears(module: nn.Module, quantization: str) -> None:
    """Replace every linear layer inside `module`, which frees the weights that it had, for the device that they are on.

    An output layer that shares its weights with the embedding leaves these to the embedding. In 4 bits, a layer whose
    shape the format does not have gets 8.
    """
    with torch.inference_mode():
        for name, child in module.named_children():
            if type(child) is nn.Linear:
                weight, bias = child.weight.detach(), None if child.bias is None else child.bias.detach()
            elif type(child) is Conv1D:
                # GPT-2 stores (in_features, out_features).
                weight, bias = child.weight.detach().t().contiguous(), child.bias.detach()
            else:
                quantize_linears(child, quantization)
                continue
            setattr(module, name, _layer(weight, bias, quantization))
