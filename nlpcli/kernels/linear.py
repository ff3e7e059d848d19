"""Several linear layers over the same input as one product."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from nlpcli.kernels.int8_blocks import BlockedInt8Linear
from nlpcli.kernels.int8_weights import Int8Linear

Projection = Callable[[Tensor], Tensor]


def libraries() -> frozenset[str]:
    """The libraries of CPU kernels that this build of torch has, as far as we use them."""
    found = set()
    if "fbgemm" in torch.backends.quantized.supported_engines and hasattr(
        torch.ops.quantized, "linear_with_input_q_dq_qweight_dq_output_fp32"
    ):
        found.add("fbgemm")
    if torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        found.add("onednn")
    return frozenset(found)


def fused(layers: Sequence[nn.Module]) -> Projection:
    """x → the outputs of `layers` one behind the other, (…, sum of out_features).

    The layers keep working: their weights become views into the one that is made here, so that nothing is stored
    twice. Layers in a packed format are called one after the other.
    """
    if all(type(layer) is nn.Linear for layer in layers):
        return _fused_linear(layers)
    if all(isinstance(layer, Int8Linear) for layer in layers):
        return _fused_int8(layers)
    if all(isinstance(layer, BlockedInt8Linear) for layer in layers):
        whole = BlockedInt8Linear.joined(layers, _joined_bias(layers, torch.empty(0)))
        if whole is not None:
            return whole.projection()
    return lambda hidden_states: torch.cat([layer(hidden_states) for layer in layers], dim=-1)


def projection(layer: nn.Module) -> Projection:
    """The function of a linear layer: what a module does around it counts where one row is all there is."""
    return layer.projection() if isinstance(layer, BlockedInt8Linear) else layer.forward


def _fused_linear(layers: Sequence[nn.Module]) -> Projection:
    weight = torch.cat([layer.weight.detach() for layer in layers])
    bias = _joined_bias(layers, weight)
    start = 0
    for layer in layers:
        layer.weight = nn.Parameter(weight[start : start + layer.out_features], requires_grad=False)
        start += layer.out_features
    return lambda hidden_states: nn.functional.linear(hidden_states, weight, bias)


def _fused_int8(layers: Sequence[nn.Module]) -> Projection:
    whole = Int8Linear(
        torch.cat([layer.weight for layer in layers]),
        torch.cat([layer.scale for layer in layers]),
        _joined_bias(layers, layers[0].scale),
    )
    start = 0
    for layer in layers:
        rows = slice(start, start + layer.out_features)
        layer.weight, layer.scale = whole.weight[rows], whole.scale[rows]
        start += layer.out_features
    return whole.forward


def _joined_bias(layers: Sequence[nn.Module], like: Tensor) -> Tensor | None:
    if all(layer.bias is None for layer in layers):
        return None
    return torch.cat([like.new_zeros(layer.out_features) if layer.bias is None else layer.bias for layer in layers])
