"""What QKᵀ is multiplied by, and how far it may grow, as the configuration of a model says."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from nlpcli.models.attention_layers import AttentionLayer

# Their initial weights hold the scale (Raffel et al. 2020; GPT-Neo has none either).
_WITHOUT = frozenset({"t5", "mt5", "umt5", "longt5", "switch_transformers", "gpt_neo"})


def scale(config: Any, head_dim: int, layer: AttentionLayer) -> float:
    """1/√d_k, unless the configuration of the family says otherwise."""
    family = getattr(config, "model_type", "")
    if family in _WITHOUT:
        return 1.0
    if (multiplier := getattr(config, "attention_multiplier", None)) is not None:
        return float(multiplier)
    if (scalar := getattr(config, "query_pre_attn_scalar", None)) is not None:
        return float(scalar**-0.5)
    factor = head_dim**-0.5
    if family == "gpt2":
        factor = factor if config.scale_attn_weights else 1.0
        return float(factor / (layer.layer + 1) if config.scale_attn_by_inverse_layer_idx else factor)
    if family == "zamba2":
        return float((head_dim / 2) ** -0.5)
    if family in {"deberta", "deberta-v2"}:
        kinds = 1 + len({"c2p", "p2c"}.intersection(config.pos_att_type or ()))
        return float((head_dim * kinds) ** -0.5)
    if family == "mpt" and config.attn_config.softmax_scale is not None:
        return float(config.attn_config.softmax_scale)
    return float(factor * _yarn(config))


def _yarn(config: Any) -> float:
    """DeepSeek's share of YaRN (Peng et al. 2023): (0.1 · mscale · ln factor + 1)²."""
    rope = getattr(config, "rope_parameters", None) or {}
    factor, mscale = rope.get("factor", 1.0), rope.get("mscale_all_dim", 0)
    if not hasattr(config, "kv_lora_rank") or rope.get("rope_type", "default") == "default" or not mscale:
        return 1.0
    return float((0.1 * mscale * math.log(factor) + 1.0) ** 2) if factor > 1 else 1.0


def softcap(config: Any, scores: Tensor) -> Tensor:
    """Gemma 2's c·tanh(x/c)."""
    cap = getattr(config, "attn_logit_softcapping", None)
    return scores if not cap else cap * torch.tanh(scores / cap)
