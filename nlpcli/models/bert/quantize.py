"""Encoders of BERT's kind with int8 products, and the scales that make these exact enough (decision 27).

A few channels of the hidden states are ten times as large as all others, in every text; the scale of a row would be
theirs, and the rest of the row have few values. So each channel is divided by a scale, by the layer norm in front, and
the weights that it meets are multiplied with it (SmoothQuant, Xiao et al. 2023): nothing to do at inference. How large
channels are is a property of the weights: texts of random tokens show it as well as real ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from nlpcli.models.bert.first_token import FirstTokenLayer
from nlpcli.models.bert.int8_encoder import Int8Encoder, Int8Layer, Smoothing
from nlpcli.models.bert.layers import LayerNames, layer_names

if TYPE_CHECKING:
    from transformers import PretrainedConfig

_TEXTS, _TOKENS = 16, 24
_TINY = 1e-5


def quantize_layers(model: nn.Module) -> None:
    """Give an encoder layers with int8 products, with a scale for each row of activations."""
    names = layer_names(model.config)
    if names is None:
        raise ValueError(f"{model.config.model_type} is not of BERT's kind")
    layers = list(names.of(model))
    # The layer of one token costs nothing.
    whole = [layer for layer in layers if isinstance(layer, FirstTokenLayer)]
    quantized = layers[: len(layers) - len(whole)]
    if not quantized:
        return
    with torch.no_grad():
        smoothings = _smoothings(model, quantized, names)
        onward = [smoothing.attention for smoothing in smoothings[1:]] + [torch.ones_like(smoothings[0].attention)]
        made = [
            Int8Layer(layer, names, model.config, smoothing, scales)
            for layer, smoothing, scales in zip(quantized, smoothings, onward, strict=True)
        ]
    parent = names.layers.rpartition(".")[0]
    encoder = model.base_model.get_submodule(parent)
    bias = encoder.compute_position_bias if names.adds_positions else None
    model.base_model.set_submodule(parent, Int8Encoder(made, whole, bias))


def _smoothings(model: nn.Module, layers: Sequence[nn.Module], names: LayerNames) -> list[Smoothing]:
    largest = _largest_inputs(model, layers, names)
    found = [_smoothing(layer, names, *sizes) for layer, sizes in zip(layers, largest, strict=True)]
    # What the embeddings give comes as it is.
    return [found[0]._replace(attention=torch.ones_like(found[0].attention)), *found[1:]]


def _largest_inputs(model: nn.Module, layers: Sequence[nn.Module], names: LayerNames) -> list[tuple[Tensor, Tensor]]:
    """Of each layer, the largest size of each channel that goes into its attention, and into its feed-forward part."""
    seen: list[Tensor] = []

    def look(_: nn.Module, inputs: tuple[Tensor]) -> None:
        seen.append(inputs[0].detach().flatten(0, -2).abs().amax(0))

    parts = [layer.get_submodule(name) for layer in layers for name in (names.query, names.up)]
    hooks = [part.register_forward_pre_hook(look) for part in parts]
    try:
        model.base_model(input_ids=_random_tokens(model.config))
    finally:
        for hook in hooks:
            hook.remove()
    return list(zip(seen[::2], seen[1::2], strict=True))


def _random_tokens(config: PretrainedConfig) -> Tensor:
    # RoBERTa and MPNet count positions from behind the padding token.
    longest = min(_TOKENS, config.max_position_embeddings - (config.pad_token_id or 0) - 2)
    tokens = torch.randint(config.vocab_size, (_TEXTS, longest), generator=torch.Generator().manual_seed(0))
    # Some models take what is padding by its token.
    return tokens.masked_fill(tokens == (config.pad_token_id or 0), config.vocab_size - 1)


def _smoothing(layer: nn.Module, names: LayerNames, attention: Tensor, feed_forward: Tensor) -> Smoothing:
    three = [cast("nn.Linear", layer.get_submodule(name)) for name in (names.query, names.key, names.value)]
    up = cast("nn.Linear", layer.get_submodule(names.up))
    weights = torch.cat([part.weight for part in three])
    return Smoothing(_balanced(attention, weights), _balanced(feed_forward, up.weight))


def _balanced(sizes: Tensor, weight: Tensor) -> Tensor:
    """Scales by which activations and weights of a channel become about equally large.

    Powers of two: to divide by them rounds nothing, and they are the same wherever they are computed.
    """
    scales = (sizes.clamp_min(_TINY) / weight.abs().amax(0).clamp_min(_TINY)).sqrt()
    return torch.exp2((scales / scales.median()).log2().round())
