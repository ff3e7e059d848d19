"""Text → entities: transformers' token-classification pipeline with overlapping windows and batches of its own making.

The pipeline in transformers cuts a text that is longer than the model takes. Here every text is tokenized once; its
tokens are read in windows that overlap, and each token has the probabilities of the window in whose middle it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from transformers import TokenClassificationPipeline as TransformersPipeline

from nlpcli.errors import ModelUnusable, NoNumbers, quoted
from nlpcli.models.loading import load_token_classifier, load_tokenizer
from nlpcli.models.preparing import longest_input
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.labels import label_names
from nlpcli.pipelines.token_labels import Move, moves_of, runs
from nlpcli.pipelines.windows import Window, Windows, rows_for
from nlpcli.records.finite import NOT_A_NUMBER
from nlpcli.runtime.device import Placement
from nlpcli.text.spans import Span, span_of

Aggregation = Literal["simple", "first", "average", "max"]
Probabilities = np.ndarray[Any, np.dtype[np.float32]]
# Of a window, how much is read again in the next one.
_OVERLAP = 4


class Passage(NamedTuple):
    """A window, and how many tokens it costs."""

    cost: int
    payload: Window


class TokenizedText(NamedTuple):
    """`offsets` (start and end in the text) and `words` (None: of no word) of each token; where each window starts."""

    offsets: list[tuple[int, int]]
    words: list[int | None]
    starts: list[int]


class TokenClassificationPipeline(TransformersPipeline):  # type: ignore[misc]
    """`pipeline(text)` is as in transformers; `passages`, `label` and `spans` do it in batches and cut nothing."""

    def __init__(self, *args: Any, label_names: tuple[str, ...] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        config = self.model.config
        self.labels = label_names or tuple(config.id2label[index] for index in range(config.num_labels))
        self._moves = moves_of(self.labels)
        self.types = tuple(dict.fromkeys(move.type for move in self._moves if move.type is not None))
        self._windows = Windows(self.tokenizer, longest_input(config, self.tokenizer))
        self._rows = rows_for(self.model)
        if config.pad_token_id is None:
            config.pad_token_id = self._windows.padding

    @property
    def longest_input(self) -> int:
        """How many tokens the model takes at a time."""
        return self._windows.longest_input

    def passages(self, texts: Sequence[str]) -> list[tuple[list[Passage], TokenizedText]]:
        """The windows of each text and its tokens; no window where the text has no token."""
        encoded = self.tokenizer(
            list(texts),
            add_special_tokens=False,
            return_offsets_mapping=True,
            truncation=False,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        return [
            self._passages(token_ids, offsets, encoded.word_ids(index))
            for index, (token_ids, offsets) in enumerate(
                zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
            )
        ]

    def _passages(
        self, token_ids: Window, offsets: list[tuple[int, int]], words: list[int | None]
    ) -> tuple[list[Passage], TokenizedText]:
        starts = _window_starts(len(token_ids), self._windows.room)
        windows = [self._windows.with_special_tokens(token_ids[start : start + self._windows.room]) for start in starts]
        return [Passage(len(window), window) for window in windows], TokenizedText(offsets, words, starts)

    def label(self, passages: Sequence[Window]) -> list[Probabilities]:
        """For each window (tokens, labels) float32, special tokens left out; rows sum to 1."""
        with torch.inference_mode():
            inputs = self._windows.collate(self._rows(passages), self.device)
            logits = self._forward_all(inputs)[: len(passages)].float()
            probabilities = torch.softmax(logits, dim=-1).cpu().numpy()
        return [
            self._windows.without_special_tokens(rows[: len(window)])
            for rows, window in zip(probabilities, passages, strict=True)
        ]

    def _forward_all(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        logits: torch.Tensor = self.model(**inputs)[0]
        return logits

    def spans(
        self, text: str, state: TokenizedText, outputs: Sequence[Probabilities], aggregation: Aggregation = "average"
    ) -> list[Span]:
        """The entities of a text; the score of each is the mean of its words' (`simple`: tokens')."""
        rows = _joined(outputs, state.starts)
        if not np.isfinite(rows).all():
            raise NoNumbers(NOT_A_NUMBER)
        groups = _groups(text, state, aggregation)
        pooled = np.stack([_POOLED[aggregation](rows[first:end]) for first, end in groups])
        best = pooled.argmax(axis=1)
        scores = pooled[np.arange(len(groups)), best]
        moves: list[Move] = [self._moves[label] for label in best]
        spans = (
            span_of(
                text,
                state.offsets[groups[run.first][0]][0],
                max(end for _, end in state.offsets[groups[run.first][0] : groups[run.end - 1][1]]),
                run.type,
                float(scores[run.first : run.end].mean()),
            )
            for run in runs(moves)
        )
        return [span for span in spans if span is not None]


def _window_starts(tokens: int, room: int) -> list[int]:
    """Where windows of at most `room` tokens begin, so that each overlaps the next, evenly spread."""
    if tokens <= room:
        return [0] if tokens else []
    stride = max(1, room - room // _OVERLAP)
    count = -(-(tokens - room) // stride) + 1
    return [round(index * (tokens - room) / (count - 1)) for index in range(count)]


def _joined(outputs: Sequence[Probabilities], starts: Sequence[int]) -> Probabilities:
    """(tokens, labels): up to the middle of what two windows share from the first, then from the second."""
    if len(outputs) == 1:
        return outputs[0]
    cuts = [
        (start + len(before) + following) // 2
        for before, start, following in zip(outputs, starts, starts[1:], strict=False)
    ]
    bounds = zip([0, *cuts], [*cuts, starts[-1] + len(outputs[-1])], strict=True)
    parts = [
        rows[first - start : end - start] for rows, start, (first, end) in zip(outputs, starts, bounds, strict=True)
    ]
    return np.concatenate(parts)


def _groups(text: str, state: TokenizedText, aggregation: Aggregation) -> list[tuple[int, int]]:
    """Tokens that are labelled together: the pieces of a word; each by itself where the pieces are to be so."""
    count = len(state.offsets)
    # Also there the bytes of one character belong together: what each token stands for slices the text.
    is_apart = _is_behind if aggregation == "simple" else _is_apart
    begins = [place for place in range(count) if place == 0 or is_apart(text, state, place)]
    return list(zip(begins, [*begins[1:], count], strict=True))


def _is_behind(text: str, state: TokenizedText, place: int) -> bool:  # noqa: ARG001
    return state.offsets[place][0] >= state.offsets[place - 1][1]


def _is_apart(text: str, state: TokenizedText, place: int) -> bool:
    """Whether a token belongs to another word than the one before it."""
    if state.words[place] is None or state.words[place] != state.words[place - 1]:
        return True
    # Tokenizers that know no words give a whole text the number 0: white space is a border all the same.
    start, before = state.offsets[place][0], state.offsets[place - 1][1]
    return text[before:start].strip() != text[before:start] or text[start : start + 1].isspace()


def _first(rows: Probabilities) -> Probabilities:
    first: Probabilities = rows[0]
    return first


def _mean(rows: Probabilities) -> Probabilities:
    mean: Probabilities = rows.mean(axis=0)
    return mean


def _surest(rows: Probabilities) -> Probabilities:
    surest: Probabilities = rows[int(rows.max(axis=1).argmax())]
    return surest


_POOLED = {"simple": _first, "first": _first, "average": _mean, "max": _surest}


def load_token_classification_pipeline(model: LocalModel, placement: Placement) -> TokenClassificationPipeline:
    """The pipeline of a token classifier on its device.

    Raises:
        ModelError: the folder does not hold one, or an unsafe one, or its tokenizer tells no offsets.
    """
    tokenizer = load_tokenizer(model)
    if not tokenizer.is_fast:
        raise ModelUnusable(
            f"{quoted(model.name)} has a tokenizer that does not tell where tokens stand; choose a model with a"
            " tokenizer.json"
        )
    module = load_token_classifier(model, placement)
    return TokenClassificationPipeline(
        model=module,
        tokenizer=tokenizer,
        device=torch.device(placement.device),
        label_names=label_names(module.config, model.name),
    )
