"""Encoders that multiply in 8 bits, for CPUs that do so faster than in any dtype that they have.

The weights get one step an output, the inputs one a row, where torch's own dynamic quantisation has one for a matrix
and one for a batch: a token is rounded by its own largest number, and no text depends on what stands beside it. Values
and the output of attention stay as they are: a sixth of the work, and half of what rounding would show (decision 19).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig

from nlpcli.kernels.int8_products import INPUT_LEVELS, SMALL_PAIR, packed_bytes
from nlpcli.models.bert.first_token import FirstTokenLayer
from nlpcli.models.bert.layers import LayerNames, layer_names

# The least that a GELU gives: x Φ(x) at -0.75.
_LOWEST_OF_GELU = -0.17
# 0 of an input of both signs, and of one that is hardly ever below it.
_MIDDLE, _FEW = 128, 24
_TINY = torch.finfo(torch.float32).tiny
_GELU = frozenset({"gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python"})


class RowByteLinear(nn.Module):  # type: ignore[misc]
    """x Wᵀ + b in float32 from bytes; inference on x86 alone. `lowest`: what no input is below, where that is known.

    x / step + zero are the levels of a row: those of a signed input lie evenly around the middle one; where little is
    negative, few levels are kept for that.
    """

    bias: Tensor

    def __init__(self, linear: nn.Linear, lowest: float | None = None) -> None:
        super().__init__()
        levels, steps = _levels(linear.weight.detach().float())
        self.packed = packed_bytes(levels, steps.double(), None)
        bias = linear.weight.new_zeros(linear.out_features) if linear.bias is None else linear.bias.detach()
        self.register_buffer("bias", bias.float())
        self._signed = lowest is None
        self._zero = _MIDDLE if lowest is None else _FEW
        self._most = INPUT_LEVELS - self._zero
        self._least = _TINY if lowest is None else -lowest * self._most / self._zero

    def forward(self, hidden_states: Tensor) -> Tensor:
        """(…, in_features) → (…, out_features), float32."""
        sizes = hidden_states.abs() if self._signed else hidden_states
        steps = sizes.amax(-1, keepdim=True).clamp_min_(self._least).div_(self._most)
        product = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
            hidden_states * steps.reciprocal(), 1.0, self._zero, self.packed
        )
        return torch.addcmul(self.bias, product, steps)


def _levels(weight: Tensor) -> tuple[Tensor, Tensor]:
    """The levels of a matrix (out_features, in_features), and the step of each output: the finest that inputs allow."""
    even = nn.functional.pad(weight.abs(), (0, weight.shape[1] % 2))
    largest = even.unflatten(1, (-1, 2)).sum(2).amax(1)
    # Rounding can add half a level to either neighbour.
    steps = (largest / (SMALL_PAIR - 1)).clamp_min(_TINY)
    return (weight / steps[:, None]).round_().to(torch.int8), steps


def multiply_in_bytes(model: nn.Module) -> None:
    """Round what can be rounded in the layers of an encoder of BERT's kind."""
    names = layer_names(model.config)
    if names is None:
        raise ValueError(f"{model.config.model_type} is not of BERT's kind")
    for layer in names.of(model):
        # The layer of one token costs nothing.
        if not isinstance(layer, FirstTokenLayer):
            _round(layer, names, _lowest_of_activation(model.config))


def _lowest_of_activation(config: PretrainedConfig) -> float | None:
    name = getattr(config, "hidden_act", None) or getattr(config, "activation", None)
    return _LOWEST_OF_GELU if name in _GELU else None


def _round(layer: nn.Module, names: LayerNames, lowest: float | None) -> None:
    for name, least in ((names.query, None), (names.key, None), (names.up, None), (names.down, lowest)):
        parent, _, own = name.rpartition(".")
        place = layer.get_submodule(parent)
        setattr(place, own, RowByteLinear(getattr(place, own), least))
