"""JSON Schema: what is none is said before a model is loaded, and every answer is checked against it."""

from __future__ import annotations

import json
import math
from decimal import Decimal, InvalidOperation
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
    try:
        kind.check_schema(schema, format_checker=kind.FORMAT_CHECKER)
    except SchemaError as error:
        raise UsageError(f"--schema is no JSON Schema, at {error.json_path}: {_short(error.message)}") from error
    # Without a registry of its own jsonschema fetches what a reference names from the network.
    return kind(schema, registry=EMPTY_REGISTRY, format_checker=kind.FORMAT_CHECKER)


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
