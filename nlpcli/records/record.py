"""`Record`: one unit of input, where it came from, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


def printable(name: str) -> str:
    """A name in one line, control characters as escapes: a file can have a line break in its name."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


class Origin(NamedTuple):
    """The place of a record in the input: `source` as the user named it, `line` counted from 1."""

    source: str
    line: int

    def __str__(self) -> str:
        return f"{printable(self.source)}:{self.line}"


@dataclass(slots=True)
class Record:
    """One text with all the fields that its input gave it; later its result or its error, never both.

    `file`: the file that the text was taken out of, where it is no text; a task that changes the text changes it too.
    """

    text: str
    fields: Mapping[str, Any]
    origin: Origin
    result: dict[str, Any] | None = None
    error: str | None = None
    file: bytes | None = None
