"""Greedy decoding of a Bergamot model, faster than `generate`: the same numbers, fewer and larger operations.

Weights that meet the same input are one matrix; keys and values of the source are made once; rows that are finished
leave the batch. In bfloat16 the output layer names candidates, and float32 decides among them. In 8 bits the layers
round their input as the students were trained to have it rounded (docs/decisions/0017).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from nlpcli.models.bergamot.linears import Linear, Linears
from nlpcli.models.bergamot.modeling import (
    BergamotAttention,
    BergamotDecoderLayer,
    BergamotEncoderLayer,
    BergamotMTModel,
    positions,
)
from nlpcli.models.bergamot.output import NEVER, Output, UnionOutput, shortlisted_output
from nlpcli.models.bergamot.rounding import rounded_rows
from nlpcli.models.bergamot.sentencepiece_model import EOS_ID, UNKNOWN_ID
from nlpcli.models.bergamot.shortlist import Shortlist

# A source has at most 128 tokens; nothing that is not a loop has more than this.
_LONGEST_OUTPUT = 512
# Marian's limit of twice the source cuts the translation of an abbreviation; these tokens more do not.
_SPARE_TOKENS = 16
# Sources are padded to a multiple of this: few shapes, see docs/decisions/0004.
_SOURCE_STEP = 4
# Rows of a batch that go through the encoder's feed-forward together.
_SLAB = 256


class Translated(NamedTuple):
    """The ids of a translation without `</s>`, and whether it came to an end."""

    token_ids: list[int]
    complete: bool


def _norm(layer: nn.LayerNorm) -> Linear:
    """The norm without what a module does around it, which takes as long as the norm of a few rows."""
    shape, weight, bias, epsilon = list(layer.normalized_shape), layer.weight, layer.bias, layer.eps
    return lambda x: torch.layer_norm(x, shape, weight, bias, epsilon)


def _attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """Shapes (batch, heads, tokens, head_dim); the mask is added to the scores."""
    if query.device.type != "cpu" or (query.dtype == torch.float32 and query.shape[2] > 1):
        return functional.scaled_dot_product_attention(query, key, value, mask)
    scores = (query @ key.transpose(-1, -2)).float() * query.shape[-1] ** -0.5
    if mask is not None:
        scores += mask
    return torch.softmax(scores, dim=-1).to(value.dtype) @ value


class _Encoder:
    """One layer of the encoder."""

    def __init__(self, layer: BergamotEncoderLayer, linears: Linears) -> None:
        attention: BergamotAttention = layer.self_attn
        self._head_dim = attention.head_dim
        self._qkv = linears.of(attention.q_proj, attention.k_proj, attention.v_proj)
        self._out = linears.of(attention.out_proj)
        self._attention_norm = _norm(layer.self_attn_layer_norm)
        self._fc1 = linears.of(layer.fc1, activation="relu")
        self._fc2 = linears.of(layer.fc2, positive=True)
        self._norm = _norm(layer.final_layer_norm)

    def __call__(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        batch, tokens, d_model = hidden.shape
        qkv = self._qkv(hidden).view(batch, tokens, 3, -1, self._head_dim)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        attended = _attend(query, key, value, mask).transpose(1, 2).reshape(batch, tokens, d_model)
        hidden = self._attention_norm(self._out(attended) + hidden)
        # All of a batch at once, what lies between the two matrices would be megabytes, and fetching them takes longer.
        slabs = hidden.view(-1, d_model).split(_SLAB) if hidden.device.type == "cpu" else [hidden]
        normed: Tensor = self._norm(torch.cat([self._fc2(self._fc1(slab)) for slab in slabs]).view_as(hidden) + hidden)
        return normed


class _Decoder:
    """One layer of the decoder; `hidden` is (batch, d_model): one token at a time."""

    def __init__(self, layer: BergamotDecoderLayer, linears: Linears) -> None:
        attention: BergamotAttention = layer.encoder_attn
        self._ssru = linears.of(layer.ssru.forget_proj, layer.ssru.in_proj)
        self._ssru_norm = _norm(layer.ssru_layer_norm)
        self._query, self._out = linears.of(attention.q_proj), linears.of(attention.out_proj)
        self._attention_norm = _norm(layer.encoder_attn_layer_norm)
        self._fc1 = linears.of(layer.fc1, activation="relu")
        self._fc2 = linears.of(layer.fc2, positive=True)
        self._norm = _norm(layer.final_layer_norm)

    def __call__(self, hidden: Tensor, state: Tensor, source: Source) -> tuple[Tensor, Tensor]:
        forget, fresh = self._ssru(hidden).chunk(2, dim=-1)
        if hidden.dtype == torch.float32:
            state = torch.lerp(fresh, state, forget.sigmoid())
            hidden = self._ssru_norm(state.relu().add_(hidden))
        else:
            state = torch.lerp(fresh.float(), state, forget.float().sigmoid())
            hidden = self._ssru_norm(state.relu().to(hidden.dtype).add_(hidden))
        hidden = self._attention_norm(self._out(source.attend(self._query(hidden))).add_(hidden))
        return self._norm(self._fc2(self._fc1(hidden)).add_(hidden)), state


class Source:
    """What a decoder layer attends to.

    Keys and values are (batch, heads, tokens, head_dim), the mask (batch, heads, 1, tokens).
    """

    def __init__(self, keys: Tensor, values: Tensor, mask: Tensor | None) -> None:
        self._keys, self._values, self._mask = keys, values, mask
        batch, heads, tokens, head_dim = keys.shape
        self._shape = batch, heads, 1, head_dim
        self._scale = head_dim**-0.5
        # One matrix per row and head, as the batched products want them at every step.
        self._matrices = keys.view(-1, tokens, head_dim).transpose(1, 2), values.view(-1, tokens, head_dim)
        self._added = keys.new_zeros(1) if mask is None else mask.view(-1, 1, tokens)

    def rows(self, index: Tensor) -> Source:
        """Some rows of the batch."""
        return Source(self._keys[index], self._values[index], None if self._mask is None else self._mask[index])

    def attend(self, query: Tensor) -> Tensor:
        """What one token a row finds, (batch, d_model)."""
        dtype = query.dtype
        if dtype != self._keys.dtype:
            query = query.to(self._keys.dtype)
        if query.device.type != "cpu":
            found = _attend(query.view(self._shape), self._keys, self._values, self._mask).reshape(query.shape)
        else:
            keys, values = self._matrices
            scores = torch.baddbmm(self._added, query.view(-1, 1, self._shape[3]), keys, alpha=self._scale)
            found = torch.bmm(scores.softmax(-1), values).view(query.shape)
        return found if dtype == found.dtype else found.to(dtype)


@dataclass(slots=True)
class _Batch:
    """The rows still at work: `places` in the batch as it came, how many tokens each may have, where they are."""

    places: list[int]
    limits: list[int]
    states: list[Tensor]
    sources: list[Source]
    output: Output

    def keep(self, rows: list[int]) -> None:
        index = torch.tensor(rows, device=self.states[0].device)
        self.places = [self.places[row] for row in rows]
        self.limits = [self.limits[row] for row in rows]
        self.states = [state[index] for state in self.states]
        self.sources = [source.rows(index) for source in self.sources]
        self.output = self.output.rows(index)


class GreedyTranslator:
    """Translates batches of token ids; with a shortlist it chooses among the pieces that go with each source alone."""

    def __init__(self, model: BergamotMTModel, shortlist: Shortlist | None = None, in_bytes: bool = False) -> None:
        config = model.config
        linears = Linears(model, config.activation_multipliers if in_bytes else None)
        self._config = config
        with torch.inference_mode():
            self._encoder_layers = [_Encoder(layer, linears) for layer in model.model.encoder.layers]
            self._decoder_layers = [_Decoder(layer, linears) for layer in model.model.decoder.layers]
            self._keys_values = linears.of(
                *(
                    projection
                    for layer in model.model.decoder.layers
                    for projection in (layer.encoder_attn.k_proj, layer.encoder_attn.v_proj)
                )
            )
            self._weight: Tensor = model.lm_head.weight
            self._device, self._dtype = self._weight.device, self._weight.dtype
            self._bias = model.final_logits_bias.float().clone()
            # Neither `<unk>` nor padding is ever an answer.
            self._bias[UNKNOWN_ID] = self._bias[config.pad_token_id] = NEVER
            scale = math.sqrt(config.d_model)
            self._source_embedding = model.model.encoder.embed_tokens.weight.float() * scale
            self._target_embedding = model.model.decoder.embed_tokens.weight.float() * scale
            self._positions = positions(0, _LONGEST_OUTPUT, config.d_model, self._device)
            self._output = self._output_of(shortlist)

    def __call__(self, sources: Sequence[list[int]]) -> list[Translated]:
        """The translation of each source; the ids of a source end in `</s>`."""
        with torch.inference_mode():
            return self._decode(self._encode(sources))

    def _encode(self, sources: Sequence[list[int]]) -> _Batch:
        lengths = [len(source) for source in sources]
        longest = min(-(-max(lengths) // _SOURCE_STEP) * _SOURCE_STEP, max(max(lengths), _LONGEST_OUTPUT))
        padding = self._source_embedding.shape[0] - 1
        rows = [source + [padding] * (longest - len(source)) for source in sources]
        mask = self._mask(lengths, longest)
        places = positions(0, longest, self._config.d_model, self._device)
        hidden = (self._source_embedding[torch.tensor(rows, device=self._device)] + places).to(self._dtype)
        encoder_mask = None if mask is None else mask.to(self._dtype)
        for layer in self._encoder_layers:
            hidden = layer(hidden, encoder_mask)
        limits = [math.ceil(self._config.max_length_factor * length) + _SPARE_TOKENS for length in lengths]
        limits = [min(limit, _LONGEST_OUTPUT) for limit in limits]
        zeros = torch.zeros(len(sources), self._config.d_model, device=self._device)
        states = [zeros for _ in self._decoder_layers]
        return _Batch(
            list(range(len(sources))), limits, states, self._decoder_sources(hidden, mask), self._output(sources)
        )

    def _mask(self, lengths: list[int], longest: int) -> Tensor | None:
        if min(lengths) == longest:
            return None
        there = torch.arange(longest)[None, :] < torch.tensor(lengths)[:, None]
        mask = torch.zeros(there.shape).masked_fill_(~there, -1e4)
        return mask[:, None, None, :].to(self._device)

    def _decoder_sources(self, hidden: Tensor, mask: Tensor | None) -> list[Source]:
        heads = self._config.decoder_attention_heads
        states = self._keys_values(hidden)
        if self._device.type == "cpu":
            states = states.float()
        mask = None if mask is None else mask.to(states.dtype).expand(-1, heads, -1, -1).contiguous()
        split = states.view(*hidden.shape[:2], -1, 2, heads, self._config.d_model // heads)
        # bfloat16 multiplies tiny matrices slowly on CPU; keys and values are kept in float32 there.
        layers = split.permute(2, 3, 0, 4, 1, 5).contiguous()
        return [Source(layer[0], layer[1], mask) for layer in layers]

    def _output_of(self, shortlist: Shortlist | None) -> Callable[[Sequence[list[int]]], Output]:
        """Sources → the output layer of their batch."""
        if shortlist is None:
            every_piece = UnionOutput(self._weight, self._bias).all()
            return lambda sources: every_piece  # noqa: ARG005
        layer = shortlisted_output(self._weight, self._bias)
        return lambda sources: layer.of([torch.from_numpy(shortlist.of(source)) for source in sources])

    def _decode(self, batch: _Batch) -> list[Translated]:
        found: list[list[int]] = [[] for _ in batch.places]
        complete = [False] * len(found)
        embedded = torch.zeros(len(found), self._config.d_model, device=self._device)
        done: set[int] = set()
        for step in range(max(batch.limits)):
            hidden = (embedded + self._positions[step]).to(self._dtype)
            for number, layer in enumerate(self._decoder_layers):
                hidden, batch.states[number] = layer(hidden, batch.states[number], batch.sources[number])
            tokens = batch.output.best(hidden)
            chosen = tokens.tolist()
            for place, token, limit in zip(batch.places, chosen, batch.limits, strict=True):
                if place in done:
                    continue
                if token == EOS_ID:
                    complete[place] = True
                    done.add(place)
                    continue
                found[place].append(token)
                if len(found[place]) >= limit:
                    done.add(place)
            if len(done) == len(found):
                break
            if rows := self._rows_to_keep(batch, done):
                batch.keep(rows)
                tokens = tokens[torch.tensor(rows, device=self._device)]
            embedded = self._target_embedding[tokens]
        return [Translated(ids, whole) for ids, whole in zip(found, complete, strict=True)]

    def _rows_to_keep(self, batch: _Batch, done: set[int]) -> list[int]:
        """The rows that go on, filled up to a rounded count; empty where all may as well stay."""
        working = [row for row, place in enumerate(batch.places) if place not in done]
        count = rounded_rows(len(working))
        if count >= len(batch.places):
            return []
        return (working + [row for row in range(len(batch.places)) if row not in set(working)])[:count]
