"""Prompts → the texts that an encoder-decoder model makes of them, by the same way as a decoder's completions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from transformers import PreTrainedTokenizerBase

from nlpcli.errors import ModelUnusable, UsageError, quoted
from nlpcli.models.decoders.base import Decoder
from nlpcli.models.decoders.seq2seq import Seq2SeqDecoder
from nlpcli.models.loading import load_seq2seq
from nlpcli.models.plain_config import longest_context
from nlpcli.models.preparing import longest_input
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.generation.completer import Completer
from nlpcli.pipelines.generation.continuous import ContinuousBatch, Request
from nlpcli.pipelines.v4.text2text import Text2TextGenerationPipeline
from nlpcli.runtime.device import Placement

if TYPE_CHECKING:
    from nlpcli.pipelines.generation.constraint import Constraint


class Waves(ContinuousBatch):
    """Prompts join in waves, when half of the rows are free: only rows that began together are computed together."""

    def _admit(self, admitted: list[Request]) -> None:
        if len(self._rows) * 2 <= self._most_rows:
            super()._admit(admitted)


class Seq2SeqCompleter(Completer):
    """A prompt is the tokens of the source, behind the model's own prefix, and the token that starts the decoder."""

    batches = Waves

    def __init__(self, pipeline: Text2TextGenerationPipeline, name: str) -> None:
        super().__init__(pipeline.model, pipeline.tokenizer, pipeline.device, name)
        config = pipeline.model.config
        positions = getattr(config, "max_encoder_position_embeddings", None)
        self._longest_source = min(longest_input(config, pipeline.tokenizer), positions or 1 << 20)
        self.longest = getattr(config, "max_decoder_position_embeddings", None) or longest_context(config)
        self._prefix = pipeline.prefix
        self._start = _start_token(pipeline, name)

    @property
    def is_chat(self) -> bool:
        """No: these models know texts, not conversations."""
        return False

    def prompt_of_text(self, text: str) -> list[int]:
        """The token ids of the source as the model was trained to read it, then the one that starts the decoder."""
        token_ids: list[int] = self.tokenizer(self._prefix + text)["input_ids"]
        return [*(token_ids or [self._beginning()]), self._start]

    def too_long(self, prompt: list[int]) -> str | None:
        """What is wrong with a source that the encoder has no room for."""
        source = self.source_of(prompt)
        if source <= self._longest_source:
            return None
        return (
            f"the prompt has {source} tokens, and the model reads {self._longest_source}; shorten it, or choose a"
            " model of a longer input"
        )

    def source_of(self, prompt: list[int]) -> int:
        """All but the token that starts the decoder."""
        return len(prompt) - 1

    def constraint(self, schema: str) -> Constraint:  # noqa: ARG002 - the signature of every completer
        """Never: T5's tokens, for one, have no braces.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            f"--schema needs a model that continues text; {quoted(self._name)} turns one text into another:"
            " choose another with -m, or leave --schema out"
        )

    def _decoder(self) -> Decoder:
        return Seq2SeqDecoder(self.model, self.longest)


def _start_token(pipeline: Text2TextGenerationPipeline, name: str) -> int:
    settings = pipeline.model.generation_config
    for start in (settings.decoder_start_token_id, settings.bos_token_id):
        if start is not None:
            return int(start if isinstance(start, int) else start[0])
    raise ModelUnusable(f"{quoted(name)} does not say which token starts its decoder (decoder_start_token_id)")


def load_seq2seq_completer(
    model: LocalModel, placement: Placement, tokenizer: PreTrainedTokenizerBase
) -> Seq2SeqCompleter:
    """What writes with an encoder-decoder model, on its device.

    Raises:
        ModelError: the folder does not hold such a model, or an unsafe one.
    """
    module = load_seq2seq(model, placement)
    device = torch.device(placement.device)
    pipeline = Text2TextGenerationPipeline(
        model=module, tokenizer=tokenizer, device=device, task="text2text-generation"
    )
    return Seq2SeqCompleter(pipeline, model.name)
