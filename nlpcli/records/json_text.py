"""JSON → Python values → JSON in which every number keeps its digits."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

# A number that orjson may read otherwise than it is written: with a fraction or exponent, long, or a negative zero.
# It may stand in a string as well; such a line only takes the longer way.
_DIGITS_AT_RISK = re.compile(r"[0-9][.eE]|[0-9]{18}|-0")
# Python refuses to turn longer ones into integers, because that takes quadratic time.
_LONGEST_INTEGER = 4300
# What is read can be written in every format: each of them has a limit of its own above this one.
_DEEPEST = 256
# Integers over 64 bits are floats to orjson.
_EXACT = frozenset({str, int, bool, type(None)})
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY


class Number(float):
    """A number that is written again as it was read; `literal` are its digits, or `NaN`, `Infinity`, `-Infinity`."""

    __slots__ = ("literal",)
    literal: str

    def __new__(cls, literal: str) -> Number:
        number = super().__new__(cls, literal)
        number.literal = literal
        return number

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]
        return (self.literal,)

    def __str__(self) -> str:
        return self.literal

    @property
    def json(self) -> str:
        """A token of JSON: a string where JSON has no number for it, as in the JSON mapping of protocol buffers."""
        return self.literal if self.literal[-1].isdigit() else f'"{self.literal}"'

    @property
    def fits_float(self) -> bool:
        """Whether a float of 64 bits holds the value: its shortest or its 17 digits are those that are written."""
        from decimal import Decimal

        if not self.literal[-1].isdigit():
            return True
        written = Decimal(self.literal)
        return self not in {float("inf"), float("-inf")} and written in {
            Decimal(float.__repr__(self)),
            Decimal(f"{self:.17g}"),
        }


class Spelled:
    """An array as it is written in JSON: whoever only writes it needs no numpy."""

    __slots__ = ("dtype", "json")

    def __init__(self, json: bytes, dtype: str) -> None:
        self.json = json
        self.dtype = dtype

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        import numpy as np

        return np.asarray(orjson.loads(self.json), self.dtype).astype(dtype or self.dtype)

    def __len__(self) -> int:
        return len(orjson.loads(self.json))

    def tolist(self) -> Any:
        """As an array has it."""
        return self.__array__().tolist()


def number(literal: str) -> float:
    """A float where it is written with the same digits again, else a `Number`."""
    value = float(literal)
    # With an exponent orjson writes otherwise than Python: 1e-7, not 1e-07.
    return value if repr(value) == literal and "e" not in literal else Number(literal)


def _integer(literal: str) -> int | float:
    return Number(literal) if literal == "-0" or len(literal) > _LONGEST_INTEGER else int(literal)


DECODER = json.JSONDecoder(parse_float=number, parse_int=_integer, parse_constant=Number)


def read_json(line: str) -> Any:
    """The value of a text in JSON; of keys that are repeated the last counts.

    Raises:
        ValueError, RecursionError: it is not JSON, or nested too deeply.
    """
    value = _value(line)
    refuse_deep(value, line)
    return value


def refuse_deep(value: Any, text: str) -> None:
    """Raises RecursionError where `value`, which was read from `text`, is nested too deeply."""
    if text.count("[") + text.count("{") <= _DEEPEST:
        return
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        if depth > _DEEPEST:
            raise RecursionError
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]


def _value(line: str) -> Any:
    try:
        value = orjson.loads(line)
        if _keeps_digits(value, line):
            return value
    except (TypeError, ValueError):
        pass  # Python's own module reads more (NaN, half a surrogate pair) and says better what is wrong.
    return DECODER.decode(line)


def _keeps_digits(value: Any, line: str) -> bool:
    """Whether `value`, which orjson made of `line`, has the digits that stand there; the cheapest look comes first."""
    if type(value) is dict and _EXACT.issuperset(map(type, value.values())):
        return "-0" not in line
    return _without_spaces(orjson.dumps(value).decode()) == _without_spaces(line) or not _DIGITS_AT_RISK.search(line)


def _without_spaces(text: str) -> str:
    """JSON without the spaces that most programs write; those in texts go too, and no part of a number does."""
    return text.replace('": ', '":').replace(", ", ",")


def encode_json(value: Any) -> bytes:
    """JSON in UTF-8 without spaces; arrays of numpy in the shortest form that reads back to the same bits."""
    try:
        return orjson.dumps(value, option=_OPTIONS, default=_plain)
    except TypeError:
        # What orjson refuses: integers over 64 bits, half a surrogate pair, more than 254 levels.
        return _spelled(value).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Number | Spelled):
        return orjson.Fragment(value.json)
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _spelled(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_spelled(str(key))}:{_spelled(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_spelled, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=not is_sound(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return encode_json(value).decode()


def is_sound(text: str) -> bool:
    """Whether UTF-8 can hold `text`: it has no half of a surrogate pair."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
