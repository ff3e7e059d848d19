"""Files of word vectors → the folder of `store`, once. What a file is, its first bytes say."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.models.static import fasttext_binary, gensim_pickle
from nlpcli.models.static.bytes_reader import BytesReader
from nlpcli.models.static.store import VectorsWriter
from nlpcli.models.static.text_format import HEADER, TextVectors
from nlpcli.models.static.word2vec_binary import BinaryVectors
from nlpcli.records.compression import MAGIC, decompressed, plain_chunks

log = logging.getLogger(__name__)

_MOST_LAYERS = 4
_HEAD = 1 << 13
_NPY = b"\x93NUMPY"
# The two bytes that a text in UTF-16 begins with; a mark of UTF-8 is passed over.
_UTF16, _UTF8 = (b"\xff\xfe", b"\xfe\xff"), b"\xef\xbb\xbf"


def convert_file(file: Path, folder: Path) -> None:
    """Convert `file` into `folder`, whatever program wrote it.

    Raises:
        ModelUnusable: it holds no word vectors, or is damaged; the message says where.
        ModelUnsafe: it is a pickle that could run code.
    """
    name = quoted(file.name)
    with file.open("rb") as stream:
        chunks, is_raw = _decompressed(plain_chunks(stream, name), name)
        reader = BytesReader(chunks)
        head = reader.peek(_HEAD)
        for begins, convert in _KINDS:
            if begins(head):
                return convert(file, reader, is_raw, folder)
    raise AssertionError("text is whatever is nothing else")


def _decompressed(chunks: Iterable[bytes], name: str) -> tuple[Iterator[bytes], bool]:
    """What is in the file, and whether the file itself holds it."""
    is_raw = True
    for _ in range(_MOST_LAYERS):
        reader = BytesReader(chunks)
        head = reader.peek(16)
        suffix = next((suffix for magic, suffix in MAGIC.items() if head.startswith(magic)), None)
        chunks = reader.rest()
        if suffix is None:
            break
        chunks, is_raw = decompressed(chunks, suffix, name), False
    return iter(chunks), is_raw


def _convert_text(file: Path, reader: BytesReader, is_raw: bool, folder: Path) -> None:  # noqa: ARG001
    name = quoted(file.name)
    if reader.peek(2) in _UTF16:
        raise ModelUnusable(f"{name} is text in UTF-16; convert it once: iconv -f utf-16 -t utf-8 {name}")
    if reader.peek(3) == _UTF8:
        reader.read(3)
    vectors = TextVectors(name)
    with VectorsWriter(folder, name, vectors.place) as writer:
        for words, rows in vectors.blocks(reader.rest()):
            writer.add(words, rows)
        writer.finish({"format": "text"})


def _convert_binary(file: Path, reader: BytesReader, is_raw: bool, folder: Path) -> None:  # noqa: ARG001
    vectors = BinaryVectors(quoted(file.name))
    with VectorsWriter(folder, quoted(file.name), vectors.place) as writer:
        for words, rows in vectors.blocks(reader):
            writer.add(words, rows)
        writer.finish({"format": "word2vec binary"})


def _convert_fasttext(file: Path, reader: BytesReader, is_raw: bool, folder: Path) -> None:
    name = quoted(file.name)
    path = file
    if not is_raw:
        path = folder.with_name("unpacked")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as unpacked:
            unpacked.writelines(reader.rest())
    found = fasttext_binary.read_fasttext(path, name)
    with VectorsWriter(folder, name, lambda row: f"{name}: word {row + 1:,}") as writer:
        for words, rows in found.blocks():
            writer.add(words, rows)
        ngrams = found.ngrams
        writer.finish({"format": "fastText"}, None if ngrams is None else found.subwords, ngrams)


def _convert_gensim(file: Path, reader: BytesReader, is_raw: bool, folder: Path) -> None:  # noqa: ARG001
    name = quoted(file.name)
    words, vectors = gensim_pickle.read_gensim(file, b"".join(reader.rest()), name)
    write_array(words, vectors, folder, name, "gensim")


def write_array(words: list[bytes], vectors: np.ndarray[Any, Any], folder: Path, name: str, format_: str) -> None:
    """Words and (words, dimension) vectors, perhaps mapped, into `folder`."""
    with VectorsWriter(folder, name, lambda row: f"{name}: word {row + 1:,}") as writer:
        for start in range(0, len(words), _HEAD):
            writer.add(words[start : start + _HEAD], vectors[start : start + _HEAD])
        writer.finish({"format": format_})


def _refuse_array(file: Path, reader: BytesReader, is_raw: bool, folder: Path) -> None:  # noqa: ARG001
    raise ModelUnusable(
        f"{quoted(file.name)} holds vectors without their words; name the file that lies beside it (gensim's .kv)"
    )


def _is_binary(head: bytes) -> bool:
    """Whether behind a header there are numbers as bytes, not as text."""
    first, found, rest = head.partition(b"\n")
    if not found or not HEADER.fullmatch(first):
        return False
    line = rest.partition(b"\n")[0]
    numbers = line.partition(b" ")[2].strip(b" \r")
    try:
        return any(byte > 0x7E or byte < 0x09 for byte in numbers) or not numbers.isascii()
    except ValueError:
        return True


_Convert = Callable[[Path, BytesReader, bool, Path], None]
_KINDS: tuple[tuple[Callable[[bytes], bool], _Convert], ...] = (
    (lambda head: head.startswith(fasttext_binary.MAGIC), _convert_fasttext),
    (lambda head: head.startswith(_NPY), _refuse_array),
    (lambda head: len(head) > 1 and head[:1] == b"\x80" and head[1] in gensim_pickle.PROTOCOLS, _convert_gensim),
    (_is_binary, _convert_binary),
    (lambda head: True, _convert_text),  # noqa: ARG005
)
