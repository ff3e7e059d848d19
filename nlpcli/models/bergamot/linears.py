"""Linear layers in the form that is fastest for a dtype and a CPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from nlpcli.kernels.packed_linear import can_pack
from nlpcli.models.bergamot.published_scales import ByteLinear


class FloatLinear(nn.Module):  # type: ignore[misc]
    """x Wᵀ + b, then relu where asked for."""

    def __init__(self, weight: Tensor, bias: Tensor | None, activation: str) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias
        self.relu = activation == "relu"

    def forward(self, x: Tensor) -> Tensor:
        y = functional.linear(x, self.weight, self.bias)
        return y.relu_() if self.relu else y


class PackedLinear(nn.Module):  # type: ignore[misc]
    """The same with a weight that is laid out as oneDNN wants it, in bfloat16 on CPU."""

    def __init__(self, weight: Tensor, bias: Tensor | None, activation: str) -> None:
        super().__init__()
        self.packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), 1024)
        self.bias, self.activation = bias, activation

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, self.activation, [], "")
        return y


class Beside(nn.Module):  # type: ignore[misc]
    """Layers that read the same input in different ways, their outputs side by side."""

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        parts: list[Tensor] = []
        for layer in self.layers:
            parts.append(layer(x))  # noqa: PERF401 - TorchScript knows no list of modules
        return torch.cat(parts, dim=-1)


def linear(weight: Tensor, bias: Tensor | None, activation: str = "none") -> nn.Module:
    """x Wᵀ + b, then relu where asked for; packed for oneDNN in bfloat16 on CPU."""
    packed = weight.device.type == "cpu" and weight.dtype == torch.bfloat16 and can_pack()
    return (PackedLinear if packed else FloatLinear)(weight, bias, activation)


class Linears:
    """Makes one of a model's linear layers; with `multipliers` (by the layers' names) they multiply in 8 bits."""

    def __init__(self, model: nn.Module, multipliers: Mapping[str, float] | None = None) -> None:
        self._names = {module: name for name, module in model.named_modules() if isinstance(module, nn.Linear)}
        self._multipliers = multipliers

    def of(self, *layers: nn.Linear, activation: str = "none", positive: bool = False) -> nn.Module:
        """Layers of one input, their outputs side by side; `positive`: the input is never negative."""
        biases = [_bias(layer) for layer in layers]
        if self._multipliers is None:
            return linear(torch.cat([layer.weight.detach() for layer in layers]), torch.cat(biases), activation)
        multipliers = [self._multipliers[self._names[layer]] for layer in layers]
        if len(set(multipliers)) == 1:
            return ByteLinear([layer.weight for layer in layers], biases, multipliers[0], activation, positive)
        return Beside(
            [
                ByteLinear([layer.weight], [bias], multiplier, activation, positive)
                for layer, bias, multiplier in zip(layers, biases, multipliers, strict=True)
            ]
        )


def _bias(layer: nn.Linear) -> Tensor:
    return layer.weight.new_zeros(layer.out_features) if layer.bias is None else layer.bias.detach()
