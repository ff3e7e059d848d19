"""T5's relative position bias, from its definition (Raffel et al. 2020, section 2.1; Mesh TensorFlow's buckets)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from nlpcli.models.attention_layers import AttentionLayer
from nlpcli.records.inspection import Kind


def relative_bias(layer: AttentionLayer, layers: Sequence[AttentionLayer], queries: int, keys: int) -> Tensor:
    """(heads, queries, keys) float64, or a zero for models that have none.

    The first layer of a stack holds the table, which the others share; UMT5 has one in every layer.
    """
    stack = [other.module for other in layers if other.kind is layer.kind]
    tables = [module for module in stack if getattr(module, "has_relative_attention_bias", False)]
    if not tables:
        return torch.zeros(())
    module = layer.module if layer.module in tables else tables[0]
    table: Tensor = module.relative_attention_bias.weight.detach().double()
    ahead = torch.arange(keys, device=table.device) - torch.arange(queries, device=table.device)[:, None]
    buckets = bucket(
        ahead,
        two_sided=layer.kind is not Kind.DECODER,
        count=len(table),
        longest=module.relative_attention_max_distance,
    )
    return table[buckets].permute(2, 0, 1)


def bucket(ahead: Tensor, two_sided: bool, count: int, longest: int) -> Tensor:
    """The bucket of each distance `ahead` (key - query).

    Half of the buckets are for keys ahead of the query where these are seen at all. Of what remains, the first half
    holds one distance each, the others ranges that grow like the logarithm up to `longest`.
    """
    start = torch.zeros_like(ahead)
    if two_sided:
        count //= 2
        start = count * (ahead > 0)
        distance = ahead.abs()
    else:
        distance = (-ahead).clamp(min=0)
    exact = count // 2
    growth = torch.log(distance.clamp(min=1).float() / exact) / math.log(longest / exact)
    far = (exact + (growth * (count - exact)).long()).clamp(max=count - 1)
    return start + torch.where(distance < exact, distance, far)
