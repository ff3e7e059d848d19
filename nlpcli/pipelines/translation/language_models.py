"""Language models that are asked to translate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from nlpcli.models.preparing import longest_input
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.attribution.erasable import Erasable, places_in, words_of
from nlpcli.pipelines.attribution.erasure import causal_logs
from nlpcli.pipelines.chat import prompt_of_messages
from nlpcli.pipelines.finite_logits import FINITE
from nlpcli.pipelines.translation.translators import (
    WIDER,
    Translation,
    TranslationRequest,
    Translator,
    ids_of,
    most_new_tokens,
    padded,
    target_of,
    up_to,
)
from nlpcli.pipelines.translation.vocabulary import Lexicon, Vocabulary
from nlpcli.runtime.decode_slots import DecodeSlots
from nlpcli.text.languages import name_of

# A language model reads its prompt beside the text, and writes as much again.
_SHARE_OF_CONTEXT = 4


class CausalModel:
    """A language model on its device."""

    def __init__(self, model: LocalModel, module: Any, tokenizer: PreTrainedTokenizerBase) -> None:
        self._model = model
        self._module = module
        self._tokenizer = tokenizer

    def translator(self, request: TranslationRequest) -> Translator:
        target = target_of(self._model, request)
        return CausalTranslator(self._module, self._tokenizer, target, request.beams, request.scored, self._model.name)


class CausalTranslator:
    """A language model that is asked to translate; it reads whole lines and has no alignment to give."""

    batch_tokens: int | None = None
    decode_slots: DecodeSlots | None = None
    reads_sentences = False

    def __init__(
        self,
        module: Any,
        tokenizer: PreTrainedTokenizerBase,
        target: str,
        beams: int,
        scored: bool = False,
        name: str = "the model",
    ) -> None:
        self._name = name
        self._scored = scored
        self._module = module
        self._tokenizer = tokenizer
        self._beams = beams
        self.longest_input = max(16, longest_input(module.config, tokenizer) // _SHARE_OF_CONTEXT)
        self.source: str | None = None
        self.target: str | None = target
        self.vocabulary: Lexicon = Vocabulary(tokenizer)

    def cost(self, text: str, source: str) -> int:  # noqa: ARG002
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def wider(self) -> CausalTranslator:
        target = self.target or ""
        return CausalTranslator(self._module, self._tokenizer, target, WIDER * self._beams, self._scored, self._name)

    def prompt(self, text: str, source: str) -> list[int]:
        """The ids of the question, by the model's own chat template where it has one."""
        if self._tokenizer.chat_template:
            question = (
                f"Translate the following text from {name_of(source)} into {name_of(self.target or '')}."
                f" Answer with the translation only.\n\n{text}"
            )
            return prompt_of_messages(self._tokenizer, [{"role": "user", "content": question}], self._name)
        plain: list[int] = self._tokenizer(f"{name_of(source)}: {text}\n{name_of(self.target or '')}:")["input_ids"]
        return plain

    def translate(self, texts: Sequence[str], source: str, linked: bool) -> list[Translation]:  # noqa: ARG002
        rows = [self.prompt(text, source) for text in texts]
        end = ids_of(self._module.generation_config.eos_token_id) or ids_of(self._tokenizer.eos_token_id)
        padding = self._tokenizer.pad_token_id
        padding = min(end, default=0) if padding is None else padding
        inputs = padded(rows, padding, self._module.device, left=True)
        longest = max(self.cost(text, source) for text in texts)
        with torch.inference_mode():
            output = self._module.generate(
                **inputs, **FINITE, num_beams=self._beams, do_sample=False, pad_token_id=padding,
                max_length=None, max_new_tokens=most_new_tokens(longest),
            )  # fmt: skip
        found = [up_to(row, end) for row in output[:, inputs["input_ids"].shape[1] :].tolist()]
        scores = self._scores(rows, found, padding) if self._scored else [None] * len(texts)
        return [self._answer(ids, end)._replace(score=score) for ids, score in zip(found, scores, strict=True)]

    def translate_scored(self, texts: Sequence[str], source: str) -> list[Translation]:
        return self.translate(texts, source, False)

    def erasable(self, text: str, translation: str, source: str) -> Erasable:
        row = self.prompt(text, source)
        written: list[int] = self._tokenizer(translation, add_special_tokens=False)["input_ids"]
        places = places_in(self._tokenizer, text, row)
        logs = causal_logs(self._module, written, self._tokenizer.pad_token_id or 0)
        return Erasable(text, row, places, logs, words_of(self._tokenizer, written, translation))

    def _scores(self, rows: Sequence[list[int]], found: Sequence[list[int]], padding: int) -> list[float]:
        """The mean log-probability of each answer behind its prompt."""
        whole = padded([[*row, *ids] for row, ids in zip(rows, found, strict=True)], padding, self._module.device)
        with torch.inference_mode():
            logs = self._module(**whole, use_cache=False).logits.float().log_softmax(-1)
        scores = []
        for row, ids, of_row in zip(rows, found, logs, strict=True):
            behind = of_row[len(row) - 1 : len(row) - 1 + len(ids)]
            chosen = behind.gather(-1, torch.tensor(ids, device=behind.device)[:, None])
            scores.append(float(chosen.mean()) if ids else 0.0)
        return scores

    def _answer(self, ids: list[int], end: set[int]) -> Translation:
        text = self._tokenizer.decode(ids, skip_special_tokens=True).strip()
        # A line of the source is a line of the translation, whatever the model goes on to say.
        first_line, _, more = text.partition("\n")
        return Translation(first_line.strip(), bool(end & set(ids)) or bool(more))
