"""`kernels.attention` under the name `CPU_ATTENTION` of transformers' interface."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from nlpcli.kernels.attention import plain_attention, plain_is_faster

CPU_ATTENTION = "nlpcli_cpu"


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
    """As transformers' interface has it; long sequences, and whatever the plain formula does not cover, are fused."""
    causal = kwargs.get("is_causal")
    causal = getattr(module, "is_causal", True) if causal is None else causal
    covered = not dropout and kwargs.get("position_bias") is None and not (causal and attention_mask is None)
    if covered and plain_is_faster(query, key, attention_mask):
        return plain_attention(query, key, value, attention_mask, scaling), None
    output: tuple[Tensor, None] = sdpa_attention_forward(
        module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
    )
    return output


AttentionInterface.register(CPU_ATTENTION, cpu_attention_forward)
AttentionMaskInterface.register(CPU_ATTENTION, sdpa_mask)
