"""Which of a student's linear layers take which format, and layers of one input as one product."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional

from nlpcli.kernels.int8_products import StaticInt8Linear
from nlpcli.kernels.packed_linear import PackedLinear
from nlpcli.kernels.quantize import was_quantized
from nlpcli.runtime.precision import Kernel


def has_published_scales(folder: Path, config: Any) -> bool:
    """Whether all matrices were int8 when they were published, and the scales of their activations are known.

    A student that was trained further has neither.
    """
    path = folder / "model.safetensors"
    if not config.activation_multipliers or not path.is_file():
        return False
    with safe_open(path, framework="pt") as weights:
        return all(was_quantized(weights.get_tensor(f"{name}.weight")) for name in config.activation_multipliers)


class FloatLinear(nn.Module):  # type: ignore[misc]
    """x Wᵀ + b, then relu where asked for."""

    def __init__(self, weight: Tensor, bias: Tensor | None, activation: str) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias
        self.relu = activation == "relu"

    def forward(self, x: Tensor) -> Tensor:
        y = functional.linear(x, self.weight, self.bias)
        return y.relu_() if self.relu else y


class SideBySide(nn.Module):  # type: ignore[misc]
    """Layers that quantize the same input with different scales, their outputs side by side."""

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        parts: list[Tensor] = []
        for layer in self.layers:
            parts.append(layer(x))  # noqa: PERF401 - TorchScript knows no list of modules
        return torch.cat(parts, dim=-1)


def linear(weight: Tensor, bias: Tensor | None, kernel: Kernel, activation: str = "none") -> nn.Module:
    """x Wᵀ + b, then relu where asked for, in the dtype of the weight."""
    return (PackedLinear if kernel is Kernel.PACKED else FloatLinear)(weight, bias, activation)


class Linears:
    """Makes a student's linear layers for a kernel; all but the output layer take int8."""

    def __init__(self, model: nn.Module, kernel: Kernel) -> None:
        self._names = {module: name for name, module in model.named_modules() if isinstance(module, nn.Linear)}
        self._kernel = kernel
        self._multipliers: dict[str, float] = model.config.activation_multipliers or {}

    def of(self, *layers: nn.Linear, activation: str = "none", positive: bool = False) -> nn.Module:
        """Layers of one input, their outputs side by side; `positive`: the input is never negative."""
        weights, biases = [layer.weight.detach() for layer in layers], [_bias(layer) for layer in layers]
        if self._kernel is not Kernel.INT8_STATIC:
            return linear(torch.cat(weights), torch.cat(biases), self._kernel, activation)
        multipliers = [self._multipliers[self._names[layer]] for layer in layers]
        if len(set(multipliers)) == 1:
            return StaticInt8Linear(weights, biases, multipliers[0], activation, positive)
        return SideBySide(
            [
                StaticInt8Linear([weight], [bias], multiplier, activation, positive)
                for weight, bias, multiplier in zip(weights, biases, multipliers, strict=True)
            ]
        )


def _bias(layer: nn.Linear) -> Tensor:
    return layer.weight.new_zeros(layer.out_features) if layer.bias is None else layer.bias.detach()
