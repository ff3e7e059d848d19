"""JSON Schema → which tokens may come next (docs/decisions/0007: llguidance)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from llguidance import LLMatcher
from llguidance.hf import from_tokenizer
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from nlpcli.errors import ModelUnusable, UsageError
from nlpcli.records.schema import with_exact_formats


class Constraint:
    """What a schema allows, for the tokens of one model. Makes a `Matcher` for each text."""

    def __init__(self, schema: str, tokenizer: PreTrainedTokenizerBase, end_tokens: Sequence[int]) -> None:
        """Raises UsageError where the schema cannot be kept, ModelUnusable where the tokenizer cannot be read."""
        try:
            self._tokenizer = from_tokenizer(tokenizer, eos_token=list(end_tokens))
        except ValueError as error:
            raise ModelUnusable(f"--schema needs a fast tokenizer, which this model lacks: {error}") from error
        self._vocabulary = tokenizer.get_vocab
        # Without white space to choose from, a model that is unsure cannot go on with it for ever.
        exact = json.dumps(with_exact_formats(json.loads(schema)), ensure_ascii=False)
        self._grammar = LLMatcher.grammar_from_json_schema(exact, overrides={"whitespace_flexible": False})
        if problem := LLMatcher.validate_grammar(self._grammar, self._tokenizer):
            if "oneOf" in problem:
                raise UsageError("--schema: several parts of a oneOf may hold at a time; write anyOf in its place")
            raise UsageError(f"--schema: {' '.join(problem.split())}; leave that part of the schema out")

    @cached_property
    def pieces(self) -> dict[int, str]:
        """Token → its text, in which only what is not ASCII may be written in another way."""
        return {token: piece for piece, token in self._vocabulary().items()}

    @cached_property
    def closing(self) -> dict[bool, list[NDArray[np.bool_]]]:
        """Within a string or not → tokens that bring a text to its end, those that do it soonest first."""
        return {within: [self._those(pattern) for pattern in patterns] for within, patterns in _CLOSING.items()}

    def _those(self, pattern: str) -> NDArray[np.bool_]:
        matches = re.compile(pattern).fullmatch
        found = np.zeros(max(self.pieces) + 1, bool)
        found[[token for token, piece in self.pieces.items() if matches(piece)]] = True
        return found

    def matcher(self) -> Matcher:
        """For a new text."""
        return Matcher(LLMatcher(self._tokenizer, self._grammar), self)


_CLOSING = {False: [r"[}\]]+", "null", '""?', '[,:]"?'], True: [r'"[}\]]*']}


# A quote that begins or ends a string.
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')


class Matcher:
    """How far one text has come in its schema."""

    def __init__(self, matcher: LLMatcher, constraint: Constraint) -> None:
        self._matcher = matcher
        self._constraint = constraint
        self._tokens: list[int] = []

    def allowed(self, closes: bool = False) -> NDArray[np.bool_]:
        """Which tokens the schema allows now; of them, with `closes`, those that bring the text to its end soonest."""
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.unpackbits(bits, bitorder="little").astype(bool)
        return self._soonest(allowed) if closes else allowed

    def take(self, token: int) -> None:
        """The text goes on with `token`."""
        self._tokens.append(token)
        self._matcher.consume_token(token)

    def _soonest(self, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        written = "".join(self._constraint.pieces.get(token, "") for token in self._tokens)
        within = len(_QUOTE.findall(written)) % 2 == 1
        for those in self._constraint.closing[within]:
            both = allowed.copy()
            both[: len(those)] &= those[: len(both)]
            both[len(those) :] = False
            if both.any():
                return both
        return allowed

    @property
    def is_complete(self) -> bool:
        """Whether nothing can follow; `is_valid` says whether that is a success."""
        return bool(self._matcher.is_stopped())

    @property
    def is_valid(self) -> bool:
        """Whether the text is valid as it stands, though more may follow."""
        return not self._matcher.is_error() and bool(self._matcher.is_accepting() or self._matcher.is_stopped())
