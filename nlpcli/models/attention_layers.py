"""Where a model's attention is: found by letting the model compute a few tokens and observing what attends.

Neither the names of modules nor a list of families say it, but the shapes of the weights and the masks: a matrix of
input × input is self-attention, output × output that of a decoder, output × input cross-attention.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import PretrainedConfig

from nlpcli.errors import ModelUnusable
from nlpcli.models.attention_sound import Attended, observing
from nlpcli.records.inspection import Kind

# Lengths of the probe, primes that are neither equal nor a usual number of heads or experts.
_INPUT, _OUTPUT = 7, 5


@dataclass(frozen=True, slots=True)
class AttentionLayer:
    """One attention of one layer. `layer` is its number in the model, from 0; `call` counts the computations of its
    module in one pass, which are several where layers share their weights.
    """

    kind: Kind
    layer: int
    name: str
    module: nn.Module
    call: int
    heads: int
    causal: bool


def attention_layers(model: nn.Module) -> list[AttentionLayer]:
    """Every attention that a text passes through, in the order in which they compute; empty where none is seen.

    Raises:
        ModelUnusable: the model cannot compute with a text alone, or its attention is not a matrix over its tokens.
    """
    for module in model.modules():
        if hasattr(module, "set_attention_type"):
            module.set_attention_type("original_full")
    heard: list[Attended] = []
    with torch.no_grad(), observing(model, heard.append):
        _compute(model)
    heard = [attended for attended in heard if not _routes(attended)]
    kinds = [_kind(attended, model.config.is_encoder_decoder) for attended in heard]
    numbers = _numbers(heard, kinds)
    calls: Counter[str] = Counter()
    layers = []
    for attended, kind, number in zip(heard, kinds, numbers, strict=True):
        causal = kind is not Kind.CROSS and not attended.visible.triu(1).any().item()
        call = calls[attended.name]
        calls[attended.name] += 1
        module, heads = attended.module, attended.weights.shape[1]
        layers.append(AttentionLayer(kind, number, attended.name, module, call, heads, causal))
    _refuse_uneven(layers, model)
    return layers


def text_part(model: nn.Module) -> nn.Module:
    """The part that reads texts, of a model that holds one beside another for pictures (CLIP, SigLIP)."""
    part = getattr(model, "text_model", None)
    beside = hasattr(model, "vision_model") and isinstance(part, nn.Module) and hasattr(part, "config")
    return part if beside and isinstance(part, nn.Module) else model


def longest_in_full(config: PretrainedConfig) -> int | None:
    """Up to how many tokens BigBird attends to all of them, as it is shown; longer texts it cuts into blocks."""
    if getattr(config, "attention_type", None) != "block_sparse":
        return None
    return int((5 + 2 * config.num_random_blocks) * config.block_size)


def takes(model: nn.Module, argument: str) -> bool:
    """Whether `forward` knows an argument."""
    return argument in inspect.signature(model.forward).parameters


def without_cache(model: nn.Module) -> dict[str, Any]:
    """Arguments that keep a model from storing keys and values for a next token."""
    return {name: False for name in ("use_cache", "use_mems") if takes(model, name)}


def _compute(model: nn.Module) -> None:
    device = next(model.parameters()).device
    arguments: dict[str, Any] = {"input_ids": torch.arange(1, _INPUT + 1, device=device)[None]}
    if takes(model, "attention_mask"):
        arguments["attention_mask"] = torch.ones_like(arguments["input_ids"])
    if model.config.is_encoder_decoder:
        arguments["decoder_input_ids"] = torch.arange(1, _OUTPUT + 1, device=device)[None]
    try:
        model(**arguments, **without_cache(model))
    except (TypeError, ValueError, AttributeError, RuntimeError, IndexError, KeyError) as error:
        raise ModelUnusable(
            f"a {model.config.model_type} model does not compute with a text alone; choose another with -m"
        ) from error


def _routes(attended: Attended) -> bool:
    """A mixture of experts takes a softmax too, over its experts."""
    return attended.weights.shape[1] == 1 and attended.weights.shape[2:] not in {
        (_INPUT, _INPUT), (_OUTPUT, _OUTPUT), (_OUTPUT, _INPUT),
    }  # fmt: skip


def _kind(attended: Attended, is_encoder_decoder: bool) -> Kind:
    shape = tuple(attended.weights.shape[2:])
    if shape == (_INPUT, _INPUT):
        return Kind.SELF
    if is_encoder_decoder and shape == (_OUTPUT, _OUTPUT):
        return Kind.DECODER
    if is_encoder_decoder and shape == (_OUTPUT, _INPUT):
        return Kind.CROSS
    raise ModelUnusable(
        f"{type(attended.module).__name__} attends to {shape[1]} places where the text has {_INPUT} tokens:"
        " no matrix of tokens can be shown; choose another model with -m"
    )


def _numbers(heard: Sequence[Attended], kinds: Sequence[Kind]) -> list[int]:
    """The places of the layers in the model's own lists; in order where these do not tell them apart."""
    numbers = [_number(attended.name) for attended in heard]
    for kind in Kind:
        places = [place for place, own in enumerate(kinds) if own is kind]
        own_numbers = [numbers[place] for place in places]
        if None in own_numbers or sorted(set(own_numbers), key=str) != sorted(own_numbers, key=str):
            for order, place in enumerate(places):
                numbers[place] = order
    return [number or 0 for number in numbers]


def _number(name: str) -> int | None:
    return next((int(step) for step in reversed(name.split(".")) if step.isdigit()), None)


def _refuse_uneven(layers: Sequence[AttentionLayer], model: nn.Module) -> None:
    for kind in Kind:
        counts = sorted({layer.heads for layer in layers if layer.kind is kind})
        if len(counts) > 1:
            raise ModelUnusable(
                f"the layers of this {model.config.model_type} model have {' or '.join(map(str, counts))} heads,"
                " which do not fit one picture; choose another model with -m"
            )


def layers_of(layers: Sequence[AttentionLayer], kind: Kind) -> Iterator[AttentionLayer]:
    """Those of one kind."""
    return (layer for layer in layers if layer.kind is kind)
