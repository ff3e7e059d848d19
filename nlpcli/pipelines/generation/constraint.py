"""JSON Schema → which tokens may come next (docs/decisions/0007: llguidance)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from llguidance import LLMatcher
from llguidance.hf import from_tokenizer
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from nlpcli.errors import ModelUnusable, UsageError


class Constraint:
    """What a schema allows, for the tokens of one model. Makes a `Matcher` for each text."""

    def __init__(self, schema: str, tokenizer: PreTrainedTokenizerBase, end_tokens: Sequence[int]) -> None:
        """Raises UsageError where the schema cannot be kept, ModelUnusable where the tokenizer cannot be read."""
        try:
            self._tokenizer = from_tokenizer(tokenizer, eos_token=list(end_tokens))
        except ValueError as error:
            raise ModelUnusable(f"--schema needs a fast tokenizer, which this model lacks: {error}") from error
        # Without white space to choose from, a model that is unsure cannot go on with it for ever.
        self._grammar = LLMatcher.grammar_from_json_schema(schema, overrides={"whitespace_flexible": False})
        if problem := LLMatcher.validate_grammar(self._grammar, self._tokenizer):
            raise UsageError(f"--schema: {' '.join(problem.split())}; leave that part of the schema out")

    def matcher(self) -> Matcher:
        """For a new text."""
        return Matcher(LLMatcher(self._tokenizer, self._grammar))


class Matcher:
    """How far one text has come in its schema."""

    def __init__(self, matcher: LLMatcher) -> None:
        self._matcher = matcher

    def forbid(self, logits: Tensor, row: int) -> None:
        """Give every token that the schema does not allow now the logit -inf, in place."""
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.unpackbits(bits, bitorder="little")[: logits.shape[1]].astype(bool)
        mask = torch.zeros(logits.shape[1], dtype=torch.bool)
        mask[: len(allowed)] = torch.from_numpy(allowed)
        logits[row].masked_fill_(~mask.to(logits.device), -torch.inf)

    def take(self, token: int) -> None:
        """The text goes on with `token`."""
        self._matcher.consume_token(token)

    @property
    def is_complete(self) -> bool:
        """Whether nothing can follow; `is_valid` says whether that is a success."""
        return bool(self._matcher.is_stopped())

    @property
    def is_valid(self) -> bool:
        """Whether the text is valid as it stands, though more may follow."""
        return not self._matcher.is_error() and bool(self._matcher.is_accepting() or self._matcher.is_stopped())
