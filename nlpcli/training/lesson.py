"""What the student goes over: texts as people rated them and as the teacher did, in batches."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from nlpcli.pipelines.windows import pad
from nlpcli.training.objective import Targets, targets_of
from nlpcli.training.sentiment_data import LONGEST_TEXT, Example, as_treebank, batches_by_length

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Taught(NamedTuple):
    """Texts with what the teacher makes of them, and its states of their tokens, (tokens, width) each."""

    examples: Sequence[Example]
    states: Sequence[Tensor]


class Batch(NamedTuple):
    """Some texts: what a model takes, what it is to say, and the teacher's states of those at the places `rated`.

    `share` is how much of all steps lies behind this one, of 1.
    """

    inputs: dict[str, Tensor]
    targets: Targets
    rated: list[int]
    states: list[Tensor]
    share: float


class Shown(NamedTuple):
    """A text in one of its spellings: its tokens, the place of what is known of it, and the teacher's states."""

    row: list[int]
    example: int
    states: Tensor | None


class Lesson:
    """Texts that people rated, as written or as the treebank writes them, and texts that the teacher rated."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        examples: Sequence[Example],
        taught: Taught,
        treebank_share: float,
        batch_tokens: int,
        seed: int,
    ) -> None:
        self._tokenizer = tokenizer
        self._treebank_share, self._batch_tokens = treebank_share, batch_tokens
        self._chance = random.Random(seed)
        texts = [example.text for example in examples]
        self._as_written, self._as_treebank = self._token_ids(texts), self._token_ids([*map(as_treebank, texts)])
        self._of_teacher = [
            Shown(row, len(examples) + place, taught.states[place])
            for place, row in enumerate(self._token_ids([example.text for example in taught.examples]))
        ]
        self._targets = targets_of([*examples, *taught.examples])

    def batches(self, epochs: int) -> Iterator[Batch]:
        """All texts, `epochs` times over, in batches of similar length."""
        for epoch in range(epochs):
            shown = [*self._of_people(), *self._of_teacher]
            places = batches_by_length([len(text.row) for text in shown], self._batch_tokens, self._chance)
            for number, batch in enumerate(places):
                # Every epoch has its own number of batches.
                share = (epoch + number / len(places)) / epochs
                yield self._batch([shown[place] for place in batch], share)

    def _of_people(self) -> Iterator[Shown]:
        for place in range(len(self._as_written)):
            other = self._chance.random() < self._treebank_share
            yield Shown((self._as_treebank if other else self._as_written)[place], place, None)

    def _batch(self, texts: Sequence[Shown], share: float) -> Batch:
        inputs = pad([text.row for text in texts], self._tokenizer.pad_token_id, torch.device("cpu"))
        return Batch(
            inputs,
            self._targets.of([text.example for text in texts]),
            [place for place, text in enumerate(texts) if text.states is not None],
            [text.states for text in texts if text.states is not None],
            share,
        )

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        encoded = self._tokenizer(list(texts), truncation=True, max_length=LONGEST_TEXT)
        return encoded["input_ids"]  # type: ignore[no-any-return]
