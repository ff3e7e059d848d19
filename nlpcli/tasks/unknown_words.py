"""Counts the words that a model has no vector for, and says so once, at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from nlpcli.errors import WordsUnknown, quoted
from nlpcli.records.record import Record

log = logging.getLogger(__name__)

_SHOWN = 3


class UnknownWords:
    """`unknown` finds them in a window; `name` is that of the model."""

    def __init__(self, unknown: Callable[[Any], list[str]], name: str) -> None:
        self._unknown = unknown
        self._name = name
        self._words = 0
        self._count = 0
        self._first: dict[str, None] = {}

    def count(self, windows: Iterable[Sequence[Any]]) -> None:
        """Count the words of some windows."""
        for window in windows:
            self._words += len(window)
            unknown = self._unknown(window)
            self._count += len(unknown)
            if unknown and len(self._first) < _SHOWN:
                self._first |= dict.fromkeys(unknown[:_SHOWN])

    def watching(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records; behind the last one it is said what was unknown."""
        yield from records
        if self._count:
            shown = ", ".join(quoted(word) for word in list(self._first)[:_SHOWN])
            log.warning(
                "%s of %s words are not in %s and count for nothing (%s%s)",
                f"{self._count:,}",
                f"{self._words:,}",
                self._name,
                shown,
                " …" if self._count > len(self._first) else "",
            )

    def error(self) -> WordsUnknown:
        """That of a text of which no word is known."""
        return WordsUnknown(f"no word of it is in {quoted(self._name)}")
