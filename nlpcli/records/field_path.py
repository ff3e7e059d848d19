"""`--field a.b[0]`: a field inside the fields of a record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

_PATH = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[-?[0-9]+\])+")
_STEP = re.compile(r"[^.\[\]]+|\[(-?[0-9]+)\]")


class NotThere(LookupError):
    """A record has no such field; the message says what there is instead."""


@cache
def steps(path: str) -> tuple[str | int, ...]:
    if not _PATH.fullmatch(path):
        return (path,)
    return tuple(int(step[1]) if step[1] else step[0] for step in _STEP.finditer(path))


def first_step(path: str) -> str:
    """The field of the record in which `path` begins."""
    return str(steps(path)[0])


def value_at(fields: Mapping[str, Any], path: str) -> Any:
    """The value at `path`; a field that literally bears the whole name comes first.

    Raises:
        NotThere: there is none.
    """
    if path in fields:
        return fields[path]
    value: Any = fields
    before = ""
    for step in steps(path):
        value = _inside(value, step, before)
        before += f"[{step}]" if isinstance(step, int) else f".{step}" if before else step
    return value


def _inside(value: Any, step: str | int, before: str) -> Any:
    if isinstance(value, Mapping):
        if isinstance(step, str) and step in value:
            return value[step]
        where = f'"{before}" has' if before else "it has"
        raise NotThere(f"{where}: {', '.join(map(str, value)) or 'nothing'}")
    if value is None or isinstance(value, str | int | float):
        raise NotThere(f'"{before}" is {"null" if value is None else "no object and no list"}')
    if isinstance(step, str) or not -len(value) <= step < len(value):
        raise NotThere(f'"{before}" is a list of {len(value)}')
    found = value[step]
    # An item of an array of numpy, by its own digits: of 32 bits they are fewer.
    return float(str(found)) if hasattr(found, "dtype") else found
