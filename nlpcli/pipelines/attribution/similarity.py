"""Which tokens make two texts similar: integrated gradients of the cosine, with one side of it fixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nlpcli.pipelines.attribution.embeddings import without_content
from nlpcli.pipelines.attribution.evidence import ALONE
from nlpcli.pipelines.attribution.integrated import Integral, integrated_gradients
from nlpcli.pipelines.embedding import EmbeddingPipeline


class Similarity:
    """Cosines of a model's windows, as a run computes them: `pooling`, and the first `dimension` numbers."""

    def __init__(self, pipeline: EmbeddingPipeline, pooling: str, dimension: int | None) -> None:
        self._pipeline = pipeline
        self._pooling = pooling
        self._dimension = dimension

    def vector(self, window: list[int], unpooled: int) -> Tensor:
        """Of unit length."""
        found: Any = self._pipeline.encode([window], [unpooled], self._pooling)[0][: self._dimension]
        return torch.nn.functional.normalize(torch.tensor(found, device=self._pipeline.device), dim=-1)

    def reasons(self, window: list[int], unpooled: int, content: Sequence[bool], other: Tensor) -> Integral:
        """What the tokens of a window that are content make of its cosine with `other`."""
        vectors = self._pipeline.differentiable(window, unpooled, self._pooling)
        nothing = without_content(self._pipeline.tokenizer, window, content)

        def score(points: Tensor) -> Tensor:
            return torch.nn.functional.normalize(vectors.of(points)[:, : self._dimension], dim=-1) @ other

        embed = vectors.embeddings.of
        with ALONE:
            return integrated_gradients(score, embed(window), embed(nothing))
