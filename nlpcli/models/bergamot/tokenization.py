"""The tokenizer of a Bergamot model; where source and target have vocabularies of their own, it holds both."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tokenizers import Encoding, Tokenizer
from transformers import PreTrainedTokenizerFast

from nlpcli.models.students.sentencepiece_model import EOS, PADDING, UNKNOWN

TARGET_FILE = "target_tokenizer.json"
# Where the engines break a text, `</s>` included (`max-length-break`).
LONGEST_INPUT = 128


class BergamotTokenizer(PreTrainedTokenizerFast):  # type: ignore[misc]
    """Texts are encoded by the source's vocabulary; `text_target=` and `decode` use the target's."""

    vocab_files_names = {"tokenizer_file": "tokenizer.json", "target_tokenizer_file": TARGET_FILE}  # noqa: RUF012
    model_input_names = ["input_ids", "attention_mask"]  # noqa: RUF012

    def __init__(
        self,
        *args: Any,
        target_tokenizer_file: str | None = None,
        target_tokenizer_object: Tokenizer | None = None,
        **kwargs: Any,
    ) -> None:
        special = {"eos_token": EOS, "unk_token": UNKNOWN, "pad_token": PADDING}
        # "</s>" in a text means these four characters.
        defaults = {"model_max_length": LONGEST_INPUT, "split_special_tokens": True}
        super().__init__(*args, **{**defaults, **special, **kwargs})
        if target_tokenizer_object is None and target_tokenizer_file is not None:
            target_tokenizer_object = Tokenizer.from_file(target_tokenizer_file)
        self._source: Tokenizer = self._tokenizer
        self._target: Tokenizer = target_tokenizer_object or self._tokenizer
        self._tokenizer.encode_special_tokens = self._target.encode_special_tokens = True

    @classmethod
    def convert_to_native_format(cls, **kwargs: Any) -> dict[str, Any]:
        """Load tokenizer.json as it is: transformers would rebuild it from its vocabulary alone."""
        kwargs.pop("trust_remote_code", None)
        return kwargs

    @property
    def has_target_vocabulary(self) -> bool:
        """Whether source and target have vocabularies of their own."""
        return self._target is not self._source

    def encoding(self, text: str) -> Encoding:
        """Ids and offsets of a source, as `__call__` gives them in twice the time; safe beside `decode` in a thread."""
        return self._source.encode(text)

    def _switch_to_input_mode(self) -> None:
        self._tokenizer = self._source

    def _switch_to_target_mode(self) -> None:
        self._tokenizer = self._target

    def _decode(self, *args: Any, **kwargs: Any) -> str:
        self._switch_to_target_mode()
        try:
            text: str = super()._decode(*args, **kwargs)
        finally:
            self._switch_to_input_mode()
        return text

    def _save_pretrained(
        self, save_directory: str | os.PathLike[str], file_names: tuple[str, ...], *args: Any, **kwargs: Any
    ) -> tuple[str, ...]:
        names: tuple[str, ...] = super()._save_pretrained(save_directory, file_names, *args, **kwargs)
        if not self.has_target_vocabulary:
            return names
        target = str(Path(save_directory) / TARGET_FILE)
        self._target.save(target)
        return (*names, target)
