"""Text → vector: transformers' feature-extraction pipeline with batches of its own making.

The pipeline in transformers takes one text at a time (or pads every batch as it comes), computes the mask even
where nothing is padded, and returns one vector per token as nested Python lists. Here the unit is a window of
token ids; a text longer than the model's limit gives several, and nothing is cut away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import FeatureExtractionPipeline, PreTrainedTokenizerBase
from transformers.pipelines import PIPELINE_REGISTRY

from nlpcli.device import Placement
from nlpcli.models.loading import load_encoder, load_tokenizer, longest_input
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.pooling import SentenceConfig, read_sentence_config

TASK = "text-embedding"
Window = list[int]
"""Token ids of a text, or of one part of a long one, with the special tokens around it."""


class EmbeddingPipeline(FeatureExtractionPipeline):  # type: ignore[misc]
    """`pipeline(text)` gives the vector of a text as a list of floats; `windows` and `encode` do it in batches."""

    def __init__(self, *args: Any, sentence_config: SentenceConfig | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sentence_config = sentence_config or SentenceConfig()
        limit = longest_input(self.model.config, self.tokenizer)
        self.longest_input = min(self.sentence_config.longest_input or limit, limit)
        self._prefix, self._suffix = _special_tokens(self.tokenizer)
        pad_token_id = self.tokenizer.pad_token_id
        self._padding = 0 if pad_token_id is None else pad_token_id

    def windows(self, texts: Sequence[str]) -> list[list[Window]]:
        """The windows of each text; most texts have one, an empty text without special tokens has none."""
        if self.sentence_config.lower_case:
            texts = [text.lower() for text in texts]
        encoded = self.tokenizer(
            list(texts),
            truncation=False,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        return [self._cut(token_ids) for token_ids in encoded["input_ids"]]

    def _cut(self, token_ids: Window) -> list[Window]:
        if len(token_ids) <= self.longest_input:
            return [token_ids] if token_ids else []
        inner = token_ids[len(self._prefix) : len(token_ids) - len(self._suffix)]
        # Windows of equal length: a last one of three words would say little and weigh as a vector.
        room = self.longest_input - len(self._prefix) - len(self._suffix)
        count = -(-len(inner) // room)
        size = -(-len(inner) // count)
        return [[*self._prefix, *inner[start : start + size], *self._suffix] for start in range(0, len(inner), size)]

    def encode(
        self, windows: Sequence[Window], unpooled: Sequence[int] | None = None
    ) -> np.ndarray[Any, np.dtype[np.float32]]:
        """One vector per window: (windows, dimension) float32, as the model's own modules make them, not normalised.

        `unpooled` says how many tokens at the start of each window (those of a prompt) the pooling leaves out.
        """
        # oneDNN keeps compiled code for every shape that it has seen: few row counts keep a long stream's memory flat.
        missing = _rounded_rows(len(windows)) - len(windows)
        rows = [*windows, *([windows[-1]] * missing)]
        masked = None if unpooled is None else [*unpooled, *([0] * missing)]
        with torch.inference_mode():
            vectors = self._forward(self._collate(rows), masked)[: len(windows)]
            return vectors.cpu().numpy()  # type: ignore[no-any-return]

    def _collate(self, windows: Sequence[Window]) -> dict[str, Tensor]:
        """Padded on the right; without a mask where nothing is padded, which spares the model its arithmetic."""
        longest = max(map(len, windows))
        rows = [window + [self._padding] * (longest - len(window)) for window in windows]
        inputs = {"input_ids": torch.tensor(rows, device=self.device)}
        if any(len(window) < longest for window in windows):
            lengths = torch.tensor([len(window) for window in windows], device=self.device)
            positions = torch.arange(longest, device=self.device)
            inputs["attention_mask"] = (positions[None, :] < lengths[:, None]).long()
        return inputs

    def _forward(self, model_inputs: dict[str, Tensor], unpooled: Sequence[int] | None = None) -> Tensor:
        hidden_states = self.model(**model_inputs).last_hidden_state.float()
        mask = model_inputs.get("attention_mask")
        if mask is None:
            mask = torch.ones(hidden_states.shape[:2], dtype=torch.long, device=hidden_states.device)
        if unpooled is not None and any(unpooled):
            positions = torch.arange(mask.shape[1], device=self.device)
            mask = mask * (positions >= torch.tensor(unpooled, device=self.device)[:, None])
        return self.sentence_config.pool(hidden_states, mask)

    def _sanitize_parameters(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        kwargs.pop("sentence_config", None)
        if kwargs:
            raise TypeError(f"unknown parameters: {', '.join(kwargs)}")
        return {}, {}, {}

    def preprocess(self, inputs: str) -> dict[str, Tensor]:
        """The windows of one text as a batch."""
        (windows,) = self.windows([inputs])
        return self._collate(windows or [[self._padding]])

    def postprocess(self, model_outputs: Tensor) -> list[float]:
        """The average over the windows, of unit length where the model's own vectors have it."""
        vector = model_outputs.mean(0)
        if self.sentence_config.normalize:
            vector = torch.nn.functional.normalize(vector, dim=-1)
        return vector.tolist()  # type: ignore[no-any-return]


def _rounded_rows(count: int) -> int:
    """`count`, or a little more: at most four values between a power of two and the next."""
    step = 1 << max(0, count.bit_length() - 3)
    return -(-count // step) * step


def _special_tokens(tokenizer: PreTrainedTokenizerBase) -> tuple[Window, Window]:
    """What the tokenizer puts before and behind a text, found by asking it for one."""
    plain = tokenizer("a", add_special_tokens=False)["input_ids"]
    whole = tokenizer("a")["input_ids"]
    for start in range(len(whole) - len(plain) + 1):
        if whole[start : start + len(plain)] == plain:
            return whole[:start], whole[start + len(plain) :]
    return [], []


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
        task=TASK,
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


def _register() -> None:
    from transformers import AutoModel

    PIPELINE_REGISTRY.register_pipeline(TASK, pipeline_class=EmbeddingPipeline, pt_model=AutoModel, type="text")


_register()
