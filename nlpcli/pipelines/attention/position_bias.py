"""What position adds to the scores: T5's relative bias and MPNet's, ALiBi, and DeBERTa's disentangled attention.

Raffel et al. 2020, section 2.1 (with Mesh TensorFlow's buckets), Press et al. 2022, He et al. 2021.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nlpcli.models.attention_layers import AttentionLayer
from nlpcli.records.inspection import Kind

_MPNET_LONGEST = 128
# Behind the name of a projection: what it made when it computed once more in the same attention.
AGAIN = ", again"


def position_bias(
    model: nn.Module,
    layer: AttentionLayer,
    layers: Sequence[AttentionLayer],
    config: Any,
    scores: Tensor,
    head_dim: int,
) -> Tensor:
    """As `scores` (heads, queries, keys), float64, or what is added to all of a head; a zero for models without."""
    heads, queries, keys = scores.shape
    family = getattr(config, "model_type", "")
    if family == "mpnet":
        tables = [part for name, part in model.named_modules() if name.endswith("relative_attention_bias")]
        return _looked_up(tables[0].weight, queries, keys, two_sided=True, longest=_MPNET_LONGEST)
    if family == "bloom" or (family == "falcon" and config.alibi):
        # Falcon divides its biases by √d_k too.
        return alibi(heads, keys, 8.0) * (head_dim**-0.5 if family == "falcon" else 1.0)
    if family == "mpt" and config.attn_config.alibi:
        return alibi(heads, keys, float(config.attn_config.alibi_bias_max))
    return relative_bias(layer, layers, queries, keys)


def alibi(heads: int, keys: int, steepest: float) -> Tensor:
    """(heads, 1, keys): each head adds its slope times the place of the key; the softmax sees differences alone.

    The slopes are a geometric sequence, for a number of heads that is no power of two those of the one below it, and
    then every other one of the power above.
    """
    power = 2 ** math.floor(math.log2(heads))
    slopes = [2 ** (-steepest * place / power) for place in range(1, power + 1)]
    slopes += [2 ** (-steepest * place / (2 * power)) for place in range(1, 2 * (heads - power), 2)]
    return torch.tensor(slopes, dtype=torch.float64)[:, None, None] * torch.arange(keys, dtype=torch.float64)


# DeBERTa's own projections of positions, and those that it shares with the content: these compute a second time.
_POSITION_KEYS = ("pos_proj", "pos_key_proj", f"key_proj{AGAIN}")
_POSITION_QUERIES = ("pos_q_proj", "pos_query_proj", f"query_proj{AGAIN}")


def disentangled(made: Mapping[str, Tensor], query: Tensor, key: Tensor, config: Any) -> Tensor:
    """(heads, queries, keys): content to position and position to content (He et al. 2021, section 3.1), not scaled."""
    ahead = torch.arange(query.shape[1])[:, None] - torch.arange(key.shape[1])
    total = torch.zeros((), dtype=torch.float64)
    if not getattr(config, "relative_attention", False):
        return total
    if getattr(config, "position_buckets", -1) > 0:
        longest = config.max_relative_positions
        ahead = _log_bucket(ahead, config.position_buckets, longest if longest > 0 else config.max_position_embeddings)
    for kind, names, states in (("c2p", _POSITION_KEYS, query), ("p2c", _POSITION_QUERIES, key)):
        table = next((made[name] for name in names if name in made), None)
        if kind not in config.pos_att_type or table is None:
            continue
        table = table[0].double().reshape(table.shape[1], len(query), -1).transpose(0, 1)
        place = (ahead + table.shape[1] // 2).clamp(0, table.shape[1] - 1)
        met = states @ table.transpose(-1, -2)  # (heads, tokens, places)
        if kind == "c2p":
            total = total + met.gather(2, place.expand(len(met), -1, -1))
        else:
            total = total + met.gather(2, place.T.expand(len(met), -1, -1)).transpose(1, 2)
    return total


def _log_bucket(distance: Tensor, count: int, longest: int) -> Tensor:
    """Distances up to half the buckets stay as they are; farther ones grow like the logarithm up to `longest`."""
    middle = count // 2
    far = torch.log(distance.abs().clamp(min=middle) / middle) / math.log((longest - 1) / middle) * (middle - 1)
    return torch.where(distance.abs() <= middle, distance, ((far.ceil() + middle) * distance.sign()).long())


def relative_bias(layer: AttentionLayer, layers: Sequence[AttentionLayer], queries: int, keys: int) -> Tensor:
    """(heads, queries, keys) float64, or a zero for models that have none.

    The first layer of a stack holds the table, which the others share; UMT5 has one in every layer.
    """
    stack = [other.module for other in layers if other.kind is layer.kind]
    tables = [module for module in stack if getattr(module, "has_relative_attention_bias", False)]
    if not tables:
        return torch.zeros((), dtype=torch.float64)
    module: Any = layer.module if layer.module in tables else tables[0]
    return _looked_up(
        module.relative_attention_bias.weight,
        queries,
        keys,
        two_sided=layer.kind is not Kind.DECODER,
        longest=module.relative_attention_max_distance,
    )


def _looked_up(weight: Any, queries: int, keys: int, two_sided: bool, longest: int) -> Tensor:
    table: Tensor = weight.detach().double()
    ahead = torch.arange(keys, device=table.device) - torch.arange(queries, device=table.device)[:, None]
    return table[bucket(ahead, two_sided, len(table), longest)].permute(2, 0, 1)


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
