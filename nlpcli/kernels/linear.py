"""The registry of quantized and packed linear layers: what can run here, replace, concatenate."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from nlpcli.kernels.int8_blocks import BlockedInt8Linear
from nlpcli.kernels.int8_weights import Int4Linear, Int8Linear
from nlpcli.kernels.packed_linear import PackedLinear

Projection = Callable[[Tensor], Tensor]
MakeLinear = Callable[[Tensor, Tensor | None], nn.Module | None]
"""Makes a layer of a weight (out_features, in_features) and a bias; None where the layer is to stay as it is."""


def libraries() -> frozenset[str]:
    """The libraries of CPU kernels that this build of torch has, as far as we use them."""
    found = set()
    has_fbgemm = "fbgemm" in torch.backends.quantized.supported_engines and platform.machine() in ("x86_64", "AMD64")
    if has_fbgemm and hasattr(torch.ops.quantized, "linear_with_input_q_dq_qweight_dq_output_fp32"):
        found.add("fbgemm")
    if torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        found.add("onednn")
    return frozenset(found)


def packed_bfloat16(weight: Tensor, bias: Tensor | None) -> nn.Module | None:
    """For oneDNN; other dtypes stay as they are."""
    return PackedLinear(weight, bias) if weight.dtype == torch.bfloat16 else None


def int8_weights(weight: Tensor, bias: Tensor | None) -> nn.Module:
    """Weights in int8, by the fastest kernel for the device that they are on."""
    if weight.device.type == "cpu" and "fbgemm" in libraries():
        return BlockedInt8Linear.of(weight, bias)
    return Int8Linear.of(weight, bias)


def int4_weights(weight: Tensor, bias: Tensor | None) -> nn.Module:
    """Weights in int4; in int8 where the format has no blocks of such a shape."""
    return Int4Linear(weight, bias) if Int4Linear.fits(weight) else int8_weights(weight, bias)


def replace_linears(module: nn.Module, make: MakeLinear) -> int:
    """Put a layer that `make` makes in the place of every linear one inside `module`; how many there were.

    That frees the weights that they had. An output layer that shares its weights with the embedding leaves these to
    the embedding.
    """
    count = 0
    with torch.inference_mode():
        for name, child in module.named_children():
            made = make(*parameters) if (parameters := _parameters(child)) is not None else None
            if made is not None:
                setattr(module, name, made)
            count += replace_linears(child, make) if made is None else 1
    return count


def _parameters(layer: nn.Module) -> tuple[Tensor, Tensor | None] | None:
    """Weight (out_features, in_features) and bias of a linear layer, None of any other."""
    if type(layer) is nn.Linear:
        return layer.weight.detach(), None if layer.bias is None else layer.bias.detach()
    # GPT-2's, which stores (in_features, out_features).
    if type(layer).__name__ == "Conv1D":
        return layer.weight.detach().t().contiguous(), layer.bias.detach()
    return None


def concatenated(layers: Sequence[nn.Module]) -> Projection:
    """x → the outputs of `layers` one behind the other, (…, sum of out_features).

    The layers keep working: their weights become views into the one that is made here, so that nothing is stored
    twice. Layers in a packed format are called one after the other.
    """
    kinds = {type(layer) for layer in layers}
    join = _JOIN.get(kinds.pop()) if len(kinds) == 1 else None
    whole = None if join is None else join(layers, _joined_bias(layers))
    return (lambda x: torch.cat([layer(x) for layer in layers], dim=-1)) if whole is None else whole


def projection(layer: nn.Module) -> Projection:
    """The function of a linear layer: what a module does around it counts where one row is all there is."""
    return layer.projection() if isinstance(layer, BlockedInt8Linear) else layer.forward


def _joined_linear(layers: Sequence[nn.Module], bias: Tensor | None) -> Projection:
    weight = torch.cat([layer.weight.detach() for layer in layers])
    for layer, part in zip(layers, weight.split([layer.out_features for layer in layers]), strict=True):
        layer.weight = nn.Parameter(part, requires_grad=False)
    return lambda x: functional.linear(x, weight, bias)


def _joined_blocks(layers: Sequence[BlockedInt8Linear], bias: Tensor | None) -> Projection | None:
    whole = BlockedInt8Linear.joined(layers, bias)
    return None if whole is None else whole.projection()


def _joined_bias(layers: Sequence[nn.Module]) -> Tensor | None:
    some = next((layer.bias.detach() for layer in layers if layer.bias is not None), None)
    if some is None:
        return None
    return torch.cat([some.new_zeros(layer.out_features) if layer.bias is None else layer.bias for layer in layers])


# None: the layers do not fit together.
_JOIN: dict[type[nn.Module], Callable[..., Projection | None]] = {
    nn.Linear: _joined_linear,
    Int8Linear: lambda layers, bias: Int8Linear.joined(layers, bias).forward,
    BlockedInt8Linear: _joined_blocks,
}
