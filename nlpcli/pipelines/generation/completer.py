"""Prompts → completions, many at once, each ending when it ends; imports none of transformers' modelling code."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.models.decoders.base import Decoder
from nlpcli.models.graph.decoder import GraphDecoder, Step
from nlpcli.models.plain_config import longest_context
from nlpcli.pipelines.chat import Messages, prompt_of_messages
from nlpcli.pipelines.generation.continuous import ContinuousBatch, Ending, Request
from nlpcli.pipelines.generation.sampling import Sampling, generator_for
from nlpcli.pipelines.generation.shared import Share, SharedBatches
from nlpcli.pipelines.generation.text_stream import TextStream
from nlpcli.runtime.device import GIBIBYTE, without_gradients

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

    from nlpcli.pipelines.generation.constraint import Constraint, Matcher

log = logging.getLogger(__name__)

# What is drawn where neither the user nor the model says how: transformers' own defaults for this pipeline.
_TEMPERATURE, _TOP_K = 0.7, 50
# Rows beyond this win nothing on a CPU: by then its cores have as much to compute as to read (tests/bench/generate.py).
_CPU_ROWS, _GPU_ROWS = 32, 256
# Padded tokens of prompts in one step, for which rows of others wait: a fifth of a second on two cores.
_CPU_ADMISSION, _GPU_ADMISSION = 512, 4096
# Tokens of keys and values, in all rows together.
_CPU_TOKENS, _GPU_TOKENS_PER_GIBIBYTE = 65_536, 4096


class Completer:
    """`batch`, `request` and `complete` write the texts that follow prompts.

    `model` is a decoder with its `config` and `generation_config`: a module of transformers, `LlamaWeights` or
    `LlamaGraph`.
    """

    batches: type[ContinuousBatch] = ContinuousBatch

    def __init__(
        self, model: Any, tokenizer: PreTrainedTokenizerBase, device: torch.device | None, name: str = "the model"
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        # None: the CPU, by a library that knows no torch.
        self.device = device
        self._name = name
        self._shared = SharedBatches()
        self.longest = longest_context(model.config)
        self.ends = self._end_tokens()

    @property
    def is_chat(self) -> bool:
        """Whether the model has a template for conversations."""
        return bool(self.tokenizer.chat_template)

    def prompt_of_text(self, text: str) -> list[int]:
        """The token ids of a text that is to be continued; at least one."""
        token_ids: list[int] = self.tokenizer(text, return_attention_mask=False)["input_ids"]
        end = _end_added_by(self.tokenizer)
        if end is not None and token_ids[-1:] == [end]:
            # Some tokenizers end every text; one that is to go on must not end.
            token_ids = token_ids[:-1]
        return token_ids or [self._beginning()]

    def prompt_of_messages(self, messages: Messages) -> list[int]:
        """The token ids of a conversation, up to where the model's answer begins.

        Raises:
            Refused: the model's template does not take such a conversation.
        """
        return prompt_of_messages(self.tokenizer, messages, self._name)

    def too_long(self, prompt: list[int]) -> str | None:
        """What is wrong with a prompt that leaves no room for an answer."""
        if len(prompt) < self.longest:
            return None
        return (
            f"the prompt has {len(prompt)} tokens, and the model takes {self.longest} with its answer;"
            " shorten it, or choose a model of a longer context"
        )

    def source_of(self, prompt: list[int]) -> int:  # noqa: ARG002 - an encoder-decoder model has one
        """How many tokens at the head of a prompt are read, but are no part of the text that goes on."""
        return 0

    def sampling(
        self, temperature: float | None = None, top_p: float | None = None, top_k: int | None = None
    ) -> Sampling:
        """What was asked for; else what the model's own `generation_config` says; else transformers' defaults."""
        config = self.model.generation_config
        own = bool(config.do_sample)
        return Sampling(
            temperature=_first(temperature, config.temperature if own else None, _TEMPERATURE),
            top_p=_first(top_p, config.top_p if own else None, 1.0),
            top_k=_first(top_k, config.top_k if own else None, _TOP_K),
            repetition_penalty=_first(config.repetition_penalty, 1.0),
        )

    def greedy(self) -> Sampling:
        """The likeliest token every time."""
        return Sampling(repetition_penalty=_first(self.model.generation_config.repetition_penalty, 1.0))

    def batch(self, sampling: Sampling, budget: int | None = None) -> Share:
        """Rows to `submit` requests to; `budget` in tokens of all rows together, or what the device has room for.

        All who ask for the same at a time share them. To be closed.
        """
        on_cpu = self.device is None or self.device.type == "cpu"
        rows, admission = (_CPU_ROWS, _CPU_ADMISSION) if on_cpu else (_GPU_ROWS, _GPU_ADMISSION)

        def make() -> ContinuousBatch:
            return self.batches(self._decoder(), sampling, self.ends, rows, budget or self._budget(), admission)

        return self._shared.join((sampling, budget), make)

    def request(
        self,
        owner: Any,
        prompt: list[int],
        max_tokens: int,
        seed: int = 0,
        number: int = 0,
        stop: tuple[str, ...] = (),
        constraint: Constraint | None = None,
        closing: int = 0,
    ) -> Request:
        """A prompt for `batch`. `number` tells texts of the same prompt apart; with `seed` it decides what is drawn.

        The last `closing` tokens bring a text with a `constraint` to its end, so that it is valid.
        """
        source = self.source_of(prompt)
        return Request(
            owner,
            prompt,
            max_tokens,
            source=source,
            closing=closing,
            generator=partial(generator_for, seed, prompt, number),
            stream=partial(TextStream, self.tokenizer, prompt[source:], stop),
            matcher=constraint.matcher if constraint else _no_matcher,
        )

    def complete(
        self, prompts: Sequence[list[int]], max_tokens: int, sampling: Sampling | None = None, seed: int = 0
    ) -> list[str]:
        """The completion of each prompt, all at once; greedy unless told otherwise."""
        texts: dict[int, str] = {}
        with closing(self.batch(sampling or self.greedy())) as batch, without_gradients():
            batch.submit(self.request(number, prompt, max_tokens, seed) for number, prompt in enumerate(prompts))
            while not batch.is_idle:
                ended = [event for event in batch.advance() if event.ending]
                if failed := next((event.error for event in ended if event.ending is Ending.FAILED), None):
                    raise failed
                texts |= {event.request.owner: event.text for event in ended}
        return [texts[number] for number in range(len(prompts))]

    def constraint(self, schema: str) -> Constraint:
        """What a JSON Schema allows.

        Raises:
            UsageError: the schema asks for what cannot be guaranteed.
        """
        from nlpcli.pipelines.generation.constraint import Constraint

        return Constraint(schema, getattr(self.tokenizer, "whole", self.tokenizer), sorted(self.ends))

    def _decoder(self) -> Decoder:
        if isinstance(step := getattr(self.model, "step", None), Step):
            return GraphDecoder(step, self.longest)
        from nlpcli.models.decoders.general import GeneralDecoder, shares_its_cache
        from nlpcli.models.decoders.recomputing import RecomputingDecoder
        from nlpcli.models.llama.decoder import LlamaDecoder, has_llama_shape

        if has_llama_shape(self.model.config):
            return LlamaDecoder(self.model, self.longest)
        if shares_its_cache(self.model):
            return GeneralDecoder(self.model, self.longest)
        log.warning(
            "%s is of an architecture (%s) whose rows share no cache: every token reads its whole text again, which is"
            " slow; a model of the families llama, mistral, qwen, gemma or gpt2 is faster",
            self._name,
            self.model.config.model_type,
        )
        return RecomputingDecoder(self.model, self.longest)

    def _budget(self) -> int:
        if self.device is None or self.device.type != "cuda":
            return _CPU_TOKENS
        import torch

        memory: int = torch.cuda.get_device_properties(self.device).total_memory
        return max(_CPU_TOKENS, _GPU_TOKENS_PER_GIBIBYTE * (memory // GIBIBYTE))

    def _end_tokens(self) -> frozenset[int]:
        ends: set[int] = set()
        for end in (self.model.generation_config.eos_token_id, self.tokenizer.eos_token_id):
            ends |= set(_as_list(end))
        return frozenset(ends)

    def _beginning(self) -> int:
        """What stands for an empty text."""
        candidates = [self.tokenizer.bos_token_id, self.model.generation_config.bos_token_id, *sorted(self.ends)]
        known = [token for token in candidates if token is not None]
        if not known:
            raise ModelUnusable(
                f"{quoted(self._name)} has no token to begin a text with; give it a prompt that is not empty"
            )
        return int(known[0])


def _no_matcher() -> Matcher | None:
    return None


def _first(*values: Any) -> Any:
    return next(value for value in values if value is not None)


def _as_list(value: int | Iterable[int] | None) -> list[int]:
    if value is None:
        return []
    return [value] if isinstance(value, int) else list(value)


def _end_added_by(tokenizer: Any) -> int | None:
    """The end token, where the tokenizer puts it behind every text."""
    empty = tokenizer("")["input_ids"]
    return empty[-1] if empty and empty[-1] == tokenizer.eos_token_id != tokenizer.bos_token_id else None
