"""Texts → their words, as a vocabulary has them: rows of the vocabulary, and as text the words that it lacks."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence

from nlpcli.models.static.store import WordVectors
from nlpcli.text.words import unspaced_runs

Token = int | str
"""The row of a word, or a word that has none."""

# Letters and digits, with what stands between them; or one mark of another kind.
_PARTS = re.compile(r"\w+(?:[^\w\s]\w+)*|[^\w\s]")
_INNER = re.compile(r"\w+|[^\w\s]\w+")
_NOT = re.compile(r"(\w+?)(n['’]t)", re.IGNORECASE)
# Words of scripts without spaces are looked for up to this length.
_LONGEST = 12
# An unknown character costs more than the rarest word.
_UNKNOWN = 5.0
_MOST_CACHED = 1 << 17


class Segmenter:
    """Finds the words of a text: by the file's own casing, then in lower case.

    A stretch between spaces is a word where the vocabulary has it whole; else without the punctuation around it, or by
    its parts (`don't` is `do` and `n't`). Punctuation alone is no word. Where a script has no spaces the words are
    those that together are the most probable, by Zipf's law over their ranks.
    """

    def __init__(self, vectors: WordVectors) -> None:
        self._vectors = vectors
        self._cached: dict[str, list[Token]] = {}

    def tokens(self, text: str) -> list[Token]:
        """The words of a text, in order."""
        found: list[Token] = []
        for stretch in text.split():
            tokens = self._cached.get(stretch)
            if tokens is None:
                if len(self._cached) >= _MOST_CACHED:
                    self._cached.clear()
                tokens = self._cached[stretch] = list(self._of_stretch(stretch))
            found += tokens
        return found

    def row(self, word: str) -> int:
        """The row of a word in its own casing, else in lower case; -1 where it has none."""
        own, lower = self._vectors.find([word, word.lower()])
        return own if own >= 0 else lower

    def _of_stretch(self, stretch: str) -> Iterator[Token]:
        if not _says_something(stretch):
            return
        if (row := self._row_without_marks(stretch)) >= 0:
            yield row
            return
        for run, is_unspaced in unspaced_runs(stretch):
            if is_unspaced:
                yield from self._unspaced(run)
                continue
            for part in filter(_says_something, _PARTS.findall(run)):
                yield from self._part(part)

    def _row_without_marks(self, stretch: str) -> int:
        """The row of a stretch, whole or without marks at its ends: of `U.S.,` that of `U.S.`."""
        row = self.row(stretch)
        start, end = 0, len(stretch)
        while start < end and not stretch[start].isalnum():
            start += 1
        while row < 0 and start < end and not stretch[end - 1].isalnum():
            row = self.row(stretch[start:end])
            end -= 1
        return row if row >= 0 or (start, end) == (0, len(stretch)) else self.row(stretch[start:end])

    def _part(self, part: str) -> Iterator[Token]:
        if (row := self.row(part)) >= 0:
            yield row
            return
        negated = _NOT.fullmatch(part)
        pieces: Sequence[str] = negated.groups() if negated else _INNER.findall(part)
        if len(pieces) < 2:
            yield part
            return
        for piece in pieces:
            plain = piece if piece[0].isalnum() else piece[1:]
            # `'s` and `n't` are words of some vocabularies, `-on` of none.
            row = self.row(piece.replace("’", "'"))
            row = row if row >= 0 else self.row(plain)
            if row >= 0:
                yield row
            elif _says_something(plain):
                yield plain

    def _unspaced(self, run: str) -> Iterator[Token]:
        """The most probable words of a stretch without spaces; neighbors that are unknown are one word."""
        if (row := self.row(run)) >= 0:
            yield row
            return
        spans = [
            (start, end) for start in range(len(run)) for end in range(start + 1, min(start + _LONGEST, len(run)) + 1)
        ]
        rows = dict(zip(spans, self._vectors.find([run[start:end] for start, end in spans]), strict=True))
        total = math.log(math.log(len(self._vectors) + 1) + 1)
        worst = math.log(len(self._vectors) + 1) + total + _UNKNOWN
        best = [0.0] + [math.inf] * len(run)
        begins = [0] * (len(run) + 1)
        for (start, end), row in rows.items():
            if row < 0 and end - start > 1:
                continue
            cost = best[start] + (worst if row < 0 else math.log(row + 1) + total)
            if cost < best[end]:
                best[end], begins[end] = cost, start
        words: list[Token] = []
        end = len(run)
        while end:
            start = begins[end]
            row = rows[start, end]
            if row >= 0:
                words.append(row)
            elif words and isinstance(words[-1], str):
                words[-1] = run[start:end] + words[-1]
            else:
                words.append(run[start:end])
            end = start
        yield from reversed(words)


def _says_something(text: str) -> bool:
    """Whether there is a letter, a digit or a symbol in it, and not punctuation alone."""
    return any(character.isalnum() or unicodedata.category(character)[0] in "SM" for character in text)
