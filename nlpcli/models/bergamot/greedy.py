"""Greedy decoding of a Bergamot model, faster than `generate`: the same numbers, fewer and larger operations.

Weights that meet the same input are one matrix; keys and values of the source are made once; rows that are finished
leave the batch. In bfloat16 the output layer names candidates, and float32 decides among them. In 8 bits the layers
round their input as the students were trained to have it rounded (docs/decisions/0017).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

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
from nlpcli.turns import Turns

# A source has at most 128 tokens; nothing that is not a loop has more than this.
_LONGEST_OUTPUT = 512
# Marian's limit of twice the source cuts the translation of an abbreviation; these tokens more do not.
_SPARE_TOKENS = 16
# The tokens of a batch are filled up to a multiple of this where shapes cost (docs/decisions/0004).
_TOKEN_STEP = 32
# Rows of a batch that go through the encoder's feed-forward together.
_SLAB = 256


@dataclass(frozen=True, slots=True)
class Translated:
    """The ids of a translation without `</s>`, and whether it came to an end.

    `looked_at`: the most that head 0 of the last layer, which was trained on word alignments, looked at each token of
    the source; None where the weights of attention are not to be had.
    """

    token_ids: list[int]
    complete: bool
    looked_at: Tensor | None = field(default=None, compare=False)


def _norm(layer: nn.LayerNorm) -> Linear:
    """The norm without what a module does around it, which takes as long as the norm of a few rows."""
    shape, weight, bias, epsilon = list(layer.normalized_shape), layer.weight, layer.bias, layer.eps
    return lambda x: torch.layer_norm(x, shape, weight, bias, epsilon)


class _Alike(NamedTuple):
    """Sources of one length, which attend to each other's tokens neither padded nor masked."""

    rows: int
    length: int

    @property
    def tokens(self) -> int:
        return self.rows * self.length


class _Encoder:
    """One layer of the encoder; `hidden` is (tokens, d_model): the tokens of all sources in a row."""

    def __init__(self, layer: BergamotEncoderLayer, linears: Linears) -> None:
        attention: BergamotAttention = layer.self_attn
        self._head_dim = attention.head_dim
        self._qkv = linears.of(attention.q_proj, attention.k_proj, attention.v_proj)
        self._out = linears.of(attention.out_proj)
        self._attention_norm = _norm(layer.self_attn_layer_norm)
        self._fc1 = linears.of(layer.fc1, activation="relu")
        self._fc2 = linears.of(layer.fc2, positive=True)
        self._norm = _norm(layer.final_layer_norm)

    def __call__(self, hidden: Tensor, alike: Sequence[_Alike]) -> Tensor:
        qkv = self._qkv(hidden)
        if hidden.device.type == "cpu" and hidden.dtype != torch.float32:
            # oneDNN compiles a kernel for every shape of bfloat16 (docs/decisions/0004).
            qkv = qkv.float()
        groups = zip(qkv.split([group.tokens for group in alike]), alike, strict=True)
        attended = torch.cat([self._attended(part, group) for part, group in groups])
        hidden = self._attention_norm(self._out(attended.to(hidden.dtype)).add_(hidden))
        # All of a batch at once, what lies between the two matrices would be megabytes, and fetching them takes longer.
        slabs = hidden.split(_SLAB) if hidden.device.type == "cpu" else [hidden]
        return self._norm(torch.cat([self._fc2(self._fc1(slab)) for slab in slabs]).add_(hidden))

    def _attended(self, qkv: Tensor, group: _Alike) -> Tensor:
        query, key, value = qkv.view(group.rows, group.length, 3, -1, self._head_dim).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(query, key, value)
        return attended.transpose(1, 2).reshape(group.tokens, -1)


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

    Keys and values are (batch, heads, tokens, head_dim), the mask (batch, heads, 1, tokens). `most`, where it is kept,
    is (batch · heads, 1, tokens): the most that a head looked at a token so far.
    """

    def __init__(self, keys: Tensor, values: Tensor, mask: Tensor | None, most: Tensor | None = None) -> None:
        self._keys, self._values, self._mask = keys, values, mask
        self._most = most
        batch, heads, tokens, head_dim = keys.shape
        self._shape = batch, heads, 1, head_dim
        self._tokens = tokens
        self._scale = head_dim**-0.5
        # One matrix per row and head, as the batched products want them at every step.
        self._matrices = keys.view(-1, tokens, head_dim).transpose(1, 2), values.view(-1, tokens, head_dim)
        self._added = keys.new_zeros(1) if mask is None else mask.view(-1, 1, tokens)

    def rows(self, index: Tensor) -> Source:
        """Some rows of the batch."""
        mask = None if self._mask is None else self._mask[index]
        most = None if self._most is None else self._most.view(len(self._keys), -1)[index].view(-1, 1, self._tokens)
        return Source(self._keys[index], self._values[index], mask, most)

    def looked_at(self, row: int) -> Tensor | None:
        """See Translated."""
        return None if self._most is None else self._most[row * self._shape[1], 0].clone()

    def attend(self, query: Tensor) -> Tensor:
        """What one token a row finds, (batch, d_model)."""
        dtype = query.dtype
        if dtype != self._keys.dtype:
            query = query.to(self._keys.dtype)
        if query.device.type != "cpu":
            found = functional.scaled_dot_product_attention(
                query.view(self._shape), self._keys, self._values, self._mask
            ).reshape(query.shape)
        else:
            keys, values = self._matrices
            scores = torch.baddbmm(self._added, query.view(-1, 1, self._shape[3]), keys, alpha=self._scale)
            weights = scores.softmax(-1)
            if self._most is not None:
                torch.maximum(self._most, weights, out=self._most)
            found = torch.bmm(weights, values).view(query.shape)
        return found if dtype == found.dtype else found.to(dtype)


@dataclass(slots=True)
class _Row:
    """A translation in the making, of `limit` tokens at most."""

    limit: int
    token_ids: list[int] = field(default_factory=list)
    complete: bool = False
    done: bool = False
    looked_at: Tensor | None = None

    def take(self, token: int) -> bool:
        """The next token, or the end; whether it is done now."""
        if token == EOS_ID:
            self.complete = self.done = True
        else:
            self.token_ids.append(token)
            self.done = len(self.token_ids) >= self.limit
        return self.done


@dataclass(slots=True)
class _Batch:
    """The rows still at work, and some that are done and not worth moving the others up for."""

    rows: list[_Row]
    states: list[Tensor]
    sources: list[Source]
    output: Output

    def take(self, tokens: list[int]) -> bool:
        """The next token of every row; whether some came to their end."""
        some = False
        for number, (row, token) in enumerate(zip(self.rows, tokens, strict=True)):
            if not row.done and row.take(token):
                some = True
                row.looked_at = self.sources[-1].looked_at(number)
        return some

    def numbers_to_keep(self) -> list[int]:
        """The rows that go on, filled up to a rounded count; none where no row does."""
        working = [number for number, row in enumerate(self.rows) if not row.done]
        spare = [number for number, row in enumerate(self.rows) if row.done]
        return working + spare[: rounded_rows(len(working)) - len(working)] if working else []

    def keep(self, numbers: list[int]) -> Tensor:
        """Go on with some rows alone; where they are, (rows,)."""
        index = torch.tensor(numbers, device=self.states[0].device)
        self.rows = [self.rows[number] for number in numbers]
        self.states = [state[index] for state in self.states]
        self.sources = [source.rows(index) for source in self.sources]
        self.output = self.output.rows(index)
        return index


class GreedyTranslator:
    """Translates batches of token ids; with a shortlist it chooses among the pieces that go with each source alone."""

    def __init__(
        self,
        model: BergamotMTModel,
        shortlist: Shortlist | None = None,
        in_bytes: bool = False,
        turns: Turns | None = None,
    ) -> None:
        config = model.config
        linears = Linears(model, config.activation_multipliers if in_bytes else None)
        self._config = config
        self._turns = turns
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
        rows = [_Row(self._limit(source)) for source in sources]
        # Sources of one length lie side by side, the longest first.
        order = sorted(range(len(sources)), key=lambda place: -len(sources[place]))
        with torch.inference_mode():
            batch = self._encode([rows[place] for place in order], [sources[place] for place in order])
            with self._turns.small_steps() if self._turns else nullcontext():
                self._decode(batch)
        return [Translated(row.token_ids, row.complete, row.looked_at) for row in rows]

    def _limit(self, source: list[int]) -> int:
        factor: float = self._config.max_length_factor
        return min(math.ceil(factor * len(source)) + _SPARE_TOKENS, _LONGEST_OUTPUT)

    def _encode(self, rows: list[_Row], sources: Sequence[list[int]]) -> _Batch:
        lengths = [len(source) for source in sources]
        hidden = self._encoded(sources, lengths)
        zeros = torch.zeros(len(rows), self._config.d_model, device=self._device)
        states = [zeros for _ in self._decoder_layers]
        return _Batch(rows, states, self._decoder_sources(hidden, lengths), self._output(sources))

    def _encoded(self, sources: Sequence[list[int]], lengths: Sequence[int]) -> Tensor:
        """(tokens, d_model): the last hidden states of sources that are sorted by length, one behind the other."""
        filled = self._filled(sources)
        alike = [_Alike(len(list(group)), length) for length, group in groupby(map(len, filled))]
        ids = torch.tensor([token for source in filled for token in source], device=self._device)
        table = positions(0, max(map(len, filled)), self._config.d_model, self._device)
        places = torch.cat([table[: len(source)] for source in filled])
        hidden = (self._source_embedding[ids] + places).to(self._dtype)
        for layer in self._encoder_layers:
            hidden = layer(hidden, alike)
        return hidden[: sum(lengths)]

    def _filled(self, sources: Sequence[list[int]]) -> Sequence[list[int]]:
        """With one source more that nobody reads, where a kernel is compiled for every number of tokens."""
        spare = -sum(map(len, sources)) % _TOKEN_STEP
        if self._dtype == torch.float32 or not spare:
            return sources
        return [*sources, [self._config.pad_token_id] * spare]

    def _decoder_sources(self, hidden: Tensor, lengths: Sequence[int]) -> list[Source]:
        heads = self._config.decoder_attention_heads
        states = self._keys_values(hidden)
        if self._device.type == "cpu":
            # bfloat16 multiplies tiny matrices slowly on CPU; keys and values are kept in float32 there.
            states = states.float()
        padded = pad_sequence(states.split(list(lengths)), batch_first=True)
        split = padded.view(*padded.shape[:2], -1, 2, heads, self._config.d_model // heads)
        layers = split.permute(2, 3, 0, 4, 1, 5).contiguous()
        mask = self._mask(lengths)
        mask = None if mask is None else mask.to(states.dtype).expand(-1, heads, -1, -1).contiguous()
        of_each = [None] * len(layers)
        if self._device.type == "cpu":
            of_each[-1] = torch.zeros(len(lengths) * heads, 1, lengths[0])
        return [Source(layer[0], layer[1], mask, most) for layer, most in zip(layers, of_each, strict=True)]

    def _mask(self, lengths: Sequence[int]) -> Tensor | None:
        """What is added to scores, (batch, 1, 1, longest), for lengths the longest first; None for equal ones."""
        if lengths[0] == lengths[-1]:
            return None
        there = torch.arange(lengths[0])[None, :] < torch.tensor(lengths)[:, None]
        mask = torch.zeros(there.shape).masked_fill_(~there, -1e4)
        return mask[:, None, None, :].to(self._device)

    def _output_of(self, shortlist: Shortlist | None) -> Callable[[Sequence[list[int]]], Output]:
        """Sources → the output layer of their batch."""
        if shortlist is None:
            every_piece = UnionOutput(self._weight, self._bias).all()
            return lambda sources: every_piece  # noqa: ARG005
        layer = shortlisted_output(self._weight, self._bias)
        return lambda sources: layer.of([torch.from_numpy(shortlist.of(source)) for source in sources])

    def _decode(self, batch: _Batch) -> None:
        embedded = torch.zeros(len(batch.rows), self._config.d_model, device=self._device)
        for step in range(max(row.limit for row in batch.rows)):
            hidden = (embedded + self._positions[step]).to(self._dtype)
            for number, layer in enumerate(self._decoder_layers):
                hidden, batch.states[number] = layer(hidden, batch.states[number], batch.sources[number])
            tokens = batch.output.best(hidden)
            if batch.take(tokens.tolist()):
                numbers = batch.numbers_to_keep()
                if not numbers:
                    return
                if len(numbers) < len(batch.rows):
                    tokens = tokens[batch.keep(numbers)]
            embedded = self._target_embedding[tokens]
