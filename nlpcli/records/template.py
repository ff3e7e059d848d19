"""A Jinja template over the fields of a record."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from nlpcli.errors import UsageError
from nlpcli.records.record import Record

if TYPE_CHECKING:
    from jinja2 import Environment, Template


# Filters that make a text of their value.
_FILTERS_OF_TEXT = ("string", "upper", "lower", "title", "capitalize", "trim", "replace", "center", "urlencode")
_WRITTEN = "written"


class NotRendered(Exception):
    """The record lacks what the template asks for, or has it otherwise than the template needs it."""


@cache
def _environment() -> Environment:
    """Jinja's sandbox: a template computes with the fields of a record and reaches nothing else."""
    from jinja2 import StrictUndefined

    environment = _environment_type()(undefined=StrictUndefined, finalize=_written)
    environment.filters |= {name: _of_written(environment.filters[name]) for name in _FILTERS_OF_TEXT}
    environment.filters |= {"join": _of_each_written(environment.filters["join"]), _WRITTEN: _written}
    environment.tests |= {"none": lambda value: value is None or isinstance(value, _null_type())}
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "default": _plain}
    return environment


@cache
def _environment_type() -> type[Environment]:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class JoiningAsWritten(ImmutableSandboxedEnvironment):
        """Values that `~` joins are those that stand alone: Jinja itself asks for Python's words for them."""

        def _parse(self, *arguments: Any) -> nodes.Template:
            template = super()._parse(*arguments)
            for joining in template.find_all(nodes.Concat):
                joining.nodes = [nodes.Filter(node, _WRITTEN, [], [], None, None) for node in joining.nodes]
            return template

    return JoiningAsWritten


def _of_written(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """The filter on values as they stand alone."""

    @wraps(filter_)
    def on_written(*arguments: Any, **named: Any) -> Any:
        return filter_(*map(_text_of, arguments), **named)

    return on_written


def _of_each_written(join: Callable[..., Any]) -> Callable[..., Any]:
    """The filter `join` on values as they stand alone."""
    from jinja2.filters import make_attrgetter

    @wraps(join)
    def on_written(context: Any, values: Iterable[Any], d: str = "", attribute: str | int | None = None) -> Any:
        if attribute is not None:
            values = map(make_attrgetter(context.environment, attribute), values)
        return join(context, [_text_of(value) for value in values], d)

    return on_written


def _text_of(value: Any) -> Any:
    return _written(value) if isinstance(value, bool | list | tuple | dict | None) else value


@cache
def _null_type() -> type[Any]:
    from jinja2 import StrictUndefined

    class Null(StrictUndefined):
        """A null of a record: false, equal to none, replaced by `default`; to write it is an error, as "None" is."""

        def __bool__(self) -> bool:  # type: ignore[override]
            return False

        def __eq__(self, other: object) -> bool:  # type: ignore[override]
            return other is None or isinstance(other, Null)

        def __ne__(self, other: object) -> bool:  # type: ignore[override]
            return not self == other

        def __hash__(self) -> int:  # type: ignore[override]
            return hash(None)

    return Null


def _marked(value: Any, name: str) -> Any:
    """A field's value with every null in it as one that knows its name."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return _null_type()(f"'{name}' is null; give it another value: {{{{ {name} | default('') }}}}")
    if isinstance(value, dict):
        return {key: _marked(item, f"{name}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_marked(item, f"{name}[{index}]") for index, item in enumerate(value)]
    return value


def _written(value: Any) -> Any:
    """What stands in a prompt for a value that is no text: what stands for it in JSON."""
    from jinja2 import Undefined

    if value is None:
        raise NotRendered("the template: a value of it is none; say what to write instead")
    if isinstance(value, Undefined) or not isinstance(value, bool | int | float | list | tuple | dict):
        return value
    from nlpcli.records.json_text import encode_json

    return encode_json(_plain(value)).decode()


def _plain(value: Any) -> Any:
    """What JSON has for a value: null for the nulls of `_marked`."""
    if isinstance(value, _null_type()):
        return None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


@cache
def compiled(source: str) -> Template:
    """The template.

    Raises:
        UsageError: it is no Jinja.
    """
    from jinja2 import TemplateSyntaxError

    try:
        return _environment().from_string(source)
    except TemplateSyntaxError as error:
        raise UsageError(f"--template, line {error.lineno}: {error.message}") from error


@cache
def _names(source: str) -> frozenset[str]:
    """The fields that a template can ask for."""
    from jinja2.meta import find_undeclared_variables

    return frozenset(find_undeclared_variables(_environment().parse(source)))


def render(source: str, record: Record) -> str:
    """The template with the record's fields in their places; `text` is always one of them.

    Raises:
        NotRendered: a field is not there or null, or an operation of the template fails on it.
    """
    from jinja2 import TemplateError

    # Only what the template names: a column of Parquet takes time to become values.
    fields: dict[str, Any] = {"text": record.text}
    known = dict.fromkeys(["text", *record.fields])
    fields |= {name: record.fields[name] for name in _names(source) if name in record.fields}
    try:
        return compiled(source).render({name: _marked(value, name) for name, value in fields.items()})
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise NotRendered(f"the template: {error}; the record has: {', '.join(known)}") from error
