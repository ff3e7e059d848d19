"""Text → vector, as transformers' feature-extraction pipeline has it, in batches of its own making.

That pipeline takes one text at a time (or pads every batch as it comes), computes the mask even where nothing is
padded, returns one vector per token as nested Python lists, and takes a second to import. Here the unit is a window
of token ids; a text longer than the model's limit gives several, and nothing is cut away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from nlpcli.errors import UsageError
from nlpcli.models.encoders import load_encoder, load_tokenizer
from nlpcli.models.preparing import longest_input
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.attribution.embeddings import WordEmbeddings
from nlpcli.pipelines.chunks import CHUNK_TOKENS, Chunk, spans_of_chunks
from nlpcli.pipelines.pooling import SentenceConfig, read_sentence_config
from nlpcli.pipelines.windows import Window, Windows, rows_for
from nlpcli.runtime.device import Placement

_LEAST_ROOM = 4


class WindowVector(NamedTuple):
    """`of`: word embeddings (points, tokens, width) → vectors (points, dimension), not normalized."""

    embeddings: WordEmbeddings
    of: Callable[[Tensor], Tensor]


class EmbeddingPipeline:
    """`pipeline(text)` gives the vector of a text as a list of floats; `windows` and `encode` do it in batches."""

    has_closed_vocabulary = False
    """Whether a text can consist of words that are all unknown."""

    def __init__(self, model: Any, tokenizer: Any, device: torch.device, sentence_config: SentenceConfig) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.device = device
        self.sentence_config = sentence_config
        limit = longest_input(model.config, tokenizer)
        self.longest_input = min(self.sentence_config.longest_input or limit, limit)
        self._windows = Windows(self.tokenizer, self.longest_input)
        self._rows = rows_for(self.model)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        (windows,) = self.windows(["a"])
        return int(self.encode(windows).shape[1])

    @property
    def special_ids(self) -> list[int]:
        """Tokens that stand for no text."""
        return self.tokenizer.all_special_ids  # type: ignore[no-any-return]

    def unknown(self, window: Window) -> list[str]:  # noqa: ARG002
        """The words of a window that have no vector: none, a tokenizer has pieces for all."""
        return []

    def windows(self, texts: Sequence[str]) -> list[list[Window]]:
        """The windows of each text; most texts have one, an empty text without special tokens has none."""
        return self._windows.of_equal_length(self._as_the_model_reads(texts))

    def windows_at_sentence_ends(self, texts: Sequence[str]) -> list[list[Window]]:
        """The windows of each text, cut between sentences; every text has at least one."""
        return self._windows.at_sentence_ends(self._as_the_model_reads(texts))

    def chunks(self, texts: Sequence[str], prompt: str = "") -> list[list[Chunk]]:
        """Overlapping windows of at most `CHUNK_TOKENS` tokens of each text, each behind the prompt; at least one.

        Raises:
            UsageError: the prompt leaves no room for a text.
        """
        (prompt_alone,) = self.windows([prompt or "a"])
        fixed = len(prompt_alone[0]) if prompt else len(prompt_alone[0]) - 1
        room = min(CHUNK_TOKENS, self.longest_input - fixed)
        if room < _LEAST_ROOM:
            raise UsageError(f"the prompt leaves no room in the {self.longest_input} tokens of the model; shorten it")
        whole = self.windows([prompt + text for text in texts])
        return [
            [Chunk(0, len(text), windows[0] if windows else [])]
            if sum(map(len, windows)) <= fixed + room
            else self._cut(text, prompt, room)
            for text, windows in zip(texts, whole, strict=True)
        ]

    def _cut(self, text: str, prompt: str, room: int) -> list[Chunk]:
        spans = spans_of_chunks(text, self._count_tokens, room)
        bodies = self._as_the_model_reads([prompt + text[start:end] for start, end in spans])
        encoded = self._windows.of_equal_length(bodies)
        return [Chunk(*span, window) for span, windows in zip(spans, encoded, strict=True) for window in windows]

    def _count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        encoded = self.tokenizer(self._as_the_model_reads(texts), add_special_tokens=False, return_attention_mask=False)
        return [len(token_ids) for token_ids in encoded["input_ids"]]

    def _as_the_model_reads(self, texts: Sequence[str]) -> Sequence[str]:
        return [text.lower() for text in texts] if self.sentence_config.lower_case else texts

    def encode(
        self, windows: Sequence[Window], unpooled: Sequence[int] | None = None, pooling: str = "auto"
    ) -> np.ndarray[Any, np.dtype[np.float32]]:
        """One vector per window: (windows, dimension) float32, as the model's own modules make them, not normalized.

        `unpooled` says how many tokens at the start of each window (those of a prompt) the pooling leaves out.
        `pooling`: `auto`, the model's own, or one of `pooling.FROM_OPTION`.
        """
        rows = self._rows(windows)
        masked = None if unpooled is None else [*unpooled, *([0] * (len(rows) - len(windows)))]
        with torch.inference_mode():
            vectors = self._forward(self._windows.collate(rows, self.device), masked, pooling)[: len(windows)]
            return vectors.cpu().numpy()  # type: ignore[no-any-return]

    def places(self, text: str, windows: Sequence[Window], whole: bool = True) -> list[list[tuple[int, int] | None]]:
        """Where the tokens of each window of a text stand in it."""
        (text,) = self._as_the_model_reads([text])
        return self._windows.places(text, windows, whole)

    def differentiable(self, window: Window, unpooled: int = 0, pooling: str = "auto") -> WindowVector:
        """The vector of a window as a function of its word embeddings, to take gradients of."""
        ids = torch.tensor(window, device=self.device)
        embeddings = WordEmbeddings(self.model)

        def vectors(points: Tensor) -> Tensor:
            with embeddings.replaced(ids, points):
                rows = {"input_ids": ids.expand(len(points), -1)}
                return self._forward(rows, [unpooled] * len(points), pooling)

        return WindowVector(embeddings, vectors)

    def _forward(
        self, model_inputs: dict[str, Tensor], unpooled: Sequence[int] | None = None, pooling: str = "auto"
    ) -> Tensor:
        hidden_states = self.model(**model_inputs).last_hidden_state.float()
        mask = model_inputs.get("attention_mask")
        if mask is None:
            mask = torch.ones(hidden_states.shape[:2], dtype=torch.long, device=hidden_states.device)
        if unpooled is not None and any(unpooled):
            positions = torch.arange(mask.shape[1], device=self.device)
            mask = mask * (positions >= torch.tensor(unpooled, device=self.device)[:, None])
        return self.sentence_config.pool(hidden_states, mask, pooling)

    def __call__(self, text: str) -> list[float]:
        """The vector of a text: the average over its windows, of unit length where the model's own vectors have it."""
        (windows,) = self.windows([text])
        vector = torch.from_numpy(self.encode(windows or [self._windows.blank])).mean(0)
        if self.sentence_config.normalize:
            vector = torch.nn.functional.normalize(vector, dim=-1)
        return vector.tolist()  # type: ignore[no-any-return]


def load_embedding_pipeline(model: LocalModel, placement: Placement) -> EmbeddingPipeline:
    """The pipeline of a model on its device.

    Raises:
        ModelError: the folder does not hold a model that turns text into vectors, or an unsafe one.
    """
    sentence_config = read_sentence_config(model)
    tokenizer = load_tokenizer(model)
    encoder = load_encoder(model, placement)
    return EmbeddingPipeline(
        model=encoder,
        tokenizer=tokenizer,
        device=torch.device(placement.device),
        sentence_config=_on_device(sentence_config, placement),
    )


def _on_device(config: SentenceConfig, placement: Placement) -> SentenceConfig:
    from dataclasses import replace

    moved = tuple(
        replace(
            dense,
            weight=dense.weight.to(placement.device),
            bias=None if dense.bias is None else dense.bias.to(placement.device),
        )
        for dense in config.dense
    )
    return replace(config, dense=moved)
