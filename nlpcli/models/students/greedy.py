"""Greedy decoding of a Bergamot model, faster than `generate`: the same numbers, fewer and larger operations.

Weights that meet the same input are one matrix; keys and values of the source are made once; rows that are finished
leave the batch. In bfloat16 the output layer names candidates, and float32 decides among them. In int8 the layers
quantize their input with the scales that the students were trained with (docs/decisions/0017).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count, groupby
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from nlpcli.kernels.shapes import rounded_rows
from nlpcli.models.students.layers import Decoder, Encoder, compiled
from nlpcli.models.students.linears import Linears
from nlpcli.models.students.output import NEVER, Output, UnionOutput, shortlisted_output
from nlpcli.models.students.positions import positions
from nlpcli.models.students.sentencepiece_model import EOS_ID, UNKNOWN_ID
from nlpcli.models.students.shortlist import Shortlist
from nlpcli.runtime.decode_slots import DecodeSlots
from nlpcli.runtime.precision import Kernel

# A source has at most 128 tokens; nothing that is not a loop has more than this.
_LONGEST_OUTPUT = 512
# Marian's limit of twice the source cuts the translation of an abbreviation; these tokens more do not.
_SPARE_TOKENS = 16
# The tokens of a batch are filled up to a multiple of this where shapes cost (docs/decisions/0004).
_TOKEN_STEP = 32
# Compiling takes a quarter of a second, which a single text never earns back.
_BATCHES_BEFORE_COMPILING = 2


@dataclass(frozen=True, slots=True)
class Translated:
    """The ids of a translation without `</s>`, and whether it came to an end.

    `looked_at`: the most that head 0 of the last layer, which was trained on word alignments, looked at each token of
    the source; None where the translation came another way than by the greedy loop.
    """

    token_ids: list[int]
    complete: bool
    looked_at: Tensor | None = field(default=None, compare=False)


@dataclass(slots=True)
class Source:
    """What the decoder attends to; see DecoderLayer. Keys and values are those of each layer."""

    keys: list[Tensor]
    values: list[Tensor]
    added: Tensor
    most: Tensor
    heads: int

    def rows(self, index: Tensor) -> Source:
        """Some rows of the batch."""
        return Source(
            # What lies in memory is (tokens, head_dim).
            keys=[self._heads_of(keys.transpose(1, 2), index).transpose(1, 2) for keys in self.keys],
            values=[self._heads_of(values, index) for values in self.values],
            added=self.added if len(self.added) == 1 else self._heads_of(self.added, index),
            most=self._heads_of(self.most, index),
            heads=self.heads,
        )

    def _heads_of(self, tensor: Tensor, index: Tensor) -> Tensor:
        return tensor.unflatten(0, (-1, self.heads))[index].flatten(0, 1)

    def looked_at(self, row: int) -> Tensor:
        """See Translated."""
        return self.most[row * self.heads, 0].clone()


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
    source: Source
    output: Output

    def take(self, tokens: list[int]) -> bool:
        """The next token of every row; whether some came to their end."""
        some = False
        for number, (row, token) in enumerate(zip(self.rows, tokens, strict=True)):
            if not row.done and row.take(token):
                some = True
                row.looked_at = self.source.looked_at(number)
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
        self.source = self.source.rows(index)
        self.output = self.output.rows(index)
        return index


_OutputOf = Callable[[Sequence[list[int]]], Output]
"""Sources → the output layer of their batch."""


class GreedyTranslator:
    """Translates batches of token ids; with a shortlist it can choose among the pieces that go with each source.

    `model`: a `BergamotMTModel`, or `StudentWeights`.
    """

    def __init__(self, model: Any, shortlist: Shortlist | None = None, kernel: Kernel = Kernel.PLAIN) -> None:
        config = model.config
        linears = Linears(model, kernel)
        self._config, self._kernel = config, kernel
        self._shortlist = shortlist
        self._batches = count()
        with torch.inference_mode():
            self._encoder, self._decoder = Encoder(model, linears), Decoder(model, linears)
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

    def __call__(
        self, sources: Sequence[list[int]], shortlisted: bool = True, slots: DecodeSlots | None = None
    ) -> list[Translated]:
        """The translation of each source; the ids of a source end in `</s>`. Batches of a run share decode `slots`."""
        if next(self._batches) == _BATCHES_BEFORE_COMPILING:
            self._compile()
        rows = [_Row(self._limit(source)) for source in sources]
        # Sources of one length lie side by side, the longest first.
        order = sorted(range(len(sources)), key=lambda place: -len(sources[place]))
        with torch.inference_mode():
            output = self._shortlisted if shortlisted and self._shortlist else self._every_piece
            batch = self._encode([rows[place] for place in order], [sources[place] for place in order], output)
            with slots.decoding() if slots else nullcontext():
                self._decode(batch)
        return [Translated(row.token_ids, row.complete, row.looked_at) for row in rows]

    def _compile(self) -> None:
        # A GPU is waited for, not Python; in bfloat16 there are operations that TorchScript may not know.
        if self._device.type == "cpu" and self._dtype == torch.float32:
            self._encoder, self._decoder = compiled(self._encoder), compiled(self._decoder)

    def _limit(self, source: list[int]) -> int:
        factor: float = self._config.max_length_factor
        return min(math.ceil(factor * len(source)) + _SPARE_TOKENS, _LONGEST_OUTPUT)

    def _encode(self, rows: list[_Row], sources: Sequence[list[int]], output: _OutputOf) -> _Batch:
        lengths = [len(source) for source in sources]
        hidden = self._encoded(sources, lengths)
        zeros = torch.zeros(len(rows), self._config.d_model, device=self._device)
        states = [zeros for _ in self._decoder.layers]
        return _Batch(rows, states, self._source(hidden, lengths), output(sources))

    def _encoded(self, sources: Sequence[list[int]], lengths: Sequence[int]) -> Tensor:
        """(tokens, d_model): the last hidden states of sources that are sorted by length, one behind the other."""
        filled = self._filled(sources)
        alike = [(len(list(group)), length) for length, group in groupby(map(len, filled))]
        ids = torch.tensor([token for source in filled for token in source], device=self._device)
        table = positions(0, max(map(len, filled)), self._config.d_model, self._device)
        places = torch.cat([table[: len(source)] for source in filled])
        hidden = (self._source_embedding[ids] + places).to(self._dtype)
        hidden = self._encoder(hidden, [rows for rows, _ in alike], [length for _, length in alike])
        return hidden[: sum(lengths)]

    def _filled(self, sources: Sequence[list[int]]) -> Sequence[list[int]]:
        """With one source more that nobody reads, where a kernel is compiled for every number of tokens."""
        spare = -sum(map(len, sources)) % _TOKEN_STEP
        if self._dtype == torch.float32 or not spare:
            return sources
        return [*sources, [self._config.pad_token_id] * spare]

    def _source(self, hidden: Tensor, lengths: Sequence[int]) -> Source:
        heads = self._config.decoder_attention_heads
        head_dim = self._config.d_model // heads
        # bfloat16 multiplies tiny matrices slowly on CPU; keys and values are kept in float32.
        states = self._keys_values(hidden).float()
        padded = pad_sequence(states.split(list(lengths)), batch_first=True)
        split = padded.view(*padded.shape[:2], -1, 2, heads, head_dim)
        layers = split.permute(2, 3, 0, 4, 1, 5).contiguous().view(-1, 2, len(lengths) * heads, lengths[0], head_dim)
        return Source(
            keys=[layer[0].transpose(1, 2) for layer in layers],
            values=[layer[1] for layer in layers],
            added=self._mask(lengths, heads),
            most=torch.zeros(len(lengths) * heads, 1, lengths[0], device=self._device),
            heads=heads,
        )

    def _mask(self, lengths: Sequence[int], heads: int) -> Tensor:
        """What is added to scores, (batch · heads, 1, longest), for lengths the longest first; (1,) for equal ones."""
        if lengths[0] == lengths[-1]:
            return torch.zeros(1, device=self._device)
        there = torch.arange(lengths[0])[None, :] < torch.tensor(lengths)[:, None]
        mask = torch.zeros(there.shape).masked_fill_(~there, -1e4)
        return mask.repeat_interleave(heads, 0)[:, None].to(self._device)

    @cached_property
    def _every_piece(self) -> _OutputOf:
        every_piece = UnionOutput(self._weight, self._bias, self._kernel).all()
        return lambda sources: every_piece  # noqa: ARG005

    @cached_property
    def _shortlisted(self) -> _OutputOf:
        shortlist = self._shortlist
        assert shortlist is not None
        layer = shortlisted_output(self._weight, self._bias, self._kernel)
        return lambda sources: layer.of([torch.from_numpy(shortlist.of(source)) for source in sources])

    def _decode(self, batch: _Batch) -> None:
        embedded = torch.zeros(len(batch.rows), self._config.d_model, device=self._device)
        for step in range(max(row.limit for row in batch.rows)):
            hidden = (embedded + self._positions[step]).to(self._dtype)
            source = batch.source
            hidden, batch.states = self._decoder(
                hidden, batch.states, source.keys, source.values, source.added, source.most
            )
            tokens = batch.output.best(hidden)
            if batch.take(tokens.tolist()):
                numbers = batch.numbers_to_keep()
                if not numbers:
                    return
                if len(numbers) < len(batch.rows):
                    tokens = tokens[batch.keep(numbers)]
            embedded = self._target_embedding[tokens]
