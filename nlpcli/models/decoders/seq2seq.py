"""Encoder-decoder models (T5, BART, LED …): each source is read once, and its text grows a token at a time.

Rows that were added together have texts of equal length and share an ordinary cache, which every architecture takes:
positions that are learned, as BART's, have no room for rows of lengths of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput


@dataclass(slots=True)
class _Group:
    """Rows that were added together, by their names."""

    names: list[int]
    states: Tensor
    mask: Tensor
    cache: EncoderDecoderCache
    begun: bool = False


class Seq2SeqDecoder:
    """The prompt of a row is its source and then the token that starts the decoder."""

    def __init__(self, module: nn.Module, longest: int) -> None:
        """`longest`: how many tokens the decoder takes, the one that starts it included."""
        self.longest = longest
        self._module = module
        self._device = next(module.parameters()).device
        # What some models' texts always begin with: BART's own first token, mBART's language.
        self._forced: int | None = module.generation_config.forced_bos_token_id
        self._names: list[int] = []
        self._next_name = 0
        self._groups: list[_Group] = []

    @property
    def rows(self) -> int:
        return len(self._names)

    def add(self, tokens: Sequence[Sequence[int]]) -> None:
        sources = [torch.tensor(list(row), dtype=torch.long) for row in tokens]
        padded = nn.utils.rnn.pad_sequence(sources, batch_first=True).to(self._device)
        lengths = torch.tensor([len(source) for source in sources], device=self._device)
        mask = (torch.arange(padded.shape[1], device=self._device)[None, :] < lengths[:, None]).long()
        states = self._module.get_encoder()(input_ids=padded, attention_mask=mask).last_hidden_state
        # LED pads its input to whole windows.
        states = states[:, : padded.shape[1]]
        names = list(range(self._next_name, self._next_name + len(sources)))
        self._next_name += len(sources)
        self._names += names
        self._groups.append(_Group(names, states, mask, EncoderDecoderCache(DynamicCache(), DynamicCache())))

    def step(self, tokens: Sequence[int]) -> Tensor:
        token_of = dict(zip(self._names, tokens, strict=True))
        logits: dict[int, Tensor] = {}
        for group in self._groups:
            logits |= zip(group.names, self._step_of(group, [token_of[name] for name in group.names]), strict=True)
        return torch.stack([logits[name] for name in self._names])

    def _step_of(self, group: _Group, tokens: list[int]) -> Tensor:
        outputs = self._module(
            encoder_outputs=BaseModelOutput(last_hidden_state=group.states),
            attention_mask=group.mask,
            decoder_input_ids=torch.tensor(tokens, device=self._device)[:, None],
            past_key_values=group.cache,
            use_cache=True,
        )
        logits: Tensor = outputs.logits[:, -1].float()
        if self._forced is not None and not group.begun:
            others = torch.arange(logits.shape[1], device=self._device) != self._forced
            logits = logits.masked_fill(others, -torch.inf)
        group.begun = True
        return logits

    def remove(self, row: int) -> None:
        name = self._names[row]
        self._names[row] = self._names[-1]
        self._names.pop()
        group = next(group for group in self._groups if name in group.names)
        kept = [place for place, other in enumerate(group.names) if other != name]
        if not kept:
            self._groups.remove(group)
            return
        indices = torch.tensor(kept, device=self._device)
        group.names = [group.names[place] for place in kept]
        group.states, group.mask = group.states[indices], group.mask[indices]
        group.cache.batch_select_indices(indices)

    def clear(self) -> None:
        self._names, self._groups = [], []
