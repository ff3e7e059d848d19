"""GloVe's text, word2vec's text and fastText's `.vec`: a word and its numbers a line, the last two behind a header."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from nlpcli.errors import ModelUnusable, quoted

log = logging.getLogger(__name__)

Array = np.ndarray[Any, Any]
Block = tuple[list[bytes], Array]

HEADER = re.compile(rb"(\d+)[ \t](\d+)\s*")
_INTEGER = re.compile(rb"[-+]?\d+")
_LONGEST_HEADER = 3
_BLOCK_BYTES = 1 << 20


class TextVectors:
    """Reads blocks of words and vectors; `name` of the file is for messages."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._dimension = 0
        self._promised: int | None = None
        self._header_lines = 0
        self._read = 0
        self._with_spaces: list[tuple[int, bytes]] = []

    def place(self, row: int) -> str:
        """Where the word of a row stands."""
        return f"{self._name}:{row + 1 + self._header_lines}"

    def blocks(self, chunks: Iterable[bytes]) -> Iterator[Block]:
        """Words with (words, dimension) float32.

        Raises:
            ModelUnusable: a line is ragged, or no word with numbers; the header says another number of either.
        """
        blocks = _lines(chunks)
        for lines in blocks:
            if not self._dimension:
                lines = self._begin(lines)
            if not lines:
                continue
            if self._promised is not None and self._read + len(lines) > self._promised:
                raise ModelUnusable(
                    f"{self.place(self._promised)}: more words than the {self._promised:,} of line 1;"
                    " one of them is wrong: mend it"
                )
            block = self._fast(lines) or self._slow(lines)
            self._read += len(lines)
            yield block
        self._end()

    def _begin(self, lines: list[bytes]) -> list[bytes]:
        header = HEADER.fullmatch(lines[0])
        if header:
            self._header_lines = 1
            self._promised, self._dimension = int(header[1]), int(header[2])
            if not self._promised or not self._dimension:
                raise ModelUnusable(f"{self._name}:1 says that there are no vectors ({_shown(lines[0])}); mend it")
            return lines[1:]
        fields = _fields(lines[0])
        if _is_no_header(fields, lines[1:2]):
            raise ModelUnusable(
                f"{self._name}:1: {_shown(lines[0])} is no header, which is how many words there are and how many"
                " numbers each has; mend it"
            )
        while self._dimension < len(fields) - 1 and _is_number(fields[-1 - self._dimension]):
            self._dimension += 1
        if not self._dimension:
            raise ModelUnusable(
                f"{self._name}:1 is no word vector, which is a word and its numbers with spaces between:"
                f" {_shown(lines[0])}; name a file of vectors, or a model"
            )
        # Nobody says how many numbers the first line should have: one among its words is a typing error.
        words = fields[1 : -self._dimension]
        if any(map(_is_number, words)):
            raise ModelUnusable(f"{self._name}:1: {_shown(words[-1])} is no number; mend that line")
        return lines

    def _end(self) -> None:
        if self._promised is not None and self._read < self._promised:
            raise ModelUnusable(
                f"{self._name}:1 says {self._promised:,} words, and {self._read:,} stand there (the last in line"
                f" {self._read + 1:,}); the file is cut off: fetch it again"
            )
        if self._with_spaces:
            row, word = self._with_spaces[0]
            more = f" (and {len(self._with_spaces) - 1:,} other words have)" if len(self._with_spaces) > 1 else ""
            log.warning("%s: %s has spaces%s; it is kept as one word", self.place(row), _shown(word), more)

    def _fast(self, lines: list[bytes]) -> Block | None:
        """All lines at once; None where one of them is not plainly a word and its numbers."""
        words, numbers = [], []
        between = self._dimension - 1
        for line in lines:
            word, _, rest = line.partition(b" ")
            rest = rest.rstrip(b" \r")
            if rest.count(b" ") != between or not word:
                return None
            words.append(word)
            numbers.append(rest)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                vectors = np.fromstring(b" ".join(numbers), np.float32, sep=" ")
        except (ValueError, DeprecationWarning):
            return None
        if len(vectors) != len(lines) * self._dimension:
            return None
        return words, vectors.reshape(len(lines), self._dimension)

    def _slow(self, lines: list[bytes]) -> Block:
        words, vectors = [], np.empty((len(lines), self._dimension), np.float32)
        for number, line in enumerate(lines):
            word, vectors[number] = self._line(line, self._read + number)
            words.append(word)
        return words, vectors

    def _line(self, line: bytes, row: int) -> tuple[bytes, Array]:
        fields = _fields(line)
        extra = fields[1 : len(fields) - self._dimension]
        if len(fields) <= self._dimension or (extra and all(map(_is_number, extra))):
            numbers = max(len(fields) - 1, 0)
            raise ModelUnusable(
                f"{self.place(row)} has {numbers} numbers, where line 1 {'says' if self._header_lines else 'has'}"
                f" {self._dimension}; mend that line or fetch the file again"
            )
        wrong = next((field for field in fields[-self._dimension :] if not _is_number(field)), None)
        if wrong is not None:
            raise ModelUnusable(f"{self.place(row)}: {_shown(wrong)} is no number; mend that line")
        if extra:
            self._with_spaces.append((row, b" ".join(fields[: -self._dimension])))
        vector = np.array(fields[-self._dimension :], np.float64).astype(np.float32)
        return b" ".join(fields[: -self._dimension]), vector


def _lines(chunks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Lines of the file, about a megabyte at a time; blank ones at its end are none."""
    waiting: list[bytes] = []
    size, blank = 0, 0
    for chunk in chunks:
        waiting.append(chunk)
        size += len(chunk)
        if size < _BLOCK_BYTES:
            continue
        whole, _, rest = b"".join(waiting).rpartition(b"\n")
        waiting, size = [rest], len(rest)
        if whole:
            lines = [b""] * blank + whole.split(b"\n")
            sound = len(lines)
            while sound and not lines[sound - 1].strip():
                sound -= 1
            blank = len(lines) - sound
            yield lines[:sound]
    rest = b"".join(waiting).rstrip()
    if rest:
        yield [b""] * blank + rest.split(b"\n")


def _fields(line: bytes) -> list[bytes]:
    line = line.rstrip(b" \r\t")
    separator = b" " if b" " in line else b"\t"
    return [field for field in line.split(separator) if field]


def _is_no_header(fields: list[bytes], second: list[bytes]) -> bool:
    """Whether the first line, integers alone, is not as long as the second."""
    alone = 0 < len(fields) <= _LONGEST_HEADER and all(map(_INTEGER.fullmatch, fields))
    return alone and bool(second) and len(_fields(second[0])) != len(fields)


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _shown(text: bytes) -> str:
    return quoted(text[:60].decode("utf-8", "replace"))
