"""Text → vector by static vectors: the mean of those of its words, looked up. Never imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nlpcli.errors import UsageError, quoted
from nlpcli.models.reference import LocalModel
from nlpcli.models.static.kinds import holds_words
from nlpcli.models.static.pieces import PieceVectors, open_pieces
from nlpcli.models.static.segments import Segmenter, Token
from nlpcli.models.static.store import WordVectors, open_vectors
from nlpcli.pipelines.chunks import CHUNK_TOKENS, Chunk, spans_of_chunks
from nlpcli.runtime.device import Placement

Array = np.ndarray[Any, Any]

# Arora et al. 2017, "A simple but tough-to-beat baseline for sentence embeddings": a / (a + p(word)).
_SIF = 1e-3


@dataclass(frozen=True, slots=True)
class StaticConfig:
    """What `SentenceConfig` is to a model with layers."""

    normalize: bool = False
    include_prompt: bool = True
    prompts: dict[str, str] = field(default_factory=dict)
    prompt: str = ""


class StaticPipeline:
    """What `EmbeddingPipeline` is, with words (or a model's own tokens) in the place of hidden states.

    A window holds the rows of words, and as text the words that have none. A text is one window, however long.
    """

    longest_input = 1 << 62
    has_closed_vocabulary = True

    def __init__(self, vectors: WordVectors | PieceVectors) -> None:
        self.vectors = vectors
        self.sentence_config = StaticConfig(normalize=isinstance(vectors, PieceVectors) and vectors.normalize)
        self._segmenter = Segmenter(vectors) if isinstance(vectors, WordVectors) else None

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return self.vectors.dimension

    @property
    def special_ids(self) -> list[int]:
        """Tokens that stand for no text: none."""
        return []

    def windows(self, texts: Sequence[str]) -> list[list[list[Any]]]:
        """The one window of each text; none where it has no word, known or unknown."""
        return [[tokens] if tokens else [] for tokens in self._tokens(texts)]

    def windows_at_sentence_ends(self, texts: Sequence[str]) -> list[list[list[Any]]]:
        """The one window of each text."""
        return [[tokens] for tokens in self._tokens(texts)]

    def _tokens(self, texts: Sequence[str]) -> list[list[Token]]:
        if self._segmenter is not None:
            return [self._segmenter.tokens(text) for text in texts]
        assert isinstance(self.vectors, PieceVectors)
        return self.vectors.tokens(texts)  # type: ignore[return-value]

    def chunks(self, texts: Sequence[str], prompt: str = "") -> list[list[Chunk]]:
        """Overlapping windows of each text, as `EmbeddingPipeline.chunks` cuts them."""
        return [self._chunks(text, prompt) for text in texts]

    def _chunks(self, text: str, prompt: str) -> list[Chunk]:
        (whole,) = self._tokens([prompt + text])
        if len(whole) <= CHUNK_TOKENS:
            return [Chunk(0, len(text), whole)]
        spans = spans_of_chunks(text, lambda parts: [len(tokens) for tokens in self._tokens(parts)])
        bodies = self._tokens([prompt + text[start:end] for start, end in spans])
        return [Chunk(*span, tokens) for span, tokens in zip(spans, bodies, strict=True) if tokens]

    def unknown(self, window: Sequence[Token]) -> list[str]:
        """The words of a window that have no vector, not even out of n-grams."""
        if isinstance(self.vectors, WordVectors) and self.vectors.subwords is not None:
            return []
        return [token for token in window if isinstance(token, str)]

    def encode(
        self, windows: Sequence[Sequence[Token]], unpooled: Sequence[int] | None = None, pooling: str = "auto"
    ) -> Array:
        """(windows, dimension) float32: the mean of each window's words; zeros where it has none that is known.

        Raises:
            UsageError: `pooling` is none of static vectors.
        """
        weigh = self._weighing(pooling)
        vectors = np.zeros((len(windows), self.dimension), np.float32)
        for number, window in enumerate(windows):
            pooled = window[unpooled[number] :] if unpooled else window
            rows = np.array([token for token in pooled if isinstance(token, int)], np.int64)
            found = self._rows(rows)
            weights = weigh(rows)
            if len(rows) < len(pooled) and isinstance(self.vectors, WordVectors):
                found, weights = self._with_computed(pooled, found, weights)
            if len(found):
                vectors[number] = found.mean(0) if weights is None else weights @ found / len(found)
        return vectors

    def _rows(self, rows: Array) -> Array:
        if isinstance(self.vectors, PieceVectors):
            return self.vectors.vectors_of(rows)
        return np.asarray(self.vectors.vectors[rows], np.float32)

    def _with_computed(
        self, window: Sequence[Token], found: Array, weights: Array | None
    ) -> tuple[Array, Array | None]:
        """Behind the rows of known words, those that are computed of the n-grams of unknown ones."""
        assert isinstance(self.vectors, WordVectors)
        computed = [
            vector
            for token in window
            if isinstance(token, str) and (vector := self.vectors.computed(token)) is not None
        ]
        if not computed:
            return found, weights
        if weights is not None:
            weights = np.concatenate([weights, np.ones(len(computed), np.float32)])
        return np.concatenate([found, np.stack(computed)]), weights

    def _weighing(self, pooling: str) -> Any:
        if pooling in ("auto", "mean"):
            return lambda rows: None  # noqa: ARG005
        if pooling != "sif":
            raise UsageError(
                f"{quoted(self.vectors.name)} has static vectors, which know no --pooling {pooling}; take mean or sif"
            )
        if not isinstance(self.vectors, WordVectors):
            raise UsageError(
                f"{quoted(self.vectors.name)} does not say which of its tokens are frequent; leave --pooling sif out"
            )
        ranks = np.arange(1, len(self.vectors) + 1, dtype=np.float64)
        # Zipf's law: the word of rank r has the share 1/r of all, over the sum of these.
        shares = 1 / ranks / (1 / ranks).sum()
        weights = (_SIF / (_SIF + shares)).astype(np.float32)
        return lambda rows: weights[rows]


def load_static_pipeline(model: LocalModel, placement: Placement) -> StaticPipeline:  # noqa: ARG001
    """The pipeline of a static model; it is looked up on the CPU, whatever the placement.

    Raises:
        ModelUnusable: its files are damaged.
    """
    return StaticPipeline((open_vectors if holds_words(model.folder) else open_pieces)(model.name, model.folder))
