"""Which tokens of a window speak for a label: integrated gradients of its log-odds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from nlpcli.pipelines.attribution.embeddings import without_content
from nlpcli.pipelines.attribution.integrated import Integral, integrated_gradients
from nlpcli.pipelines.labels import Meaning

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# The hooks of two texts at a time would find each other's tokens.
ALONE = threading.Lock()


@dataclass(frozen=True, slots=True)
class Evidence:
    """`logits`: word embeddings of `ids` (points, tokens, width) → (points, labels). `before`: how many
    tokens the window has before these.
    """

    tokenizer: PreTrainedTokenizerBase
    ids: Sequence[int]
    embed: Callable[[Any], Tensor]
    logits: Callable[[Tensor], Tensor]
    before: int = 0

    def with_logits(self, logits: Callable[[Tensor], Tensor]) -> Evidence:
        """The same of other labels."""
        return replace(self, logits=logits)

    def for_label(self, label: int, meaning: Meaning) -> Integral:
        """What of the log-odds of a label each of `ids` makes; of a model that gives a number, of that.

        From a text of padding, whose special tokens are those of this one, to this text.
        """
        special = set(self.tokenizer.all_special_ids) - {self.tokenizer.unk_token_id}
        nothing = without_content(self.tokenizer, self.ids, [token not in special for token in self.ids])
        with ALONE:
            return integrated_gradients(
                lambda points: _log_odds(self.logits(points), label, meaning), self.embed(self.ids), self.embed(nothing)
            )


def _log_odds(logits: Tensor, label: int, meaning: Meaning) -> Tensor:
    if meaning is not Meaning.ONE_OF or logits.shape[1] == 1:  # the logit of a sigmoid is its log-odds
        return logits[:, label]
    others = [number for number in range(logits.shape[1]) if number != label]
    return logits[:, label] - torch.logsumexp(logits[:, others], dim=-1)
