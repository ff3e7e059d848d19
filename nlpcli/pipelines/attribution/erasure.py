"""Erasure (Li, Monroe and Jurafsky 2016): what the log-probability of a written text loses without a token.

It needs no gradient, so it goes through every model and every format of weights, and says of each token that was
written what it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

# Longer inputs are erased in runs of words: so many computations at the most.
MOST_ERASED = 64
_TOKENS_AT_A_TIME = 2048

Row = list[int]
Group = list[int]
"""Places of tokens that are erased together."""
Logs = Callable[[Sequence[Row]], Tensor]
"""Inputs without padding → log-probabilities of the tokens that were written (inputs, tokens)."""


def groups_of(text: str, places: Sequence[tuple[int, int] | None]) -> list[Group]:
    """Tokens that stand in `text`, those of one character together; where they are many words, or runs of words."""
    groups: list[Group] = []
    last_end = -1
    for number, place in enumerate(places):
        if place is None:
            continue
        start, end = place
        joined = groups and start < last_end
        groups = [*groups[:-1], [*groups[-1], number]] if joined else [*groups, [number]]
        last_end = max(last_end, end)
    if len(groups) > MOST_ERASED:
        groups = _words(text, places, groups)
    size = -(-len(groups) // MOST_ERASED) if groups else 1
    runs = [groups[start : start + size] for start in range(0, len(groups), size)]
    return [[place for group in run for place in group] for run in runs]


def _words(text: str, places: Sequence[tuple[int, int] | None], groups: list[Group]) -> list[Group]:
    words: list[Group] = []
    end = -1
    for group in groups:
        first, last = places[group[0]], places[group[-1]]
        assert first is not None
        assert last is not None
        glued = words and first[0] == end and text[first[0]].isascii() and text[end - 1].isascii()
        words = [*words[:-1], [*words[-1], *group]] if glued else [*words, group]
        end = last[1]
    return words


def erased(logs: Logs, row: Row, groups: Sequence[Group]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The log-probability of each token that was written, and what it loses without each group (groups, tokens)."""
    whole = logs([row])[0].double().cpu().numpy()
    without = [[token for place, token in enumerate(row) if place not in set(group)] for group in groups]
    lost = np.zeros((len(groups), len(whole)))
    size = max(1, _TOKENS_AT_A_TIME // (len(row) + len(whole) + 1))
    for start in range(0, len(without), size):
        chunk = without[start : start + size]
        lost[start : start + len(chunk)] = whole - logs(chunk).double().cpu().numpy()
    return whole, lost


def causal_logs(model: Any, written: Row, padding: int) -> Logs:
    """Of a decoder: prompts → what it says of `written` behind each."""

    def logs(prompts: Sequence[Row]) -> Tensor:
        prompts = [prompt or [padding] for prompt in prompts]  # a first token is said behind something
        rows = [[*prompt, *written] for prompt in prompts]
        longest = max(map(len, rows))
        device = next(model.parameters()).device
        # On the right nothing has to know of the padding: no token looks ahead.
        ids = torch.tensor([row + [padding] * (longest - len(row)) for row in rows], device=device)
        with torch.inference_mode():
            logits = model(input_ids=ids, use_cache=False).logits
            found = [
                _of_tokens(logits[number, len(prompt) - 1 : len(prompt) - 1 + len(written)], written)
                for number, prompt in enumerate(prompts)
            ]
        return torch.stack(found)

    return logs


def seq2seq_logs(model: Any, written: Row, start: Row, padding: int) -> Logs:
    """Of an encoder-decoder: sources → what it says of `written` behind the tokens that start its decoder."""

    def logs(sources: Sequence[Row]) -> Tensor:
        device = next(model.parameters()).device
        sources = [source or [padding] for source in sources]
        longest = max(map(len, sources))
        ids = torch.tensor([row + [padding] * (longest - len(row)) for row in sources], device=device)
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in sources], device=device)
        decoder = torch.tensor([[*start, *written[:-1]]] * len(sources), device=device)
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=mask, decoder_input_ids=decoder, use_cache=False).logits
            return torch.stack([_of_tokens(row[len(start) - 1 :], written) for row in logits])

    return logs


def _of_tokens(logits: Tensor, written: Row) -> Tensor:
    chosen = torch.tensor(written, device=logits.device)[:, None]
    return torch.log_softmax(logits.float(), dim=-1).gather(-1, chosen)[:, 0]
