"""word2vec's binary file: a header in text, then each word, a space, and its numbers as float32."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from nlpcli.errors import ModelUnusable
from nlpcli.models.static.bytes_reader import BytesReader
from nlpcli.models.static.text_format import HEADER

Array = np.ndarray[Any, Any]
_WORDS_AT_A_TIME = 4096
# A word that has no end within so many bytes is none: numbers are read as one.
_LONGEST_WORD = 1 << 12


class BinaryVectors:
    """Reads blocks of words and vectors; `name` of the file is for messages."""

    def __init__(self, name: str) -> None:
        self._name = name

    def place(self, row: int) -> str:
        """Where the word of a row stands: binary files have no lines but the first."""
        return f"{self._name}: word {row + 1:,}"

    def blocks(self, reader: BytesReader) -> Iterator[tuple[list[bytes], Array]]:
        """Words with (words, dimension) float32.

        Raises:
            ModelUnusable: the file ends early, holds more than its header says, or no words.
        """
        header = HEADER.fullmatch(reader.line())
        count, dimension = (int(header[1]), int(header[2])) if header else (0, 0)
        if not count or not dimension:
            raise ModelUnusable(f"{self._name}:1 says that there are no vectors; name another file")
        size = 4 * dimension
        words: list[bytes] = []
        numbers: list[bytes] = []
        # Google's program begins a line for each word but the first, gensim does not.
        in_lines = False
        for row in range(count):
            word, vector = reader.until(b" ", _LONGEST_WORD), reader.read(size)
            begins_line = (word or b"").startswith(b"\n")
            if in_lines and word is not None and not begins_line:
                raise ModelUnusable(
                    f"{self.place(row - 1)} has a space in it, or not {dimension} numbers; put _ for the space, or"
                    " fetch the file again"
                )
            in_lines = begins_line or in_lines
            if word is None or len(vector) < size:
                raise ModelUnusable(
                    f"{self._name}:1 says {count:,} words of {dimension} numbers, and the file ends within word"
                    f" {row + 1:,} or is none of that shape; fetch it again"
                )
            words.append(word.lstrip(b"\n"))
            numbers.append(vector)
            if len(words) == _WORDS_AT_A_TIME or row + 1 == count:
                yield words, np.frombuffer(b"".join(numbers), "<f4").reshape(len(words), dimension)
                words, numbers = [], []
        if reader.read(2).strip(b"\n"):
            raise ModelUnusable(
                f"{self._name}:1 says {count:,} words of {dimension} numbers, and the file goes on behind them; its"
                " header is wrong: mend it"
            )
