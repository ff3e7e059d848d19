"""Token ids → tokens as a person reads them, each with what it is beside content."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache

from transformers import PreTrainedTokenizerBase

from nlpcli.records.inspection import Token

# How SentencePiece shows a space; byte-level vocabularies show theirs as another character.
SPACE = "\u2581"
_CONTINUATION = "##"


def label_tokens(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int]) -> tuple[Token, ...]:
    """One `Token` per id. Bytes that are only part of a character are shown as SentencePiece does: `<0xE4>`."""
    # An unknown word is a word.
    special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    of_bytes = _is_byte_level(tokenizer)
    pieces = tokenizer.convert_ids_to_tokens(list(token_ids))
    return tuple(
        _label(_text_of_bytes(piece) if of_bytes and number not in special else piece, number in special)
        for piece, number in zip(pieces, token_ids, strict=True)
    )


def _label(text: str, special: bool) -> Token:
    content = text.removeprefix(_CONTINUATION).replace(SPACE, "").strip()
    punctuation = not special and bool(content) and all(unicodedata.category(sign)[0] == "P" for sign in content)
    return Token(text, special, punctuation)


def _is_byte_level(tokenizer: PreTrainedTokenizerBase) -> bool:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    return backend is not None and "ByteLevel" in str(backend.decoder)


def _text_of_bytes(piece: str) -> str:
    """The text behind a piece of a byte-level vocabulary, whose characters each stand for a byte."""
    bytes_ = _byte_of_character()
    if not all(character in bytes_ for character in piece):
        return piece  # an added token, which is kept as it is written
    data = bytes(bytes_[character] for character in piece)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"<0x{byte:02X}>" for byte in data)
    return text.replace(" ", SPACE)


@cache
def _byte_of_character() -> dict[str, int]:
    # GPT-2's table: printable Latin-1 stands for itself, the other bytes in order for the characters from U+0100 on.
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    table = {chr(byte): byte for byte in printable}
    return table | {chr(0x100 + place): byte for place, byte in enumerate(others)}
