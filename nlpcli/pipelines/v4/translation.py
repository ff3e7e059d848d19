"""The translation pipeline that transformers v5 removed: `translation`, `translation_en_to_de`, its languages."""

from __future__ import annotations

import logging
from typing import Any

from transformers.tokenization_utils_base import TruncationStrategy

from nlpcli.pipelines.v4.text2text import Text2TextGenerationPipeline

log = logging.getLogger(__name__)


class TranslationPipeline(Text2TextGenerationPipeline):
    """`pipeline(text)` gives `[{"translation_text": …}]`, as in transformers v4.

    Languages are `src_lang` and `tgt_lang`, in the model's own codes, at construction or at a call; or they stand in
    the name of the task. A model of many languages that gets none raises ValueError.
    """

    return_name = "translation"

    def check_model_type(self, supported_models: Any) -> None:
        """Also a student model of Bergamot's, which transformers' own list cannot hold."""
        if self.model.config.model_type != "bergamot":
            super().check_model_type(supported_models)

    def check_inputs(self, input_length: int, min_length: int | None, max_length: int | None) -> None:  # noqa: ARG002
        """Warn of a translation that may be cut."""
        if max_length is not None and input_length > 0.9 * max_length:
            log.warning(
                "the text has %d tokens and the translation at most %d; a larger one is max_length=%d",
                input_length, max_length, 2 * input_length,
            )  # fmt: skip

    def _sanitize_parameters(  # type: ignore[override]
        self, src_lang: str | None = None, tgt_lang: str | None = None, **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        preprocess, forward, postprocess = super()._sanitize_parameters(**kwargs)
        if src_lang is None and tgt_lang is None and "src_lang" not in getattr(self, "_preprocess_params", {}):
            src_lang, tgt_lang = _languages_in(self.task)
        if src_lang is not None:
            preprocess["src_lang"] = src_lang
        if tgt_lang is not None:
            preprocess["tgt_lang"] = tgt_lang
        return preprocess, forward, postprocess

    def preprocess(
        self,
        inputs: str | list[str],
        truncation: bool | str | TruncationStrategy = TruncationStrategy.DO_NOT_TRUNCATE,
        src_lang: str | None = None,
        tgt_lang: str | None = None,
    ) -> Any:
        """Token ids and mask; for a model of many languages also the token that its output begins with."""
        build = getattr(self.tokenizer, "_build_translation_inputs", None)
        if build is None:
            return super().preprocess(inputs, truncation=truncation)
        padding = {"padding": True} if isinstance(inputs, list) else {}
        return build(
            inputs, return_tensors="pt", truncation=truncation, src_lang=src_lang, tgt_lang=tgt_lang, **padding
        )

    def _forward(self, model_inputs: Any, **generate_kwargs: Any) -> Any:
        inputs = dict(model_inputs)
        first = inputs.pop("forced_bos_token_id", None)
        if first is not None:
            generate_kwargs.setdefault("forced_bos_token_id", first)
        return super()._forward(inputs, **generate_kwargs)


def _languages_in(task: str | None) -> tuple[str | None, str | None]:
    """`translation_en_to_de` → en, de."""
    words = (task or "").split("_")
    return (words[1], words[3]) if len(words) == 4 else (None, None)
