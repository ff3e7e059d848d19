"""Bergamot's and Firefox's students as translators: greedily by our own loop, with beams by transformers."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, cast

import torch
from torch import Tensor

from nlpcli.models.reference import LocalModel
from nlpcli.models.students.greedy import GreedyTranslator, Translated
from nlpcli.models.students.loading import Student, load_student, load_tokenizer
from nlpcli.models.students.shortlist import SHORTLIST_FILE, Shortlist
from nlpcli.pipelines.attribution.erasable import Erasable, words_of
from nlpcli.pipelines.attribution.erasure import seq2seq_logs
from nlpcli.pipelines.finite_logits import FINITE
from nlpcli.pipelines.translation.coverage import Source, left_out, may_leave_out
from nlpcli.pipelines.translation.inline import Link
from nlpcli.pipelines.translation.translators import (
    WIDER,
    Translation,
    TranslationRequest,
    cross_attention,
    link_pieces,
    mean_log_probabilities,
    offsets_of,
    padded,
    place_without_space,
)
from nlpcli.pipelines.translation.vocabulary import Lexicon, Vocabulary
from nlpcli.runtime.decode_slots import DecodeSlots
from nlpcli.runtime.device import Placement
from nlpcli.runtime.precision import ASKED, Kernel

log = logging.getLogger(__name__)

# Sentences whose token ids are kept: about those of two look-ahead windows.
_REMEMBERED = 8192
# On CPU a step of the decoder is mostly small operations; twice the rows halve their number (docs/decisions/0018).
_CPU_BATCH_TOKENS = 2048


class BergamotModel:
    """A student model on its device, with its greedy loop."""

    def __init__(
        self,
        student: Student,
        tokenizer: Any,
        shortlist: Shortlist | None,
    ) -> None:
        self.weights = student.weights
        self._load_module = student.module
        precision = student.precision
        self.config, self.device = student.weights.config, student.weights.device
        self.tokenizer = tokenizer
        self.int8 = precision.kernel is Kernel.INT8_STATIC
        self._asked = precision.reason == ASKED
        self.greedy = GreedyTranslator(student.weights, shortlist, precision.kernel)
        # A sentence is measured first and translated later, in a batch.
        self.vocabulary = Vocabulary(tokenizer)
        self.encoding = lru_cache(_REMEMBERED)(tokenizer.encoding)

    def translator(self, request: TranslationRequest) -> BergamotTranslator:
        if request.beams > 1 and self.int8 and self._asked:
            config = self.config
            pair = f"{config.source_language}→{config.target_language}"
            log.warning("int8 is for --beams 1: with %d beams %s computes in float32", request.beams, pair)
        return BergamotTranslator(self, request.beams, request.shortlist, request.scored)

    @cached_property
    def module(self) -> Any:
        """The module of transformers, to search with beams: it is not made before it is needed."""
        return self._load_module()

    @cached_property
    def exact(self) -> Any:
        """The weights in float32, in which scores do not depend on the batch."""
        return self.weights if self.weights.dtype == torch.float32 else copy.deepcopy(self.weights).float()


class BergamotTranslator:
    """A student model, decoded greedily by our own loop; with beams by `generate`."""

    reads_sentences = True

    def __init__(self, model: BergamotModel, beams: int, shortlisted: bool, scored: bool = False) -> None:
        self._model = model
        self._exact = model.exact if scored else None
        self._config = model.config
        self._tokenizer = model.tokenizer
        self._beams = beams
        self._shortlisted = shortlisted
        # In int8, encoding a batch takes about as long as decoding it (docs/decisions/0018).
        self.decode_slots = DecodeSlots() if model.int8 and beams == 1 else None
        self.batch_tokens = _CPU_BATCH_TOKENS if model.device.type == "cpu" else None
        self._greedy = model.greedy
        self._encoding = model.encoding
        self.longest_input = min(int(self._tokenizer.model_max_length), self._config.longest_sentence)
        self.source: str | None = self._config.source_language
        self.target: str | None = self._config.target_language
        self.vocabulary: Lexicon = model.vocabulary

    def cost(self, text: str, source: str) -> int:  # noqa: ARG002
        return len(self._ids(text))

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._encoding(text).ids
        return ids

    def wider(self) -> BergamotTranslator:
        return BergamotTranslator(self._model, WIDER * self._beams, self._shortlisted, self._exact is not None)

    def translate(self, texts: Sequence[str], source: str, linked: bool) -> list[Translation]:
        rows = [self._ids(text) for text in texts]
        found = self._decoded(rows)
        decoded = self._tokenizer.batch_decode([row.token_ids for row in found])
        links = self._links(texts, rows, found) if linked else [()] * len(texts)
        parts = self._left_out(texts, source, rows, found, decoded)
        scores = [None] * len(texts) if self._exact is None else self._scores(self._exact, rows, found)
        return [
            Translation(text, row.complete, link, part, score)
            for text, row, link, part, score in zip(decoded, found, links, parts, scores, strict=True)
        ]

    def erasable(self, text: str, translation: str, source: str) -> Erasable:  # noqa: ARG002
        config = self._config
        row = self._ids(text)
        written: list[int] = self._tokenizer(text_target=translation, add_special_tokens=False)["input_ids"]
        logs = seq2seq_logs(self._model.exact, written, [config.decoder_start_token_id], config.pad_token_id)
        places = [place_without_space(text, *place) for place in offsets_of(self._tokenizer, text)][: len(row)]
        places += [None] * (len(row) - len(places))
        return Erasable(text, row, places, logs, words_of(self._tokenizer, written, translation))

    def texts_of(self, rows: list[list[int]]) -> list[str]:
        """The translations of token ids."""
        decoded: list[str] = self._tokenizer.batch_decode([row.token_ids for row in self._decoded(rows)])
        return decoded

    def translate_scored(self, texts: Sequence[str], source: str) -> list[Translation]:  # noqa: ARG002
        rows = [self._ids(text) for text in texts]
        found = self._decoded(rows)
        decoded = self._tokenizer.batch_decode([row.token_ids for row in found])
        scores = self._scores(self._exact or self._model.weights, rows, found)
        return [
            Translation(text, row.complete, score=score)
            for text, row, score in zip(decoded, found, scores, strict=True)
        ]

    def _scores(self, module: Any, rows: list[list[int]], found: list[Translated]) -> list[float]:
        config = self._config
        ids = [[*row.token_ids, *([config.eos_token_id] if row.complete else [])] for row in found]
        return mean_log_probabilities(module, rows, ids, config.decoder_start_token_id)

    def _left_out(
        self, texts: Sequence[str], source: str, rows: list[list[int]], found: list[Translated], decoded: Sequence[str]
    ) -> list[str]:
        """For each text, its part that the translation did not look at."""
        weights = self._looked_at(rows, found)
        parts = []
        for text, row, translated, translation, weight in zip(texts, rows, found, decoded, weights, strict=True):
            looked_at = weight[: len(row) - 1].float().cpu().numpy()
            if not translated.complete or not may_leave_out(text, translation, looked_at):
                parts.append("")
                continue
            offsets = self._encoding(text).offsets
            is_common = self.vocabulary.has_word
            parts.append(left_out(Source(text, source, offsets, looked_at, is_common), translation))
        return parts

    def _looked_at(self, rows: list[list[int]], found: list[Translated]) -> list[Tensor]:
        """What the greedy loop notes; computed for translations that came another way."""
        if all(translated.looked_at is not None for translated in found):
            return [cast("Tensor", translated.looked_at) for translated in found]
        shifted = [[self._config.decoder_start_token_id, *translated.token_ids] for translated in found]
        weights = cross_attention(self._model.weights, rows, shifted)[:, 0]
        return [of_row[: len(ids)].amax(0) for of_row, ids in zip(weights, shifted, strict=True)]

    def _decoded(self, rows: list[list[int]]) -> list[Translated]:
        if self._beams > 1:
            return self._with_beams(rows)
        return self._greedy(rows, self._shortlisted, self.decode_slots)

    def _with_beams(self, rows: list[list[int]]) -> list[Translated]:
        module = self._model.module
        inputs = padded(rows, self._config.pad_token_id, self._model.device)
        with torch.inference_mode():
            output = module.generate(**inputs, **FINITE, num_beams=self._beams)
        return [_until_end(row, self._config) for row in output[:, 1:].tolist()]

    def _links(self, texts: Sequence[str], rows: list[list[int]], found: list[Translated]) -> list[Sequence[Link]]:
        """By head 0 of the last decoder layer, which was trained on word alignments (Marian's guided alignment)."""
        config = self._config
        targets = [row.token_ids for row in found]
        shifted = [[config.decoder_start_token_id, *ids[:-1]] for ids in targets]
        weights = cross_attention(self._model.weights, rows, shifted)[:, 0]
        return [
            link_pieces(self._tokenizer, text, ids, row_weights[: len(ids), : len(row)])
            for text, row, ids, row_weights in zip(texts, rows, targets, weights, strict=True)
        ]


def _until_end(ids: list[int], config: Any) -> Translated:
    ends = [place for place, token in enumerate(ids) if token == config.eos_token_id]
    kept = ids[: ends[0]] if ends else ids
    return Translated([token for token in kept if token != config.pad_token_id], bool(ends))


def load_bergamot(model: LocalModel, placement: Placement) -> BergamotModel:
    """The student model in a folder, on its device.

    Raises:
        ModelError: the folder does not hold one.
        UsageError: it cannot be computed in the format that was asked for, here or anywhere.
    """
    tokenizer = load_tokenizer(model)
    student = load_student(model, placement)
    path = model.folder / SHORTLIST_FILE
    shared = bool(student.weights.config.share_encoder_decoder_embeddings)
    shortlist = Shortlist(path, shared) if path.is_file() else None
    return BergamotModel(student, tokenizer, shortlist)
