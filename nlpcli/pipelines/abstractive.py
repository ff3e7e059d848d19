"""Passages → summaries in the model's own words: one way for encoder-decoder models and for decoders with a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from transformers import PreTrainedTokenizerBase

from nlpcli.errors import ModelUnusable, OutOfMemory
from nlpcli.models.loading import is_encoder_decoder, load_seq2seq, load_tokenizer
from nlpcli.models.preparing import longest_input
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.generation.completer import Completer
from nlpcli.pipelines.generation.continuous import Ending
from nlpcli.pipelines.generation.loading import load_completer
from nlpcli.pipelines.v4.summarization import SummarizationPipeline
from nlpcli.pipelines.windows import Window
from nlpcli.runtime.device import Placement
from nlpcli.text.detection import detect
from nlpcli.text.sentences import Passage, passages

# A summary may be that much longer than it should be; what is unfinished then is left out.
_SLACK = 1.5
# Limits are rounded up to multiples of that, so that texts of about equal length can share a batch.
_STEP = 32
# A decoder's context holds text and summary: this part is for the summary, up to so many tokens.
_SHARE_OF_SUMMARY = 4
_MAX_TOKENS_OF_SUMMARY = 1024
# Where the model cuts a passage otherwise than its sentences, passages are made this much smaller.
_SMALLER = 0.9
# What neither positions nor tokenizer limit, training does: T5 read 512 tokens, mT5 1,024.
_NO_LIMIT = 10**9
_TRAINED_ON = {"t5": 512, "mt5": 1024, "umt5": 1024}


class Lengths(NamedTuple):
    """How long a summary is to be, in tokens."""

    least: int
    most: int


class Written(NamedTuple):
    """A summary, and whether the model came to its end; `is_number`: it computed words, not NaN."""

    text: str
    finished: bool
    is_number: bool = True


class Writer(Protocol):
    """Writes summaries; `room` is how many tokens of text a passage may have."""

    room: int
    longest_summary: int

    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...

    def encode(self, passage: str, words: int) -> Window:
        """What the model is to read for a summary of about `words` words."""

    def fits(self, window: Window) -> bool: ...

    def write(self, windows: Sequence[Window], lengths: Lengths) -> list[Written]: ...


def passages_for(writer: Writer, text: str, words: int) -> list[Passage]:
    """The passages of a text, each short enough for the writer."""
    room = writer.room
    while True:
        found = passages(text, writer.count_tokens, room)
        if all(writer.fits(writer.encode(passage.text, words)) for passage in found) or room <= 1:
            return found
        room = int(room * _SMALLER)


def lengths_for(writer: Writer, passage: Passage, words_of_passage: int, target: int, at_least_half: bool) -> Lengths:
    """The tokens of a summary of `target` words of a passage; the passage says how many tokens a word has."""
    tokens = target * passage.tokens / max(1, words_of_passage)
    most = -(-int(tokens * _SLACK + 1) // _STEP) * _STEP
    most = min(most, writer.longest_summary)
    return Lengths(min(int(tokens / 2), most - 1) if at_least_half else 0, most)


class EncoderDecoderWriter:
    """A model that was trained to summarize (BART, T5, Pegasus, LED …) reads a passage behind its own prefix."""

    def __init__(self, pipeline: SummarizationPipeline) -> None:
        self._pipeline = pipeline
        config = pipeline.model.config
        self._longest = _longest_input(config, pipeline.tokenizer)
        self.room = self._longest - len(self.encode("", 0))
        positions = getattr(config, "max_decoder_position_embeddings", None) or getattr(
            config, "max_position_embeddings", None
        )
        # The first token is the one that starts the decoder.
        self.longest_summary = min(positions or _MAX_TOKENS_OF_SUMMARY, _MAX_TOKENS_OF_SUMMARY) - 1
        if self.room < 1:
            raise ModelUnusable(f"the model takes {self._longest} tokens, fewer than its prefix has; choose another")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special ones left out."""
        return _count_tokens(self._pipeline.tokenizer, texts)

    def encode(self, passage: str, words: int) -> Window:  # noqa: ARG002 - a decoder's prompt says them
        """Token ids of prefix and passage."""
        window: Window = self._pipeline.tokenizer(self._pipeline.prefix + passage)["input_ids"]
        return window

    def fits(self, window: Window) -> bool:
        """Whether the model takes so many tokens at a time."""
        return len(window) <= self._longest

    def write(self, windows: Sequence[Window], lengths: Lengths) -> list[Written]:
        """The summary of each window, greedy or with beams as the model's configuration says."""
        own = self._pipeline.generation_options({}).get("min_length")
        own = own or self._pipeline.model.generation_config.min_length or 0
        least = lengths.least or min(own, lengths.most // 2)
        outputs = self._pipeline.generate(windows, max_new_tokens=lengths.most, min_length=least)
        return [_written(self._pipeline.tokenizer, output, lengths) for output in outputs]


@dataclass(frozen=True, slots=True)
class _Prompt:
    """How a decoder is asked: as a chat where it has a template, else by what comes before a summary in its texts."""

    request: str
    continuation: str


_PROMPTS = {
    "zh": _Prompt("用大约{words}个字概括下面的文字：\n\n{text}", "{text}\n\n摘要："),
    "": _Prompt(
        "Summarize the following text in about {words} words, in the language of the text:\n\n{text}",
        "{text}\n\nTL;DR:",
    ),
    "en": _Prompt("Summarize the following text in about {words} words:\n\n{text}", "{text}\n\nTL;DR:"),
}


class PromptWriter:
    """A decoder (SmolLM2, Qwen, Llama …) is asked for a summary."""

    def __init__(self, completer: Completer) -> None:
        self._completer = completer
        self._longest = min(completer.longest, longest_input(completer.model.config, completer.tokenizer))
        self.longest_summary = min(self._longest // _SHARE_OF_SUMMARY, _MAX_TOKENS_OF_SUMMARY)
        self.room = self._longest - self.longest_summary - max(len(self._ask(p, "", 9999)) for p in _PROMPTS.values())
        if self.room < 1:
            raise ModelUnusable(f"the model takes {self._longest} tokens, too few for prompt and text; choose another")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        return _count_tokens(self._completer.tokenizer, texts)

    def encode(self, passage: str, words: int) -> Window:
        """The prompt, in the language of the passage where there is one in it."""
        return self._ask(_PROMPTS.get(detect(passage).code, _PROMPTS[""]), passage.strip(), words)

    def _ask(self, prompt: _Prompt, text: str, words: int) -> Window:
        if not self._completer.is_chat:
            return self._completer.prompt_of_text(prompt.continuation.format(text=text, words=words))
        request = prompt.request.format(text=text, words=words)
        return self._completer.prompt_of_messages([{"role": "user", "content": request}])

    def fits(self, window: Window) -> bool:
        """Whether the model takes so many tokens, with a summary behind them."""
        return len(window) <= self._longest - self.longest_summary

    def write(self, windows: Sequence[Window], lengths: Lengths) -> list[Written]:
        """The model's most likely answer to each prompt.

        Raises:
            OutOfMemory: not even one text fits into memory.
        """
        written: dict[int, Written] = {}
        with closing(self._completer.batch(self._completer.greedy())) as batch, torch.inference_mode():
            batch.submit(self._completer.request(number, window, lengths.most) for number, window in enumerate(windows))
            while not batch.is_idle:
                ended = [event for event in batch.advance() if event.ending is not None]
                if any(event.ending is Ending.MEMORY for event in ended):
                    raise OutOfMemory("a window does not fit into memory; use --device cpu, or a smaller model")
                if failed := next((event.error for event in ended if event.ending is Ending.FAILED), None):
                    raise failed
                written |= {
                    e.request.owner: Written(
                        e.text.strip(), e.ending is Ending.END, e.ending is not Ending.NOT_A_NUMBER
                    )
                    for e in ended
                }
        return [written[number] for number in range(len(windows))]


def _count_tokens(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[int]:
    if not texts:
        return []
    encoded = tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False)
    return [len(token_ids) for token_ids in encoded["input_ids"]]


def _written(tokenizer: PreTrainedTokenizerBase, output: Window, lengths: Lengths) -> Written:
    text = tokenizer.decode(output, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    # Where the limit cuts a character of several tokens, its beginning is none.
    return Written(text.rstrip("\ufffd").strip(), len(output) < lengths.most)


def _longest_input(config: Any, tokenizer: PreTrainedTokenizerBase) -> int:
    limits = [longest_input(config, tokenizer)]
    if positions := getattr(config, "max_encoder_position_embeddings", None):
        limits.append(positions)
    if tokenizer.model_max_length > _NO_LIMIT and config.model_type in _TRAINED_ON:
        limits.append(_TRAINED_ON[config.model_type])
    return min(limits)


def load_writer(model: LocalModel, placement: Placement) -> Writer:
    """The model as a writer of summaries, on its device.

    Raises:
        ModelError: the folder does not hold a model that writes, or an unsafe one.
    """
    if not is_encoder_decoder(model):
        return PromptWriter(load_completer(model, placement))
    tokenizer = load_tokenizer(model)
    device = torch.device(placement.device)
    module = load_seq2seq(model, placement)
    return EncoderDecoderWriter(
        SummarizationPipeline(model=module, tokenizer=tokenizer, device=device, task="summarization")
    )
