"""Where a model's attention is: the modules that compute it, and in them the projections W^Q, W^K, W^V and W^O.

Models of transformers name these parts in a few ways, which `_PROJECTIONS` lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import nn
from transformers import PretrainedConfig

from nlpcli.records.inspection import Kind


class Projections(NamedTuple):
    """The modules whose outputs are queries, keys and values, and the one that maps the heads to the output.

    A module that stands for several is named once; its output holds them side by side, in this order.
    """

    query: nn.Module
    key: nn.Module
    value: nn.Module
    output: nn.Module


class _Names(NamedTuple):
    query: str
    key: str
    value: str
    output: str


_PROJECTIONS = (
    _Names("q_proj", "k_proj", "v_proj", "o_proj"),  # Llama, Qwen, Mistral, Gemma
    _Names("q_proj", "k_proj", "v_proj", "out_proj"),  # BART, Marian
    _Names("q", "k", "v", "o"),  # T5
    _Names("query", "key", "value", "../output.dense"),  # BERT, RoBERTa
    _Names("q_lin", "k_lin", "v_lin", "out_lin"),  # DistilBERT
    _Names("c_attn", "c_attn", "c_attn", "c_proj"),  # GPT-2
    _Names("q_attn", "c_attn", "c_attn", "c_proj"),  # GPT-2 over an encoder
)
_CROSS = ("encoder_attn", "EncDecAttention", "crossattention", "cross_attn")


@dataclass(frozen=True, slots=True)
class AttentionLayer:
    """One attention of one layer; `layer` counts those of its kind from 0."""

    kind: Kind
    layer: int
    module: nn.Module
    projections: Projections
    causal: bool


def attention_layers(model: nn.Module) -> list[AttentionLayer]:
    """Every attention of the model, in the order in which they compute; empty where none is recognised."""
    counts: dict[Kind, int] = {}
    layers = []
    for name, module, projections in _attention_modules(model):
        kind = _kind(name, model.config)
        causal = kind is Kind.DECODER or (kind is Kind.SELF and bool(getattr(module, "is_causal", False)))
        layers.append(AttentionLayer(kind, counts.get(kind, 0), module, projections, causal))
        counts[kind] = counts.get(kind, 0) + 1
    return layers


def head_count(config: PretrainedConfig, kind: Kind) -> int:
    """How many heads the attention of a kind has."""
    own = "encoder_attention_heads" if kind is Kind.SELF else "decoder_attention_heads"
    count = getattr(config, own, None) if config.is_encoder_decoder else None
    return int(count or config.num_attention_heads)


def _attention_modules(model: nn.Module) -> Iterator[tuple[str, nn.Module, Projections]]:
    for name, module in model.named_modules():
        for names in _PROJECTIONS:
            parts = [_part(model, name, part) for part in names]
            if all(parts):
                yield name, module, Projections(*parts)
                break


def _part(model: nn.Module, name: str, part: str) -> Any:
    """The module `part` inside the module called `name`, or beside it (`../`)."""
    path = f"{name}.{part}"
    if part.startswith("../"):
        path = f"{name.rpartition('.')[0]}.{part.removeprefix('../')}"
    place: Any = model
    for step in path.strip(".").split("."):
        place = getattr(place, step, None)
        if not isinstance(place, nn.Module):
            return None
    return place


def _kind(name: str, config: PretrainedConfig) -> Kind:
    if any(cross in name for cross in _CROSS):
        return Kind.CROSS
    in_decoder = "decoder" in name.split(".")
    return Kind.DECODER if config.is_encoder_decoder and in_decoder else Kind.SELF
