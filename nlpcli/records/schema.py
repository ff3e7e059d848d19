"""What is no JSON Schema is said before a model is loaded."""

from __future__ import annotations

import json

from nlpcli.errors import UsageError


def check_schema(text: str) -> None:
    """Refuse what is no JSON, or no schema.

    Raises:
        UsageError: it is no object.
    """
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--schema is not valid JSON: {error}") from error
    if not isinstance(schema, dict):
        raise UsageError('--schema is no JSON Schema; that is an object such as {"type": "object"}')
