"""Linear layers as functions, in the form that is fastest for a dtype and a CPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from nlpcli.models.bergamot.byte_linear import byte_linear
from nlpcli.models.packed_linear import can_pack

Linear = Callable[[Tensor], Tensor]


def linear(weight: Tensor, bias: Tensor | None, activation: str = "none") -> Linear:
    """x Wᵀ + b, then relu where asked for; packed for oneDNN in bfloat16 on CPU."""
    if weight.device.type == "cpu" and weight.dtype == torch.bfloat16 and can_pack():
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), 1024)
        return lambda x: torch.ops.mkldnn._linear_pointwise(x, packed, bias, activation, [], "")
    if activation == "relu":
        return lambda x: functional.linear(x, weight, bias).relu_()
    return lambda x: functional.linear(x, weight, bias)


class Linears:
    """Makes functions of a model's linear layers; with `multipliers` (by the layers' names) they multiply in 8 bits."""

    def __init__(self, model: nn.Module, multipliers: Mapping[str, float] | None = None) -> None:
        self._names = {module: name for name, module in model.named_modules() if isinstance(module, nn.Linear)}
        self._multipliers = multipliers

    def of(self, *layers: nn.Linear, activation: str = "none", positive: bool = False) -> Linear:
        """Layers of one input, their outputs side by side; `positive`: the input is never negative."""
        biases = [_bias(layer) for layer in layers]
        if self._multipliers is None:
            return linear(torch.cat([layer.weight for layer in layers]), torch.cat(biases), activation)
        multipliers = [self._multipliers[self._names[layer]] for layer in layers]
        if len(set(multipliers)) == 1:
            return byte_linear([layer.weight for layer in layers], biases, multipliers[0], activation, positive)
        return _beside(
            [
                byte_linear([layer.weight], [bias], multiplier, activation, positive)
                for layer, bias, multiplier in zip(layers, biases, multipliers, strict=True)
            ]
        )


def _bias(layer: nn.Linear) -> Tensor:
    return layer.weight.new_zeros(layer.out_features) if layer.bias is None else layer.bias


def _beside(layers: Sequence[Linear]) -> Linear:
    return lambda x: torch.cat([layer(x) for layer in layers], dim=-1)
