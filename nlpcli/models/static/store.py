"""The folder that word vectors are kept in: one safetensors file, mapped, so that only what is used is read.

vectors: (words, dimension) float32, in the order of the file (of frequency)
norms:   (words,) float32
words:   UTF-8, one behind the other; offsets: (words + 1,) int64
hashes:  (words,) uint64, ascending; rows: (words,) uint32, the word that each is of
ngrams:  (buckets, dimension) float32, of models with subwords
"""

from __future__ import annotations

import hashlib
import json
import logging
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.models.static.kinds import WORDS
from nlpcli.models.static.subwords import Subwords

log = logging.getLogger(__name__)

Array = np.ndarray[Any, Any]

WEIGHTS = "model.safetensors"
# Room for the header, which is known last and stands first; safetensors allows spaces behind it.
_HEADER = 4096
_ROWS_AT_A_TIME = 1 << 14
_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I8": "<i1", "U64": "<u8", "U32": "<u4",
    "U8": "<u1",
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


def mapped(file: Path) -> dict[str, Array]:
    """The tensors of a safetensors file by name, mapped into memory. bfloat16, which numpy lacks, becomes float32.

    Raises:
        ModelUnusable: the file is damaged, or holds a dtype that no static model has.
    """
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(min(length, file.stat().st_size)))
        header.pop("__metadata__", None)
        return {name: _tensor(file, 8 + length, entry) for name, entry in header.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise ModelUnusable(f"{quoted(file)} is damaged ({error}); fetch or convert it again") from error


def _tensor(file: Path, start: int, entry: dict[str, Any]) -> Array:
    shape = tuple(entry["shape"])
    begin, end = entry["data_offsets"]
    if entry["dtype"] == "BF16":
        halves = np.memmap(file, "<u2", "r", start + begin, shape)
        return (np.asarray(halves, np.uint32) << 16).view(np.float32)
    dtype = np.dtype(_DTYPES[entry["dtype"]])
    if end - begin != dtype.itemsize * int(np.prod(shape, dtype=np.int64)):
        raise ValueError("a tensor is not as long as its shape")
    return np.memmap(file, dtype, "r", start + begin, shape) if end > begin else np.zeros(shape, dtype)


def hash_of(word: bytes) -> int:
    """64 bits of a word: BLAKE2b, little-endian."""
    return int.from_bytes(hashlib.blake2b(word, digest_size=8).digest(), "little")


class VectorsWriter:
    """Writes the folder while the vectors come; memory holds the words and 12 bytes of each, never the vectors."""

    def __init__(self, folder: Path, name: str, place: Callable[[int], str]) -> None:
        """`name` and `place` (row → `file:line`) are for messages."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._name = name
        self._place = place
        self._words = bytearray()
        self._lengths: list[int] = []
        self._hashes: list[int] = []
        self._norms: list[Array] = []
        self._dimension = 0
        self._stream = (folder / WEIGHTS).open("w+b")
        self._stream.write(b" " * (8 + _HEADER))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def add(self, words: Sequence[bytes], vectors: Array) -> None:
        """The next words and their vectors: (words, dimension) float32.

        Raises:
            ModelUnusable: a vector is not finite.
        """
        vectors = np.ascontiguousarray(vectors, np.float32)
        self._dimension = vectors.shape[1]
        norms = _norms(vectors)
        if not np.isfinite(norms).all():
            row = int(np.flatnonzero(~np.isfinite(norms))[0])
            place, word = self._place(len(self._lengths) + row), words[row].decode(errors="replace")
            is_finite = bool(np.isfinite(vectors[row]).all())
            what = "is longer than float32 can say" if is_finite else "holds NaN or an infinity"
            raise ModelUnusable(f"{place}: the vector of {quoted(word)} {what}; mend it")
        for encoded in words:
            self._words += encoded
            self._lengths.append(len(encoded))
            self._hashes.append(hash_of(encoded))
        self._norms.append(norms)
        self._stream.write(vectors.data)

    def finish(self, facts: dict[str, Any], subwords: Subwords | None = None, ngrams: Array | None = None) -> None:
        """Write what stands behind the vectors. A word that stands twice keeps its first vector, which is said.

        Raises:
            ModelUnusable: there is not one word.
        """
        if not self._lengths:
            raise ModelUnusable(f"{self._name}:1: no word vectors stand there, the file is empty; name another one")
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(self._lengths, dtype=np.int64)])
        hashes, words = np.array(self._hashes, np.uint64), np.frombuffer(bytes(self._words), np.uint8)
        norms = np.concatenate(self._norms)
        self._tell_of_other_encodings(words, offsets)
        kept = self._without_duplicates(hashes, words, offsets)
        if len(kept) < len(hashes):
            self._compact(kept)
            spans = [words[offsets[row] : offsets[row + 1]] for row in kept]
            words, hashes, norms = np.concatenate(spans), hashes[kept], norms[kept]
            offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(span) for span in spans], dtype=np.int64)])
        order = np.argsort(hashes, kind="stable")
        tensors = {"norms": norms, "offsets": offsets, "hashes": hashes[order], "rows": order.astype(np.uint32)}
        if ngrams is not None:
            tensors["ngrams"] = ngrams
        self._write({**tensors, "words": words}, len(norms))
        settings = {"subwords": asdict(subwords)} if subwords else {}
        config = {"model_type": WORDS, "words": len(norms), "dimension": self._dimension, **facts, **settings}
        (self._folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    def _tell_of_other_encodings(self, words: Array, offsets: Array) -> None:
        """Words that are no UTF-8 are never found."""
        try:
            self._words.decode()
        except UnicodeDecodeError as error:
            row = int(np.searchsorted(offsets, error.start, "right")) - 1
            word = words[offsets[row] : offsets[row + 1]].tobytes().decode(errors="replace")
            log.warning("%s: %s is no UTF-8, so that it is never found", self._place(row), quoted(word))

    def _without_duplicates(self, hashes: Array, words: Array, offsets: Array) -> Array:
        """The rows whose word did not stand before."""
        order = np.argsort(hashes, kind="stable")
        same = np.flatnonzero(hashes[order][1:] == hashes[order][:-1]) + 1
        if not len(same):
            return np.arange(len(hashes))
        rows = np.sort(order[same])
        first = rows[0]
        word = words[offsets[first] : offsets[first + 1]].tobytes().decode(errors="replace")
        more = f" (and {len(rows) - 1:,} other words do)" if len(rows) > 1 else ""
        log.warning(
            "%s: %s stands there a second time%s; the first vector of each is kept",
            self._place(int(first)),
            quoted(word),
            more,
        )
        return np.delete(np.arange(len(hashes)), rows)

    def _compact(self, kept: Array) -> None:
        """Move the vectors that are kept together; each moves towards the start, so none is overwritten unread."""
        self._stream.flush()
        shape = (len(self._lengths), self._dimension)
        vectors = np.memmap(self._folder / WEIGHTS, np.float32, "r+", 8 + _HEADER, shape)
        for start in range(0, len(kept), _ROWS_AT_A_TIME):
            rows = kept[start : start + _ROWS_AT_A_TIME]
            vectors[start : start + len(rows)] = vectors[rows]
        vectors.flush()

    def _write(self, tensors: dict[str, Array], count: int) -> None:
        end = count * self._dimension * 4
        header: dict[str, Any] = {"vectors": _entry("F32", (count, self._dimension), 0, end)}
        stream = self._stream
        stream.truncate(8 + _HEADER + end)
        stream.seek(8 + _HEADER + end)
        for name, tensor in tensors.items():
            begin, end = end, end + tensor.nbytes
            header[name] = _entry(_NAMES[tensor.dtype.str.replace("|", "<")], tensor.shape, begin, end)
            for start in range(0, len(tensor), _ROWS_AT_A_TIME):
                stream.write(np.ascontiguousarray(tensor[start : start + _ROWS_AT_A_TIME]).tobytes())
        stream.seek(0)
        stream.write(struct.pack("<Q", _HEADER) + json.dumps(header).encode().ljust(_HEADER))


def _norms(vectors: Array) -> Array:
    """Added up in float64: squares of large numbers are no float32."""
    norms: Array = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    with np.errstate(over="ignore"):  # an infinity is refused
        return norms.astype(np.float32)


def _entry(dtype: str, shape: tuple[int, ...], begin: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


@dataclass(frozen=True)
class WordVectors:
    """Words with their vectors. `name`: what the user calls them."""

    name: str
    vectors: Array
    norms: Array
    words: Array
    offsets: Array
    hashes: Array
    rows: Array
    ngrams: Array | None = None
    subwords: Subwords | None = None

    def __len__(self) -> int:
        return len(self.norms)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self.vectors.shape[1])

    def word(self, row: int) -> str:
        """The word of a row."""
        return self._bytes(row).decode("utf-8", "replace")

    def first_words(self, count: int) -> list[str]:
        """The most frequent words, in their order."""
        ends = self.offsets[: count + 1].tolist()
        text = self.words[: ends[-1]].tobytes()
        return [text[start:end].decode("utf-8", "replace") for start, end in pairwise(ends)]

    def _bytes(self, row: int) -> bytes:
        return self.words[self.offsets[row] : self.offsets[row + 1]].tobytes()

    def find(self, words: Sequence[str]) -> list[int]:
        """The row of each word; -1 where there is none."""
        encoded = [word.encode("utf-8", "surrogateescape") for word in words]
        wanted = np.array([hash_of(word) for word in encoded], np.uint64)
        places = np.minimum(np.searchsorted(self.hashes, wanted), len(self) - 1)
        found = self.hashes[places] == wanted
        rows = self.rows[places].tolist()
        return [
            row if hit and self._bytes(row) == word else -1
            for row, hit, word in zip(rows, found.tolist(), encoded, strict=True)
        ]

    def computed(self, word: str) -> Array | None:
        """The vector of a word that has no row, out of its n-grams; None where the model has none of it."""
        if self.subwords is None or self.ngrams is None:
            return None
        buckets = self.subwords.buckets(word.encode("utf-8", "surrogateescape"))
        return np.asarray(self.ngrams[buckets], np.float32).mean(0) if buckets else None

    @cached_property
    def units(self) -> Array:
        """All vectors at unit length, (words, dimension) float32, in memory; what is zero stays zero."""
        return self.vectors / np.maximum(self.norms, np.float32(1e-12))[:, None]


def open_vectors(name: str, folder: Path) -> WordVectors:
    """The word vectors in a folder that `VectorsWriter` made.

    Raises:
        ModelUnusable: the folder is damaged.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    tensors = mapped(folder / WEIGHTS)
    subwords = Subwords(**config["subwords"]) if "subwords" in config else None
    return WordVectors(name, **tensors, subwords=subwords)


def vectors_of(name: str, words: Iterable[str], vectors: Array) -> WordVectors:
    """Word vectors in memory, such as those of a model that is not static."""
    encoded = [word.encode("utf-8", "surrogateescape") for word in words]
    hashes = np.array([hash_of(word) for word in encoded], np.uint64)
    order = np.argsort(hashes, kind="stable")
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(word) for word in encoded], dtype=np.int64)])
    joined = np.frombuffer(b"".join(encoded), np.uint8)
    norms = _norms(vectors)
    return WordVectors(name, vectors, norms, joined, offsets, hashes[order], order.astype(np.uint32))
