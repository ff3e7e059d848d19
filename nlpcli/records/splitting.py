"""Bytes → text → lines, paragraphs, NUL-separated pieces or whole documents."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

BYTE_ORDER_MARK = "\ufeff"
# Python makes them of arguments that are not UTF-8, and JSON can spell them out; no tokenizer takes them.
_SURROGATE = re.compile("[\\ud800-\\udfff]")


class Piece(NamedTuple):
    """A piece of text and the line (or the number of the NUL-separated record) on which it starts."""

    text: str
    line: int


def without_surrogates(text: str) -> str:
    """A text that was decoded elsewhere, its halves of surrogate pairs replaced by U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


class Decoder:
    """Decodes chunks; bytes that are not valid become U+FFFD and are counted in `replaced`."""

    def __init__(self, encoding: str) -> None:
        """Raises LookupError where Python knows no such encoding of text."""
        self.encoding = codecs.lookup(encoding).name
        # base64 and the like are codecs too, from bytes to bytes; str.encode refuses them.
        "".encode(self.encoding)
        self.replaced = 0
        self._error_handler = f"nlpcli.replace.{id(self)}"
        codecs.register_error(self._error_handler, self._replace)

    def mend(self, text: str) -> str:
        """A text that was decoded elsewhere, its halves of surrogate pairs replaced and counted in the same way."""
        text, count = _SURROGATE.subn("\ufffd", text)
        self.replaced += count
        return text

    def _replace(self, error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        self.replaced += error.end - error.start
        return "\ufffd", error.end

    def decode(self, chunks: Iterable[bytes], encoding: str | None = None, started: bool = False) -> Iterator[str]:
        """The text of `chunks`, without a byte order mark at its start; `encoding` is what such a mark says.

        `started`: the chunks come from the middle of a file, where such a mark is a character.
        """
        decoder = codecs.getincrementaldecoder(encoding or self.encoding)(self._error_handler)
        for chunk in chunks:
            text = decoder.decode(chunk)
            if text and not started:
                started = True
                text = text.removeprefix(BYTE_ORDER_MARK)
            if text:
                yield text
        if rest := decoder.decode(b"", final=True):
            yield rest


def split_at(texts: Iterable[str], separator: str) -> Iterator[str]:
    """Pieces between separators; a separator at the very end starts no empty piece."""
    unfinished: list[str] = []
    for text in texts:
        first, *others = text.split(separator)
        unfinished.append(first)
        for piece in others:
            yield "".join(unfinished)
            unfinished = [piece]
    if last := "".join(unfinished):
        yield last


def by_null(texts: Iterable[str], first: int = 1) -> Iterator[Piece]:
    """Records that end in NUL, as `find -print0` writes them."""
    for number, text in enumerate(split_at(texts, "\0"), start=first):
        yield Piece(text, number)


def by_line(texts: Iterable[str], first: int = 1) -> Iterator[Piece]:
    """Lines that end in LF or CRLF; other separators of Unicode stay inside the text. Counted from `first`."""
    for number, line in enumerate(split_at(texts, "\n"), start=first):
        yield Piece(line.removesuffix("\r"), number)


def by_paragraph(texts: Iterable[str]) -> Iterator[Piece]:
    """Runs of lines that are not blank."""
    lines: list[str] = []
    start = 1
    for text, number in by_line(texts):
        if text.strip():
            start = start if lines else number
            lines.append(text)
        elif lines:
            yield Piece("\n".join(lines), start)
            lines = []
    if lines:
        yield Piece("\n".join(lines), start)


def by_document(texts: Iterable[str]) -> Iterator[Piece]:
    """Everything at once: a document is in memory as a whole, because a model reads it as a whole."""
    yield Piece("".join(texts), 1)
