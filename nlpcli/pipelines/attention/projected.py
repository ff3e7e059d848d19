"""Queries, keys and values as the projections of a layer give them, by head and turned by their positions.

Models lay the outputs of their projections out in a few ways, and turn queries and keys in a few ways; all that fit the
shapes are tried, and one of them has to give the weights that the layer computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from nlpcli.models.attention_sound import Attended

Trio = tuple[Tensor, Tensor, Tensor]

_SEPARATE = (
    ("q_proj", "k_proj", "v_proj"),
    ("q", "k", "v"),
    ("query", "key", "value"),
    ("query_proj", "key_proj", "value_proj"),
    ("q_lin", "k_lin", "v_lin"),
    ("Wq", "Wk", "Wv"),
    ("attention.q_proj", "attention.k_proj", "attention.v_proj"),
)
_FUSED = ("query_key_value", "qkv_proj", "Wqkv", "c_attn", "qkv", "in_proj", "att_proj")


def projected(seen: Any, attended: Attended, config: Any) -> Iterator[Trio]:
    """(heads, tokens, head_dim) each, float64; keys and values may have fewer heads."""
    heads = attended.weights.shape[1]
    for trio in _by_head(seen, heads, attended, config):
        query, key, value = (states.double() for states in trio)
        query, value = (_biased(attended, name, states) for name, states in (("q_bias", query), ("v_bias", value)))
        query, key = (_normed(seen, name, states) for name, states in (("q", query), ("k", key)))
        yield from ((*pair, value) for pair in _turned(seen, query, key, config))


def _biased(attended: Attended, name: str, states: Tensor) -> Tensor:
    """The first DeBERTa keeps the biases of queries and values beside their projection."""
    bias = getattr(attended.module, name, None)
    return states if bias is None else states + bias.detach().double().reshape(len(states), 1, -1)


def _by_head(seen: Any, heads: int, attended: Attended, config: Any) -> Iterator[Trio]:
    if getattr(attended.module, "head_logits_proj", None) is not None:  # heads that talk to each other
        return
    made = {part: _tokens(states) for part, states in seen.made.items()}
    if {"kv_a_proj_with_mqa", "kv_b_proj"} <= set(made):
        yield _latent(made, heads, config)
        return
    for names in _SEPARATE:
        if all(name in made for name in names):
            query, key, value = (made[name] for name in names)
            yield from _separate(query, key, value, heads, attended)
            return
    for name in _FUSED:
        if name in made:
            if "q_attn" in made:  # GPT-2 over an encoder
                key, value = made[name].chunk(2, dim=-1)
                yield from _separate(made["q_attn"], key, value, heads, attended)
            else:
                yield from _fused(made[name], heads, attended, getattr(config, "model_type", ""))
            return


def _tokens(states: Tensor) -> Tensor:
    """(tokens, features) of a batch of one."""
    return states.reshape(-1, states.shape[-1])


def _separate(query: Tensor, key: Tensor, value: Tensor, heads: int, attended: Attended) -> Iterator[Trio]:
    size = query.shape[-1] // heads
    if attended.heads is not None and query.shape[-1] == 2 * heads * attended.heads.shape[-1]:
        # Qwen3-Next: a gate stands behind the query of each head.
        query = query.reshape(len(query), heads, size)[..., : size // 2].flatten(1)
        size //= 2
    shared = key.shape[-1] // size
    yield _heads(query, heads), _heads(key, shared), _heads(value, shared)


def _heads(states: Tensor, count: int) -> Tensor:
    return states.reshape(len(states), count, -1).transpose(0, 1)


def _fused(states: Tensor, heads: int, attended: Attended, family: str) -> Iterator[Trio]:
    """All queries, then all keys, then all values; or each head's side by side; or each group's."""
    features = states.shape[-1]
    if family == "codegen":  # queries, values and keys of four processors
        query, value, key = states.reshape(len(states), 4, 3, -1).unbind(2)
        yield _heads(query.flatten(1), heads), _heads(key.flatten(1), heads), _heads(value.flatten(1), heads)
        return
    sizes = [attended.heads.shape[-1]] if attended.heads is not None else _sizes(features, heads)
    if (bias := getattr(attended.module, "q_bias", None)) is not None:
        sizes = [bias.numel() // heads]
    for size in sizes:
        shared = (features // size - heads) // 2
        if shared < 1 or heads % shared or (heads + 2 * shared) * size != features:
            continue
        query, key, value = states.split([heads * size, shared * size, shared * size], dim=-1)
        yield _heads(query, heads), _heads(key, shared), _heads(value, shared)
        grouped = states.reshape(len(states), shared, heads // shared + 2, size)
        query = grouped[:, :, :-2].reshape(len(states), heads, size).transpose(0, 1)
        yield query, grouped[:, :, -2].transpose(0, 1), grouped[:, :, -1].transpose(0, 1)


def _sizes(features: int, heads: int) -> list[int]:
    """Of heads that do not say it: as many keys as queries first, then fewer."""
    shared = [count for count in range(heads, 0, -1) if heads % count == 0]
    return [features // (heads + 2 * count) for count in shared if features % (heads + 2 * count) == 0]


def _latent(made: dict[str, Tensor], heads: int, config: Any) -> Trio:
    """DeepSeek's multi-head latent attention: keys and values from a common latent, one rotary key for all heads."""
    plain, rotary = config.qk_nope_head_dim, config.qk_rope_head_dim
    query = made["q_b_proj"] if "q_b_proj" in made else made["q_proj"]
    both = _heads(made["kv_b_proj"], heads)
    turned = made["kv_a_proj_with_mqa"][:, -rotary:].expand(heads, -1, -1)
    return _heads(query, heads), torch.cat([both[..., :plain], turned], dim=-1), both[..., plain:]


def _normed(seen: Any, letter: str, states: Tensor) -> Tensor:
    """Where queries and keys are normalized per head, what is multiplied is the outcome of that."""
    for name in (f"{letter}_norm", f"{letter}_layernorm", {"q": "query_layernorm", "k": "key_layernorm"}[letter]):
        if (made := seen.made.get(name)) is None or made[0].numel() != states.numel():
            continue
        made = made[0].double()
        if made.dim() == 2:  # over all heads together
            return _heads(made, len(states))
        return made if made.shape[0] == states.shape[0] and made.shape[1] == states.shape[1] else made.transpose(0, 1)
    return states


def _turned(seen: Any, query: Tensor, key: Tensor, config: Any) -> Iterator[tuple[Tensor, Tensor]]:
    """Rotary positions (Su et al. 2021): pairs are turned by the angles of their position, or nothing is."""
    angles = _angles(seen, config, len(query[0]))
    if angles is None:
        yield query, key
        return
    # What is not turned stands behind what is, in DeepSeek's heads before it.
    start = config.qk_nope_head_dim if hasattr(config, "kv_lora_rank") else 0
    for tables in (angles, (angles[0].repeat(1, 2), angles[1].repeat(1, 2))):
        width = tables[0].shape[-1]
        if start + width <= query.shape[-1]:
            for rotate in (_halves, _neighbors, _repeated):
                yield _part(query, start, width, rotate, tables), _part(key, start, width, rotate, tables)
    yield query, key


def _angles(seen: Any, config: Any, tokens: int) -> tuple[Tensor, Tensor] | None:
    given = seen.arguments.get("position_embeddings")
    if isinstance(given, tuple):
        cos, sin = (table[0].detach().double() for table in given)
        return cos, sin
    if torch.is_tensor(given) and given.is_complex():
        angles = given[0].angle().detach().double().reshape(tokens, -1).repeat(1, 2)
        size = given[0].abs().detach().double().reshape(tokens, -1).repeat(1, 2)
        return size * angles.cos(), size * angles.sin()
    width = getattr(config, "rotary_dim", None)  # GPT-J and CodeGen
    if getattr(config, "model_type", "") == "roformer":
        width = config.hidden_size // config.num_attention_heads
    if width is not None:
        steps = torch.arange(0, width, 2, dtype=torch.float64) / width
        angles = (torch.arange(tokens, dtype=torch.float64)[:, None] * 10000.0**-steps).repeat(1, 2)
        return angles.cos(), angles.sin()
    return None


def _part(states: Tensor, start: int, width: int, rotate: Any, angles: tuple[Tensor, Tensor]) -> Tensor:
    turned = rotate(states[..., start : start + width], *angles)
    return torch.cat([states[..., :start], turned, states[..., start + width :]], dim=-1)


def _halves(states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """The pairs (x_i, x_{i+d/2})."""
    half = states.shape[-1] // 2
    first, second = states[..., :half], states[..., half:]
    lower = first * cos[:, :half] - second * sin[:, :half]
    return torch.cat([lower, second * cos[:, half:] + first * sin[:, half:]], dim=-1)


def _neighbors(states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """The pairs (x_2i, x_2i+1); where they stand afterwards is the same for queries and keys."""
    return _halves(torch.cat([states[..., ::2], states[..., 1::2]], dim=-1), cos, sin)


def _repeated(states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """The same where the tables say the angle of each pair twice in a row."""
    return _neighbors(states, cos[:, ::2].repeat(1, 2), sin[:, ::2].repeat(1, 2))
