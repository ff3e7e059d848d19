"""How likely sentences are to a language model: log-likelihood (causal), pseudo-log-likelihood (masked).

Salazar et al. 2020: each token of a sentence is masked by itself, and the log-probabilities of the right ones are added
up. Nangia et al. 2020 (CrowS-Pairs): of two sentences only the tokens that both have are counted, so that the words in
which they differ are given and not predicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

import torch

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.models.loading import load_causal_lm, load_masked_lm, load_tokenizer
from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Placement

_ROWS_AT_A_TIME = 64


class SentenceLikelihood:
    """Scores of sentences, in natural logarithms."""

    def __init__(self, tokenizer: Any, model: Any, is_masked: bool, device: str) -> None:
        self._tokenizer = tokenizer
        self._model = model
        self.is_masked = is_masked
        self._device = device

    def of_each(self, sentences: Sequence[str]) -> list[float]:
        """The score of each of some sentences that stand against each other."""
        if not self.is_masked:
            return [self._causal(sentence) for sentence in sentences]
        tokens = [self._tokenizer(sentence)["input_ids"] for sentence in sentences]
        return [
            self._masked(own, _shared([other for place, other in enumerate(tokens) if place != number], own))
            for number, own in enumerate(tokens)
        ]

    def _masked(self, tokens: list[int], places: Sequence[int]) -> float:
        special = self._tokenizer.get_special_tokens_mask(tokens, already_has_special_tokens=True)
        places = [place for place in places if not special[place]]
        total = 0.0
        for start in range(0, len(places), _ROWS_AT_A_TIME):
            part = places[start : start + _ROWS_AT_A_TIME]
            rows = torch.tensor([tokens] * len(part), device=self._device)
            numbers = torch.arange(len(part), device=self._device)
            masked = torch.tensor(part, device=self._device)
            wanted = rows[numbers, masked].clone()
            rows[numbers, masked] = self._tokenizer.mask_token_id
            with torch.inference_mode():
                logits = self._model(input_ids=rows).logits[numbers, masked].float()
            total += float(torch.log_softmax(logits, -1)[numbers, wanted].sum())
        return total

    def _causal(self, sentence: str) -> float:
        tokens = self._tokenizer(sentence, add_special_tokens=False)["input_ids"]
        # Without a token before it the first word would have no probability.
        begin = (
            self._tokenizer.bos_token_id if self._tokenizer.bos_token_id is not None else self._tokenizer.eos_token_id
        )
        whole = torch.tensor([[*([] if begin is None else [begin]), *tokens]], device=self._device)
        with torch.inference_mode():
            logits = self._model(input_ids=whole).logits[0, :-1].float()
        return float(torch.log_softmax(logits, -1).gather(1, whole[0, 1:, None]).sum())


def _shared(others: Sequence[list[int]], own: list[int]) -> list[int]:
    """The places of the tokens that every other sentence has, too."""
    shared = set(range(len(own)))
    for other in others:
        blocks = SequenceMatcher(None, own, other, autojunk=False).get_matching_blocks()
        shared &= {place for block in blocks for place in range(block.a, block.a + block.size)}
    return sorted(shared)


def load_likelihood(model: LocalModel, placement: Placement) -> SentenceLikelihood:
    """The language model in a folder.

    Raises:
        ModelUnusable: the model predicts no tokens.
    """
    tokenizer = load_tokenizer(model)
    if tokenizer.mask_token_id is not None:
        return SentenceLikelihood(tokenizer, load_masked_lm(model, placement), True, placement.device)
    try:
        return SentenceLikelihood(tokenizer, load_causal_lm(model, placement), False, placement.device)
    except ModelUnusable as error:
        raise ModelUnusable(
            f"{quoted(model.name)} is no language model ({error}); choose a masked or a causal one with -m"
        ) from error
