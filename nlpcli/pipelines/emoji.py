"""Emoji → words, for models whose vocabulary lacks them.

A tokenizer that does not know 😍 makes the same `[UNK]` of it as of 😡. The Unicode name ("smiling face with
heart-shaped eyes") says to an English model what the picture says to a reader.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


# Pictographs, dingbats and symbols; and what only joins or tints them.
_EMOJI = re.compile("[\u2190-\u2bff\u3030\u303d\U0001f000-\U0001faff]")
_JOINERS = re.compile("[\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]")


def emoji_namer(tokenizer: PreTrainedTokenizerBase | None) -> Callable[[str], str]:
    """What replaces every emoji that `tokenizer` does not know by its Unicode name, in lower case; without one, all."""

    @cache
    def name_of(symbol: str) -> str:
        known = (
            tokenizer is not None
            and tokenizer.unk_token_id not in tokenizer(symbol, add_special_tokens=False)["input_ids"]
        )
        name = unicodedata.name(symbol, "").lower()
        return symbol if known or not name else f" {name} "

    def name_emoji(text: str) -> str:
        if text.isascii() or not _EMOJI.search(text):
            return text
        return _EMOJI.sub(lambda match: name_of(match[0]), _JOINERS.sub("", text))

    return name_emoji
