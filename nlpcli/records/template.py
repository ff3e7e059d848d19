"""A Jinja template over the fields of a record."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from nlpcli.errors import UsageError
from nlpcli.records.record import Record

if TYPE_CHECKING:
    from jinja2 import Template


class NotRendered(Exception):
    """The record lacks what the template asks for, or has it otherwise than the template needs it."""


@cache
def compiled(source: str) -> Template:
    """The template; it can compute with the fields of a record and reach nothing else (Jinja's sandbox).

    Raises:
        UsageError: it is no Jinja.
    """
    from jinja2 import StrictUndefined, TemplateSyntaxError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False)
    try:
        return environment.from_string(source)
    except TemplateSyntaxError as error:
        raise UsageError(f"--template, line {error.lineno}: {error.message}") from error


def render(source: str, record: Record) -> str:
    """The template with the record's fields in their places; `text` is always one of them.

    Raises:
        NotRendered: a field is not there, or an operation of the template fails on it.
    """
    from jinja2 import TemplateError

    fields = {"text": record.text, **record.fields}
    try:
        return compiled(source).render(fields)
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise NotRendered(f"the template: {error}; the record has: {', '.join(fields)}") from error
