"""Translation models of the hub: what each family wants to be told of languages, and where."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from transformers import PreTrainedTokenizerBase

from nlpcli.errors import ModelUnusable, UsageError, quoted
from nlpcli.models.loading import is_encoder_decoder, load_causal_lm, load_seq2seq, load_tokenizer
from nlpcli.models.preparing import longest_input
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.attribution.erasable import Erasable, words_of
from nlpcli.pipelines.attribution.erasure import seq2seq_logs
from nlpcli.pipelines.finite_logits import FINITE
from nlpcli.pipelines.translation.inline import Link
from nlpcli.pipelines.translation.language_models import CausalModel
from nlpcli.pipelines.translation.translators import (
    WIDER,
    Translation,
    TranslationModel,
    TranslationRequest,
    Translator,
    cross_attention,
    ids_of,
    link_pieces,
    mean_log_probabilities,
    most_new_tokens,
    offsets_of,
    padded,
    place_without_space,
    target_of,
)
from nlpcli.pipelines.translation.vocabulary import Lexicon, Vocabulary
from nlpcli.runtime.decode_slots import DecodeSlots
from nlpcli.runtime.device import Placement
from nlpcli.text.languages import Family, code_of, family_code, name_of, nearest_codes

# They were trained on sentences, hardly any of them longer; what they do with longer ones was not measured.
_LONGEST_SENTENCE = 128
_NAME_WITH_PAIR = re.compile(r"[-_/]([a-z]{2,3})-([a-z]{2,3})$", re.IGNORECASE)


class Speech(NamedTuple):
    """How a family is told what to do: what stands before a text, and which token begins the translation."""

    prefix: Callable[[str], str]
    source_code: Callable[[str], str | None]
    first_token: int | None


def _nothing(source: str) -> str:  # noqa: ARG001
    return ""


def _no_code(source: str) -> None:  # noqa: ARG001
    return None


def load_family(model: LocalModel, placement: Placement) -> TranslationModel:
    """A model of the hub.

    Raises:
        ModelError: the folder holds no model that translates.
    """
    tokenizer = load_tokenizer(model)
    if not is_encoder_decoder(model):
        return CausalModel(model, load_causal_lm(model, placement), tokenizer)
    module = load_seq2seq(model, placement)
    kind = module.config.model_type
    if kind not in _FAMILIES:
        raise ModelUnusable(
            f"{quoted(model.name)} is a {kind} model, of which nlpcli does not know how it is told to translate;"
            f" families that it knows: {', '.join(_FAMILIES)}, bergamot, and language models"
        )
    return Seq2SeqModel(model, module, tokenizer)


def _with_codes(
    model: LocalModel, tokenizer: PreTrainedTokenizerBase, request: TranslationRequest, family: Family
) -> tuple[Speech, str]:
    """M2M-100, NLLB, mBART-50: a token for each language, of the source in the input, of the target as first output."""
    target = target_of(model, request)
    known = _language_tokens(tokenizer)

    def code(language: str) -> str:
        found = family_code(language, family)
        if found is None or found not in known:
            raise UsageError(_unknown(model, language, known))
        return found

    if request.source is not None:
        code(request.source)
    code_of_target = code(target)
    get_id = getattr(tokenizer, "get_lang_id", tokenizer.convert_tokens_to_ids)
    return Speech(_nothing, code, int(get_id(code_of_target))), target


def _language_tokens(tokenizer: PreTrainedTokenizerBase) -> set[str]:
    """The codes that the tokenizer has tokens for; M2M-100 writes `__de__` for de."""
    return {token.strip("_") if token.startswith("__") else token for token in tokenizer.get_vocab()} | set(
        getattr(tokenizer, "lang_code_to_id", {}) or {}
    )


def _unknown(model: LocalModel, language: str, known: Iterable[str]) -> str:
    codes = [code for code in known if _is_code(code)]
    nearest = nearest_codes(language, codes)
    return f"{model.name} does not know {name_of(language)} ({language}); nearest of its codes: {', '.join(nearest)}"


def _is_code(token: str) -> bool:
    try:
        code_of(token)
    except UsageError:
        return False
    return True


def _m2m(model: LocalModel, tokenizer: PreTrainedTokenizerBase, request: TranslationRequest) -> tuple[Speech, str]:
    is_nllb = "eng_Latn" in tokenizer.get_vocab()
    return _with_codes(model, tokenizer, request, "nllb" if is_nllb else "m2m100")


def _mbart(model: LocalModel, tokenizer: PreTrainedTokenizerBase, request: TranslationRequest) -> tuple[Speech, str]:
    return _with_codes(model, tokenizer, request, "mbart50")


def _t5(model: LocalModel, tokenizer: PreTrainedTokenizerBase, request: TranslationRequest) -> tuple[Speech, str]:
    """MADLAD-400 has a token <2de>; T5 is asked in English."""
    target = target_of(model, request)
    tokens = [token for token in tokenizer.get_vocab() if token.startswith("<2")]
    if tokens:
        if f"<2{target}>" not in tokens:
            raise UsageError(_unknown(model, target, [token[2:-1] for token in tokens]))
        return Speech(lambda source: f"<2{target}> ", _no_code, None), target  # noqa: ARG005
    return Speech(lambda source: f"translate {name_of(source)} to {name_of(target)}: ", _no_code, None), target


def _marian(model: LocalModel, tokenizer: PreTrainedTokenizerBase, request: TranslationRequest) -> tuple[Speech, str]:
    """One pair each; models with several targets have a token >>deu<< for each."""
    codes = [token[2:-2] for token in tokenizer.get_vocab() if token.startswith(">>") and token.endswith("<<")]
    if not codes:
        return Speech(_nothing, _no_code, None), _marian_target(model, tokenizer, request)
    target = target_of(model, request)
    nllb = family_code(target, "nllb") or ""
    names = (target, nllb.partition("_")[0], nllb, "cmn_Hans" if target == "zh" else "")
    token = next((name for name in names if name in codes), None)
    if token is None:
        raise UsageError(_unknown(model, target, codes))
    return Speech(lambda source: f">>{token}<< ", _no_code, None), target  # noqa: ARG005


def _marian_target(model: LocalModel, tokenizer: PreTrainedTokenizerBase, request: TranslationRequest) -> str:
    match = _NAME_WITH_PAIR.search(model.name.rstrip("/"))
    named = match[2] if match else getattr(tokenizer, "target_lang", None)
    own = code_of(named) if named and _is_code(named) else None
    if own and request.target and own != request.target:
        raise UsageError(
            f"{quoted(model.name)} translates into {name_of(own)} ({own}), not into {name_of(request.target)}"
        )
    return own or request.target or ""


_Introduce = Callable[[LocalModel, PreTrainedTokenizerBase, TranslationRequest], tuple[Speech, str]]
# Architecture → how it is told languages.
_FAMILIES: dict[str, _Introduce] = {
    "marian": _marian,
    "m2m_100": _m2m,
    "mbart": _mbart,
    "t5": _t5,
    "mt5": _t5,
    "umt5": _t5,
}


class Seq2SeqModel:
    """An encoder-decoder of the hub on its device."""

    def __init__(self, model: LocalModel, module: Any, tokenizer: PreTrainedTokenizerBase) -> None:
        self._model = model
        self.module = module
        self.tokenizer = tokenizer
        # The source language is a state of the tokenizer, and batches run side by side.
        self.tokenizer_lock = threading.Lock()
        self.vocabulary = Vocabulary(tokenizer, self.tokenizer_lock)

    def translator(self, request: TranslationRequest) -> Translator:
        introduce = _FAMILIES[self.module.config.model_type]
        speech, target = introduce(self._model, self.tokenizer, request)
        return Seq2SeqTranslator(self, speech, target, request.beams, request.scored)


class Seq2SeqTranslator:
    """An encoder-decoder of the hub, by transformers' own `generate`."""

    batch_tokens: int | None = None
    decode_slots: DecodeSlots | None = None
    reads_sentences = True

    def __init__(self, model: Seq2SeqModel, speech: Speech, target: str, beams: int, scored: bool = False) -> None:
        self._scored = scored
        self._model = model
        self._module = model.module
        self._tokenizer = model.tokenizer
        self._lock = model.tokenizer_lock
        self._speech = speech
        self._beams = beams
        self.longest_input = min(longest_input(self._module.config, self._tokenizer), _LONGEST_SENTENCE)
        self.source: str | None = None
        self.target: str | None = target or None
        self.vocabulary: Lexicon = model.vocabulary

    def cost(self, text: str, source: str) -> int:
        return len(self._encode([text], source)[0])

    def wider(self) -> Seq2SeqTranslator:
        return Seq2SeqTranslator(self._model, self._speech, self.target or "", WIDER * self._beams, self._scored)

    def _encode(self, texts: Sequence[str], source: str) -> list[list[int]]:
        code = self._speech.source_code(source)
        prefix = self._speech.prefix(source)
        with self._lock:
            # To set it changes the tokenizer, which another thread may be reading.
            if code is not None and self._tokenizer.src_lang != code:
                self._tokenizer.src_lang = code
            rows: list[list[int]] = self._tokenizer([prefix + text for text in texts])["input_ids"]
        return rows

    def translate(self, texts: Sequence[str], source: str, linked: bool) -> list[Translation]:
        rows = self._encode(texts, source)
        found = self.generate(rows)
        end = ids_of(self._module.generation_config.eos_token_id)
        links = self._links(texts, source, rows, found) if linked else [()] * len(texts)
        scores = mean_log_probabilities(self._module, rows, found, self._start) if self._scored else [None] * len(texts)
        return [
            Translation(self._decode(ids), bool(end & set(ids)), link, score=score)
            for ids, link, score in zip(found, links, scores, strict=True)
        ]

    def translate_scored(self, texts: Sequence[str], source: str) -> list[Translation]:
        rows = self._encode(texts, source)
        found = self.generate(rows)
        end = ids_of(self._module.generation_config.eos_token_id)
        scores = mean_log_probabilities(self._module, rows, found, self._start)
        return [
            Translation(self._decode(ids), bool(end & set(ids)), score=score)
            for ids, score in zip(found, scores, strict=True)
        ]

    def erasable(self, text: str, translation: str, source: str) -> Erasable:
        (row,) = self._encode([text], source)
        prefix = self._speech.prefix(source)
        with self._lock:
            places = offsets_of(self._tokenizer, prefix + text)
            # Families with codes of languages have one vocabulary; Marian's has two.
            side = "text_target" if self._speech.first_token is None else "text"
            written: list[int] = self._tokenizer(**{side: translation}, add_special_tokens=False)["input_ids"]
        own = [place_without_space(text, start - len(prefix), end - len(prefix)) for start, end in places][: len(row)]
        own += [None] * (len(row) - len(own))
        begun = [self._start, *([] if self._speech.first_token is None else [self._speech.first_token])]
        logs = seq2seq_logs(self._module, written, begun, self._tokenizer.pad_token_id or 0)
        return Erasable(text, row, own, logs, words_of(self._tokenizer, written, translation))

    @property
    def _start(self) -> int:
        start: int | None = self._module.config.decoder_start_token_id
        return int(self._module.generation_config.decoder_start_token_id if start is None else start)

    def _decode(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text.strip()

    def generate(self, rows: Sequence[list[int]]) -> list[list[int]]:
        """The ids behind the start token, padding left out."""
        inputs = padded(rows, self._tokenizer.pad_token_id or 0, self._module.device)
        first = {} if self._speech.first_token is None else {"forced_bos_token_id": self._speech.first_token}
        longest = max(map(len, rows))
        with torch.inference_mode():
            output = self._module.generate(
                **inputs, **first, **FINITE, num_beams=self._beams, do_sample=False,
                max_length=None, max_new_tokens=most_new_tokens(longest),
            )  # fmt: skip
        padding = self._tokenizer.pad_token_id
        return [[token for token in row if token != padding] for row in output[:, 1:].tolist()]

    def _links(
        self, texts: Sequence[str], source: str, rows: list[list[int]], found: list[list[int]]
    ) -> list[Sequence[Link]]:
        weights = cross_attention(self._module, rows, [[self._start, *ids[:-1]] for ids in found]).mean(1)
        prefix = self._speech.prefix(source)
        links: list[Sequence[Link]] = []
        for text, row, ids, of_row in zip(texts, rows, found, weights, strict=True):
            raw = link_pieces(self._tokenizer, prefix + text, ids, of_row[: len(ids), : len(row)])
            links.append([_shifted(link, len(prefix)) for link in raw])
        return links


def _shifted(link: Link, by: int) -> Link:
    return Link(link.start, link.end, max(0, link.source_start - by), max(0, link.source_end - by))
