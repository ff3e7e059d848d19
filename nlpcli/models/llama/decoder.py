"""Decoders of Llama's shape, in as few operations as they take.

For one text at a time a small model spends as long between its operations as in them. The modules of transformers take
72 a layer (as torch dispatches them, transformers 5.23), this 47 for the same arithmetic: q, k and v are one product,
gate and up another, and the norms are torch's own.

    h ← h + O(attention(rotary(Q n₁), rotary(K n₁), V n₁)),   n₁ = RMSNorm(h)
    h ← h + D(silu(G n₂) ⊙ U n₂),                             n₂ = RMSNorm(h)

Sources: Touvron et al. 2023 (Llama); Ainslie et al. 2023 (heads that share keys); transformers' modeling_llama.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PretrainedConfig

from nlpcli.kernels.linear import Projection, concatenated, projection
from nlpcli.kernels.threads import threads_for, weights_of_a_product
from nlpcli.models.decoders.slots import SlotCache, visible

# Families that differ from Llama in no more than biases, and norms of q and k.
FAMILIES = frozenset({"llama", "mistral", "qwen2", "qwen3"})


def has_llama_shape(config: PretrainedConfig) -> bool:
    """Whether `LlamaDecoder` computes what a model of this configuration does."""
    return bool(
        config.model_type in FAMILIES
        and config.hidden_act == "silu"
        and set(getattr(config, "layer_types", None) or ()) <= {"full_attention"}
        and (getattr(config, "sliding_window", None) is None or config.model_type.startswith("qwen"))
    )


class LlamaDecoder:
    """Rows of tokens, each at its own length; computes with the module's own weights."""

    def __init__(self, module: nn.Module, longest: int) -> None:
        self.longest = longest
        model = module.model
        self._embedding: nn.Embedding = model.embed_tokens
        self._rotary = model.rotary_emb
        self._layers = [_Layer(layer) for layer in model.layers]
        self._norm = _Norm(model.norm)
        self._output: nn.Module = module.lm_head
        self._device = self._embedding.weight.device
        self._weights = weights_of_a_product(model.layers)
        self._cache = SlotCache(len(self._layers))

    @property
    def rows(self) -> int:
        return len(self._cache.slots.lengths)

    def add(self, tokens: Sequence[Sequence[int]]) -> None:
        self._cache.slots.adding([len(row) for row in tokens])
        if any(tokens):
            rows = [torch.tensor(list(row), dtype=torch.long) for row in tokens]
            padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).to(self._device)
            self._hidden_states(padded, torch.arange(padded.shape[1], device=self._device)[None, :], None)

    def step(self, tokens: Sequence[int]) -> Tensor:
        places = self._cache.slots.stepping(self._device)
        mask = visible(places, self._cache.slots.longest, None) if len(places) > 1 else None
        inputs = torch.tensor(tokens, device=self._device)[:, None]
        with threads_for(self._weights * len(tokens)):
            hidden_states = self._norm(self._hidden_states(inputs, places[:, None], mask)[:, -1])
        # The output layer is many times as large: all threads.
        logits: Tensor = self._output(hidden_states).float()
        return logits

    def remove(self, row: int) -> None:
        self._cache.remove(row)

    def clear(self) -> None:
        self._cache = SlotCache(len(self._layers))

    def _hidden_states(self, tokens: Tensor, positions: Tensor, mask: Tensor | None) -> Tensor:
        hidden_states: Tensor = self._embedding(tokens)
        cosine, sine = self._rotary(hidden_states, positions)
        # Every layer adds to it; in bfloat16 what a layer adds would be rounded away.
        hidden_states = hidden_states.float()
        half = sine.shape[-1] // 2
        # x ⊙ cos + [-x₂, x₁] ⊙ sin = x ⊙ cos + [x₂, x₁] ⊙ [-sin, sin]: turning the halves around is one operation.
        turns = cosine[:, None], torch.cat([-sine[..., :half], sine[..., half:]], dim=-1)[:, None]
        for layer, cache in zip(self._layers, self._cache.layers, strict=True):
            hidden_states = layer(hidden_states, turns, mask, cache)
        return hidden_states


class _Norm:
    """RMSNorm (Zhang and Sennrich 2019): x / √(‖x‖² / d + ε) ⊙ w = x / hypot(‖x‖, √(d ε)) ⊙ √d w."""

    def __init__(self, norm: nn.Module) -> None:
        weight: Tensor = norm.weight.detach()
        self._dtype, size = weight.dtype, len(weight)
        self._least = torch.tensor(math.sqrt(size * norm.variance_epsilon), device=weight.device)
        self._scaled = weight.float() * math.sqrt(size)

    def __call__(self, hidden_states: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(hidden_states, dim=-1, keepdim=True, dtype=torch.float32)
        return (hidden_states / length.hypot_(self._least)).mul_(self._scaled).to(self._dtype)


class _Layer:
    """One block: attention, then the gated feed-forward network."""

    def __init__(self, layer: nn.Module) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self._head_dim: int = attention.head_dim
        self._queries = attention.q_proj.out_features // self._head_dim
        self._keys = attention.k_proj.out_features // self._head_dim
        self._scaling: float = attention.scaling
        self._attention_norm, self._mlp_norm = _Norm(layer.input_layernorm), _Norm(layer.post_attention_layernorm)
        self._qkv = concatenated([attention.q_proj, attention.k_proj, attention.v_proj])
        self._head_norms = [_Norm(attention.q_norm), _Norm(attention.k_norm)] if hasattr(attention, "q_norm") else []
        self._attention_output: Projection = projection(attention.o_proj)
        self._gate_up = concatenated([mlp.gate_proj, mlp.up_proj])
        self._down: Projection = projection(mlp.down_proj)

    def __call__(self, hidden_states: Tensor, turns: tuple[Tensor, Tensor], mask: Tensor | None, cache: Any) -> Tensor:
        hidden_states = hidden_states + self._attend(self._attention_norm(hidden_states), turns, mask, cache)
        gate, up = self._gate_up(self._mlp_norm(hidden_states)).chunk(2, dim=-1)
        return hidden_states + self._down(functional.silu(gate).mul_(up))

    def _attend(self, normed: Tensor, turns: tuple[Tensor, Tensor], mask: Tensor | None, cache: Any) -> Tensor:
        rows, length, _ = normed.shape
        heads = self._qkv(normed).view(rows, length, -1, self._head_dim).transpose(1, 2)
        turned, values = torch.split_with_sizes(heads, [self._queries + self._keys, self._keys], 1)
        if self._head_norms:
            parts = torch.split_with_sizes(turned, [self._queries, self._keys], 1)
            turned = torch.cat([norm(part) for norm, part in zip(self._head_norms, parts, strict=True)], dim=1)
        cosine, sine = turns
        turned = torch.addcmul(turned * cosine, turned.roll(self._head_dim // 2, dims=-1), sine)
        queries, keys = torch.split_with_sizes(turned, [self._queries, self._keys], 1)
        keys, values = cache.update(keys, values)
        if length == 1:
            # Heads that share keys look at the same ones: they stand where a longer pass has its tokens.
            grouped = queries.reshape(rows, self._keys, -1, self._head_dim)
            attended = functional.scaled_dot_product_attention(
                grouped, keys, values, attn_mask=mask, scale=self._scaling
            )
            attended = attended.reshape(rows, 1, -1)
        else:
            attended = functional.scaled_dot_product_attention(
                queries, keys, values, is_causal=True, scale=self._scaling, enable_gqa=True
            )
            attended = attended.transpose(1, 2).reshape(rows, length, -1)
        return self._attention_output(attended)
