"""JSON Schema: what is none is said before a model is loaded, and every answer is checked against it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, NoReturn

from nlpcli.errors import UsageError

_LONGEST_MESSAGE = 200


class _Broken(ValueError):
    """A text that is JSON to some readers and not, or something else, to others."""


class Schema:
    """A JSON Schema of the draft that its `$schema` names (2020-12 where it names none); references stay inside."""

    def __init__(self, text: str) -> None:
        """Raises UsageError where `text` is no JSON Schema."""
        try:
            schema = json.loads(text, parse_float=_exact)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"--schema is not valid JSON: {error}") from error
        if not isinstance(schema, dict):
            raise UsageError('--schema is no JSON Schema; that is an object such as {"type": "object"}')
        self._validator = _validator(schema)

    def problem_of(self, answer: str) -> str | None:
        """What keeps `answer` from being valid, and where; None where nothing does."""
        from jsonschema.exceptions import best_match
        from referencing.exceptions import Unresolvable

        try:
            value = json.loads(answer, object_pairs_hook=_distinct, parse_float=_exact, parse_constant=_refuse_constant)
            json.dumps(value, ensure_ascii=False, default=str).encode()
            error = best_match(self._validator.iter_errors(value))
        except _Broken as broken:
            return str(broken)
        except UnicodeEncodeError:
            return "it holds half a surrogate pair, which is no character"
        except (ValueError, RecursionError) as broken:
            return f"it is no JSON: {broken}"
        except Unresolvable as missing:
            return f"the reference {missing.ref} leads nowhere"
        except InvalidOperation:
            return "a number has more digits than can be computed with"
        return None if error is None else f"at {error.json_path}: {_short(error.message)}"


def _validator(schema: dict[str, Any]) -> Any:
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing.jsonschema import EMPTY_REGISTRY

    kind = validator_for(schema, default=None if "$schema" in schema else Draft202012Validator)
    if kind is None:
        raise UsageError(f"--schema names a $schema that is not known: {schema['$schema']}; leave it out")
    checker = _with_times(kind.FORMAT_CHECKER)
    try:
        kind.check_schema(schema, format_checker=checker)
    except SchemaError as error:
        raise UsageError(f"--schema is no JSON Schema, at {error.json_path}: {_short(error.message)}") from error
    # Without a registry of its own jsonschema fetches what a reference names from the network.
    return kind(schema, registry=EMPTY_REGISTRY, format_checker=checker)


def _with_times(known: Any) -> Any:
    """What checks formats, with those of times, which jsonschema leaves to another library."""
    from jsonschema import FormatChecker

    checker = FormatChecker(())
    checker.checkers = {
        **known.checkers,
        **{name: (partial(_has_form, name), ()) for name in EXACT if name not in known.checkers},
    }
    return checker


def _has_form(name: str, value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(EXACT[name], value) is not None


def with_exact_formats(schema: Any) -> Any:
    """The schema with a pattern in the place of each format of dates and times: what is no day cannot be written."""

    def exact(part: dict[str, Any]) -> dict[str, Any]:
        if part.get("format") not in EXACT or "pattern" in part:
            return part
        return {key: value for key, value in part.items() if key != "format"} | {
            "pattern": f"^{EXACT[part['format']]}$"
        }

    return rewritten(schema, exact)


def rewritten(schema: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """The schema with each of its parts as `change` makes it, the inner ones first."""
    if isinstance(schema, list):
        return [rewritten(part, change) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _MAPS and isinstance(value, dict):
            made[key] = {name: rewritten(below, change) for name, below in value.items()}
        else:
            made[key] = value if key in _LITERAL else rewritten(value, change)
    return change(made)


# Keywords whose value maps names to schemas; is no schema.
_MAPS = frozenset({"properties", "$defs", "definitions", "patternProperties"})
_LITERAL = frozenset({"enum", "const", "default", "examples", "required"})
_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DATE = (
    f"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP_YEAR}-02-29)"
)
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = rf"{_CLOCK}:[0-5][0-9](?:\.[0-9]{{1,6}})?(?:Z|[+-]{_CLOCK})"
EXACT = {"date": _DATE, "time": _TIME, "date-time": f"{_DATE}T{_TIME}"}
"""Formats as RFC 3339 has them, as patterns; without leap seconds."""


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Broken(f'the key "{_short(key)}" stands twice in one object')
        found[key] = value
    return found


def _exact(digits: str) -> int | Decimal:
    """A number as it is written: 0.3 is a multiple of 0.1, and 1.0 an integer."""
    if not math.isfinite(float(digits)):
        raise _Broken(f"{_short(digits)} is beyond what a number can be")
    number = Decimal(digits)
    return int(number) if number == number.to_integral_value() else number


def _refuse_constant(name: str) -> NoReturn:
    raise _Broken(f"{name} is no JSON")


def _short(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}…"
