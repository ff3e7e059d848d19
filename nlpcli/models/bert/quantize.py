"""Encoders of BERT's kind with int8 products: which layers take them, and what is known of their activations.

Values and the output of attention stay float32: a sixth of the work, and half of what quantization would show (decision
19).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from nlpcli.kernels.int8_products import DynamicInt8Linear
from nlpcli.models.bert.first_token import FirstTokenLayer
from nlpcli.models.bert.layers import layer_names

if TYPE_CHECKING:
    from transformers import PretrainedConfig

# The least that a GELU gives: x Φ(x) at -0.75.
_LOWEST_OF_GELU = -0.17
_GELU = frozenset({"gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python"})


def quantize_layers(model: nn.Module) -> None:
    """Give the layers of an encoder int8 products, with a scale for each row of activations."""
    names = layer_names(model.config)
    if names is None:
        raise ValueError(f"{model.config.model_type} is not of BERT's kind")
    lowest = {names.query: None, names.key: None, names.up: None, names.down: _lowest_of_activation(model.config)}
    for layer in names.of(model):
        # The layer of one token costs nothing.
        if not isinstance(layer, FirstTokenLayer):
            for name, least in lowest.items():
                linear = layer.get_submodule(name)
                layer.set_submodule(name, DynamicInt8Linear(linear.weight, linear.bias, least))


def _lowest_of_activation(config: PretrainedConfig) -> float | None:
    name = getattr(config, "hidden_act", None) or getattr(config, "activation", None)
    return _LOWEST_OF_GELU if name in _GELU else None
