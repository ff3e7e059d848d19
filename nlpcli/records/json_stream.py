"""JSON values one by one out of a stream of text, in memory bounded by the largest value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from nlpcli.records.json_text import DECODER, refuse_deep

_WHITE_SPACE = " \t\r\n"
_REST_OF_NUMBER = re.compile(r"[-+.eE0-9]*\Z")


class JsonValue(NamedTuple):
    """A value and the line on which it starts."""

    value: Any
    line: int


class JsonBroken(ValueError):
    """The text is not JSON; `line` is where reading stopped."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.line = line


def json_problem(error: ValueError | RecursionError) -> str:
    """What is wrong with a JSON text, in words."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (column {error.colno})"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error).partition(";")[0]


class _Text:
    """The unread part of the stream; counts lines as it moves on."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._texts = texts
        self.buffer = ""
        self.position = 0
        self.line = 1

    def move_to(self, position: int) -> None:
        self.line += self.buffer.count("\n", self.position, position)
        self.position = position

    def grow(self) -> bool:
        """Read at least as much again as is unread, so that large values cost linear time."""
        unread = self.buffer[self.position :]
        parts, wanted = [unread], max(len(unread), 1)
        for text in self._texts:
            parts.append(text)
            wanted -= len(text)
            if wanted <= 0:
                break
        self.buffer, self.position = "".join(parts), 0
        return len(self.buffer) > len(unread)

    def next_character(self) -> str:
        """The next character that is not white space, unread; empty at the end of the stream."""
        while True:
            position = self.position
            while position < len(self.buffer) and self.buffer[position] in _WHITE_SPACE:
                position += 1
            self.move_to(position)
            if position < len(self.buffer):
                return self.buffer[position]
            if not self.grow():
                return ""

    def next_value(self) -> Any:
        while True:
            try:
                value, end = DECODER.raw_decode(self.buffer, self.position)
                refuse_deep(value, self.buffer[self.position : end])
            except json.JSONDecodeError as error:
                if self.grow():
                    continue
                line = self.line + self.buffer.count("\n", self.position, error.pos)
                raise JsonBroken(error.msg, line) from error
            except (ValueError, RecursionError) as error:
                raise JsonBroken(json_problem(error), self.line) from error
            # A number at the end of the buffer may go on in the next chunk: of 12.5 perhaps "12." is there.
            unfinished = isinstance(value, int | float) and _REST_OF_NUMBER.match(self.buffer, end)
            if not unfinished or not self.grow():
                self.move_to(end)
                return value


def json_values(texts: Iterator[str]) -> Iterator[JsonValue]:
    """The elements of one top-level array, or all top-level values in turn (as jq prints them).

    Raises:
        JsonBroken: the text is not JSON.
    """
    text = _Text(texts)
    if text.next_character() != "[":
        while text.next_character():
            line = text.line
            yield JsonValue(text.next_value(), line)
        return
    text.move_to(text.position + 1)
    if text.next_character() == "]":
        text.move_to(text.position + 1)
        _expect_end(text)
        return
    while True:
        text.next_character()
        line = text.line
        yield JsonValue(text.next_value(), line)
        separator = text.next_character()
        if separator not in {",", "]"}:
            raise JsonBroken("the array has no end" if not separator else "a comma is missing", text.line)
        text.move_to(text.position + 1)
        if separator == "]":
            _expect_end(text)
            return


def _expect_end(text: _Text) -> None:
    if text.next_character():
        raise JsonBroken("there is more behind the end of the array", text.line)
