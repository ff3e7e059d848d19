"""Token ids → tokens as a person reads them, each with what it is beside content."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from transformers import PreTrainedTokenizerBase

from nlpcli.records.inspection import Inspection, Kind, Token

# How SentencePiece shows a space; byte-level vocabularies show theirs as another character.
SPACE = "\u2581"
_CONTINUATION = "##"
_NUMBERS = "¹²³⁴"


def label_tokens(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int]) -> tuple[Token, ...]:
    """One `Token` per id. A character that is split over several tokens stands in each, numbered: 天¹ 天²."""
    # An unknown word is a word.
    special_ids = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    special = [number in special_ids for number in token_ids]
    pieces = tokenizer.convert_ids_to_tokens(list(token_ids))
    if _is_byte_level(tokenizer):
        pieces = _texts_of_bytes(pieces, special)
    return tuple(_label(piece, is_special) for piece, is_special in zip(pieces, special, strict=True))


def with_unknown(inspection: Inspection, hidden: Mapping[int, str]) -> Inspection:
    """An inspection whose unknown tokens say what of the text they hide, by their places in the input."""
    if not hidden:
        return inspection
    tokens = tuple(replace(token, hides=hidden.get(number) or None) for number, token in enumerate(inspection.tokens))
    maps = tuple(
        replace(map_, keys=tokens, queries=tokens if map_.kind is Kind.SELF else map_.queries)
        if map_.kind is not Kind.DECODER
        else map_
        for map_ in inspection.maps
    )
    attribution = inspection.attribution
    if attribution is not None:
        shares = tuple(
            replace(share, text=token.shown) for share, token in zip(attribution.tokens, tokens, strict=True)
        )
        attribution = replace(attribution, tokens=shares)
    return replace(inspection, tokens=tokens, maps=maps, attribution=attribution)


def _label(text: str, special: bool) -> Token:
    content = text.removeprefix(_CONTINUATION).replace(SPACE, "").strip()
    punctuation = not special and bool(content) and all(unicodedata.category(sign)[0] == "P" for sign in content)
    return Token(text, special, punctuation)


def _is_byte_level(tokenizer: PreTrainedTokenizerBase) -> bool:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    return backend is not None and "ByteLevel" in str(backend.decoder)


def _texts_of_bytes(pieces: Sequence[str], special: Sequence[bool]) -> list[str]:
    """The text behind the pieces of a byte-level vocabulary, each of whose characters stands for a byte."""
    byte_of = _byte_of_character()
    texts: list[str] = []
    run: list[bytes] = []
    for piece, is_special in zip(pieces, special, strict=True):
        if not is_special and all(character in byte_of for character in piece):
            run.append(bytes(byte_of[character] for character in piece))
            continue
        texts += [*_shares_of_text(run), piece]  # a token that was added is kept as it is written
        run = []
    return texts + _shares_of_text(run)


def _shares_of_text(run: Sequence[bytes]) -> list[str]:
    """What of the text of a run of tokens lies in each of them."""
    owners = [place for place, part in enumerate(run) for _ in part]
    texts = [""] * len(run)
    position = 0
    # Bytes that are no text stay half surrogates, one by one.
    for character in b"".join(run).decode("utf-8", "surrogateescape"):
        length = 1 if "\udc80" <= character <= "\udcff" else len(character.encode())
        shown = f"<0x{ord(character) - 0xDC00:02X}>" if length == 1 and character >= "\udc80" else character
        holders = sorted(set(owners[position : position + length]))
        for number, holder in enumerate(holders):
            texts[holder] += shown if len(holders) == 1 else shown + _NUMBERS[number]
        position += length
    return [text.replace(" ", SPACE) for text in texts]


@cache
def _byte_of_character() -> dict[str, int]:
    # GPT-2's table: printable Latin-1 stands for itself, the other bytes in order for the characters from U+0100 on.
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    table = {chr(byte): byte for byte in printable}
    return table | {chr(0x100 + place): byte for place, byte in enumerate(others)}
