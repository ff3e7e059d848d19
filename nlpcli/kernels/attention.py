"""Attention on CPU for short sequences, under the name `CPU_ATTENTION` of transformers' interface.

For sentences the fused kernel behind `scaled_dot_product_attention` is slower on CPU than two batched
multiplications around a softmax: at 26 tokens 3.4 ms against 1.9 ms a layer (bfloat16, one core, 40 rows of 12
heads). Long sequences, and whatever the plain formula does not cover, go to the fused kernel.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

CPU_ATTENTION = "nlpcli_cpu"
# Up to here (queries × keys fit the cache) the plain formula is faster.
LONGEST_PLAIN = 128
# torch's bfloat16 softmax is slow on rows shorter than this, its float32 softmax on longer ones.
LONGEST_FLOAT32_SOFTMAX = 64


def cpu_attention_forward(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    """softmax(QKᵀ·scaling + mask) V.

    Shapes: query, key, value (batch, heads, tokens, head_dim); mask broadcasts to (batch, heads, queries, keys), True
    or 0 where attention is allowed; the output is (batch, tokens, heads, head_dim).
    """
    if dropout or _needs_fused_kernel(module, query, key, attention_mask, kwargs):
        output: tuple[Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
        return output
    scores = (query * (query.shape[-1] ** -0.5 if scaling is None else scaling)) @ key.transpose(-1, -2)
    if key.shape[2] <= LONGEST_FLOAT32_SOFTMAX:
        scores = scores.float()
    if attention_mask is not None:
        scores = scores.masked_fill(~attention_mask, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1).to(value.dtype)
    return (weights @ value).transpose(1, 2), None


def _needs_fused_kernel(
    module: nn.Module, query: Tensor, key: Tensor, attention_mask: Tensor | None, kwargs: dict[str, Any]
) -> bool:
    causal = kwargs.get("is_causal")
    causal = getattr(module, "is_causal", True) if causal is None else causal
    return bool(
        query.dtype != torch.bfloat16
        or query.shape[1] != key.shape[1]
        or key.shape[2] > LONGEST_PLAIN
        or (causal and attention_mask is None)
        or (attention_mask is not None and attention_mask.dtype != torch.bool)
        or kwargs.get("position_bias") is not None
    )


AttentionInterface.register(CPU_ATTENTION, cpu_attention_forward)
AttentionMaskInterface.register(CPU_ATTENTION, sdpa_mask)
