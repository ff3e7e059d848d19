"""SentencePiece's `.spm` files → `tokenizers`.

The file is one protobuf message; the few fields that matter are read here, so that no protobuf library is needed.
Field numbers: google/sentencepiece, `src/sentencepiece_model.proto`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from nlpcli.errors import ModelUnusable

EOS, UNKNOWN, PADDING = "</s>", "<unk>", "<pad>"
EOS_ID, UNKNOWN_ID = 0, 1


class PieceType(IntEnum):
    """What a piece is, as the file says it."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True, slots=True)
class SentencePieceModel:
    """A unigram vocabulary: pieces with scores and types in the order of their ids, and the normalizer."""

    pieces: list[tuple[str, float]]
    types: list[int]
    charsmap: bytes
    add_dummy_prefix: bool
    remove_extra_whitespaces: bool


def read_sentencepiece_model(path: Path) -> SentencePieceModel:
    """Read a `.spm` file.

    Raises:
        ModelUnusable: the file is none, is damaged, or its first ids are not those of Marian (0 `</s>`, 1 `<unk>`).
    """
    pieces: list[tuple[str, float]] = []
    types: list[int] = []
    normalizer: dict[int, bytes | int] = {}
    try:
        for field, value in _fields(path.read_bytes()):
            if field == 1 and isinstance(value, bytes):
                piece, score, kind = _piece(value)
                pieces.append((piece, score))
                types.append(kind)
            elif field == 3 and isinstance(value, bytes):
                normalizer = dict(_fields(value))
    except (struct.error, IndexError, KeyError, ValueError, TypeError) as error:
        raise ModelUnusable(f"{path.name} is no SentencePiece vocabulary, or it is damaged") from error
    if [piece for piece, _ in pieces[:2]] != [EOS, UNKNOWN]:
        raise ModelUnusable(f"{path.name} is no vocabulary of Marian's: its first pieces are not {EOS} and {UNKNOWN}")
    charsmap = normalizer.get(2, b"")
    if not isinstance(charsmap, bytes) or not all(math.isfinite(score) for _, score in pieces):
        raise ModelUnusable(f"{path.name} is a damaged SentencePiece vocabulary; fetch it again")
    return SentencePieceModel(pieces, types, charsmap, bool(normalizer.get(3, 1)), bool(normalizer.get(4, 1)))


def _piece(message: bytes) -> tuple[str, float, int]:
    fields = dict(_fields(message))
    text, score, kind = fields[1], fields.get(2, b"\0\0\0\0"), fields.get(3, PieceType.NORMAL)
    if not isinstance(text, bytes) or not isinstance(score, bytes) or not isinstance(kind, int):
        raise ValueError(fields)  # noqa: TRY004
    return text.decode(), struct.unpack("<f", score)[0], kind


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Number and value of each field of a protobuf message: integers, or bytes of strings, messages and floats."""
    offset = 0
    while offset < len(message):
        key, offset = _varint(message, offset)
        field, wire = key >> 3, key & 7
        if wire == 0:
            number, offset = _varint(message, offset)
            yield field, number
            continue
        if wire == 2:
            length, offset = _varint(message, offset)
        elif wire in _FIXED:
            length = _FIXED[wire]
        else:
            raise ValueError(wire)
        if offset + length > len(message):
            raise ValueError(offset)
        yield field, message[offset : offset + length]
        offset += length


_FIXED = {1: 8, 5: 4}
_MOST_BITS = 63


def _varint(message: bytes, offset: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, offset
        shift += 7
        if shift > _MOST_BITS:
            raise ValueError(offset)


def fast_tokenizer(model: SentencePieceModel) -> Tokenizer:
    """The same vocabulary for `tokenizers`, with one more piece behind the last: padding. Texts get `</s>`."""
    byte_fallback = PieceType.BYTE in model.types
    tokenizer = Tokenizer(models.Unigram([*model.pieces, (PADDING, 0.0)], UNKNOWN_ID, byte_fallback))
    tokenizer.normalizer = normalizers.Sequence(_normalizers(model))
    prepend = "always" if model.add_dummy_prefix else "never"
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend)
    metaspace = decoders.Metaspace("▁", prepend)
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), metaspace]) if byte_fallback else metaspace
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {EOS}", pair=f"$A $B {EOS}", special_tokens=[(EOS, EOS_ID)]
    )
    # Who writes "</s>" means these four characters.
    tokenizer.encode_special_tokens = True
    return tokenizer


def _normalizers(model: SentencePieceModel) -> list[normalizers.Normalizer]:
    steps: list[normalizers.Normalizer] = []
    if model.charsmap:
        steps.append(normalizers.Precompiled(model.charsmap))
    # SentencePiece never finds a control symbol in a text; a unigram model of tokenizers would.
    steps.append(normalizers.Replace(Regex("<(?=(/s|unk|pad)>)"), "< "))
    if model.remove_extra_whitespaces:
        steps += [normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip(left=True, right=True)]
    return steps
