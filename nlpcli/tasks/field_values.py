"""The values of an object that a schema describes: where each stands, and how the objects of parts become one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from nlpcli.errors import UsageError
from nlpcli.records.schema import rewritten
from nlpcli.text.grounding import Folded, Place, find_date, find_number

# What a model that is unsure writes without end is bounded where the schema does not do it.
_LONGEST_STRING, _MOST_ITEMS, _LARGEST_NUMBER, _SMALLEST_STEP = 120, 16, 10**15, 1e-6
_DROPPED = object()


class Value(NamedTuple):
    """One string, number or date, by its path in the object; `place` is None where the text does not have it."""

    path: str
    value: Any
    place: Place | None


class SchemaNodes:
    """The schema of each value of an object; references stay inside."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.root = schema

    def resolved(self, schema: Any, value: Any) -> Mapping[str, Any]:
        """The part that speaks of `value`, behind references and alternatives."""
        for _ in range(16):
            if not isinstance(schema, Mapping):
                return {}
            if "$ref" in schema:
                schema = self._target(str(schema["$ref"]))
            elif choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
                schema = next((choice for choice in choices if self._may_be(choice, value)), {})
            else:
                return schema
        return {}

    def _target(self, reference: str) -> Any:
        node: Any = self.root
        for part in reference.removeprefix("#").strip("/").split("/") if reference.startswith("#") else []:
            key = part.replace("~1", "/").replace("~0", "~")
            node = node.get(key) if isinstance(node, Mapping) else None
        return node if node is not self.root or reference == "#" else {}

    def _may_be(self, schema: Any, value: Any) -> bool:
        kinds = self.resolved(schema, value).get("type")
        names = [kinds] if isinstance(kinds, str) else kinds
        return not names or any(_is_of(name, value) for name in names)

    def child(self, schema: Mapping[str, Any], key: str | int, value: Any) -> Mapping[str, Any]:
        """The schema of one property or item."""
        below = schema.get("items") if isinstance(key, int) else schema.get("properties", {}).get(key)
        if below is None and isinstance(key, str):
            below = schema.get("additionalProperties")
        return self.resolved(below, value)


def _is_of(name: str, value: Any) -> bool:
    kinds: dict[str, Any] = {
        "string": str, "object": dict, "array": list, "boolean": bool, "null": type(None), "integer": int,
        "number": (int, float),
    }  # fmt: skip
    return isinstance(value, kinds.get(name, ())) and (name == "boolean" or not isinstance(value, bool))


def bounded(schema: Any) -> Any:
    """The schema with limits where it has none: of strings, lists, numbers, and what names an object may have.

    An object that names its properties has no others, unless the schema says otherwise or is composed of several that
    one value has to be valid against. `uniqueItems` is left out: what is written twice is taken out of the answer.
    """
    return rewritten(schema, partial(_bounded, closes=not _is_composed(schema)))


def least_sizes(schema: Any) -> tuple[int, int]:
    """How many items its lists need, the most of any, and how many characters its strings need in all."""
    items, characters = [0], [0]

    def note(part: dict[str, Any]) -> dict[str, Any]:
        items.append(int(part.get("minItems", 0)))
        characters.append(int(part.get("minLength", 0)))
        return part

    rewritten(schema, note)
    return max(items), sum(characters)


def _is_composed(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_is_composed(part) for part in schema)
    if not isinstance(schema, dict):
        return False
    keys = schema.keys()
    here = _COMPOSED & keys or ({"anyOf", "oneOf", "$ref"} & keys and {"properties", "required"} & keys)
    return bool(here) or any(_is_composed(value) for value in schema.values())


def _bounded(schema: dict[str, Any], closes: bool) -> dict[str, Any]:
    made = {key: value for key, value in schema.items() if key != "uniqueItems"}
    if schema.get("uniqueItems") and int(schema.get("minItems", 0)) > 1:
        raise UsageError(
            "--schema: uniqueItems with minItems of more than 1 cannot be promised; leave one of the two out"
        )
    kinds = schema.get("type")
    names = {kinds} if isinstance(kinds, str) else set(kinds) if isinstance(kinds, list) else set()
    if not {"enum", "const"} & schema.keys():
        for limit, value in _limits(schema, names, closes):
            made.setdefault(limit, value)
    return made


def _limits(schema: Mapping[str, Any], names: set[str], closes: bool) -> Iterator[tuple[str, Any]]:
    if "string" in names and ("pattern" not in schema or _ENDLESS.search(str(schema["pattern"]))):
        yield "maxLength", max(_LONGEST_STRING, int(schema.get("minLength", 0)))
    if "array" in names:
        yield "maxItems", max(_MOST_ITEMS, int(schema.get("minItems", 0)))
    if names & {"integer", "number"}:
        if "exclusiveMinimum" not in schema:
            yield "minimum", -_LARGEST_NUMBER
        if "exclusiveMaximum" not in schema:
            yield "maximum", _LARGEST_NUMBER
    if "number" in names:
        yield "multipleOf", _SMALLEST_STEP
    properties, required = schema.get("properties", {}).keys(), set(schema.get("required", ()))
    if not closes or schema.get("additionalProperties") is False:
        return
    if properties and required <= properties and not _OPEN & schema.keys():
        yield "additionalProperties", False
    elif "object" in names and properties <= required:  # else llguidance does not count them
        yield "maxProperties", max(_MOST_ITEMS, int(schema.get("minProperties", 0)), len(required))


# Keywords that have one value be valid against several schemas.
_COMPOSED = frozenset({"allOf", "if", "not", "dependentSchemas"})
_OPEN = frozenset({"additionalProperties", "patternProperties", "unevaluatedProperties"})
_ENDLESS = re.compile(r"[*+]|,\}")


def grounded(fields: Any, nodes: SchemaNodes, text: str, folded: Folded) -> list[Value]:
    """Every string, number and date of the object with its place; what a schema offers to choose from is left out."""

    def walk(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[Value]:
        if isinstance(value, dict):
            for key, below in value.items():
                yield from walk(below, nodes.child(schema, key, below), f"{path}.{key}" if path else key)
        elif isinstance(value, list):
            for number, below in enumerate(value):
                yield from walk(below, nodes.child(schema, number, below), f"{path}[{number}]")
        elif _is_looked_up(value, schema):
            yield Value(path, value, _place(value, schema, text, folded))

    return list(walk(fields, nodes.resolved(nodes.root, fields), ""))


def _is_looked_up(value: Any, schema: Mapping[str, Any]) -> bool:
    if value is None or isinstance(value, bool) or "enum" in schema or "const" in schema:
        return False
    return isinstance(value, int | float) or bool(value.strip())


def _place(value: Any, schema: Mapping[str, Any], text: str, folded: Folded) -> Place | None:
    if not isinstance(value, str):
        return find_number(text, float(value))
    found = folded.find(value)
    if found is None and schema.get("format") == "date":
        return find_date(text, value)
    return found


def without_ungrounded(fields: Any, nodes: SchemaNodes, missing: frozenset[str]) -> dict[str, Any]:
    """The object without the values of the paths `missing`; what requires one of them goes with it, the whole stays."""

    def keep(value: Any, schema: Mapping[str, Any], path: str) -> Any:
        if isinstance(value, dict):
            made = {
                key: keep(below, nodes.child(schema, key, below), f"{path}.{key}" if path else key)
                for key, below in value.items()
            }
            if path and any(made[key] is _DROPPED for key in schema.get("required", ()) if key in made):
                return _DROPPED
            return {key: below for key, below in made.items() if below is not _DROPPED}
        if isinstance(value, list):
            items = (
                keep(below, nodes.child(schema, number, below), f"{path}[{number}]")
                for number, below in enumerate(value)
            )
            return [item for item in items if item is not _DROPPED]
        return _DROPPED if path in missing else value

    kept: dict[str, Any] = keep(fields, nodes.resolved(nodes.root, fields), "")
    return kept


def merged(parts: Sequence[tuple[dict[str, Any], frozenset[str]]], nodes: SchemaNodes) -> dict[str, Any]:
    """One object of those of several parts of a text, each with the paths of values that its text has.

    By key: lists follow each other without repetition; of other values the first that the text has, else the first.
    """
    root = nodes.resolved(nodes.root, {})
    return _merged_objects([(fields, paths, "") for fields, paths in parts], root, nodes)


_Part = tuple[Any, frozenset[str], str]


def _merged_objects(parts: Sequence[_Part], schema: Mapping[str, Any], nodes: SchemaNodes) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key in dict.fromkeys(key for fields, _, _ in parts for key in fields):
        below = [
            (fields[key], paths, f"{path}.{key}" if path else key) for fields, paths, path in parts if key in fields
        ]
        made[key] = _merged_values(below, nodes.child(schema, key, below[0][0]), nodes)
    return made


def _merged_values(parts: Sequence[_Part], schema: Mapping[str, Any], nodes: SchemaNodes) -> Any:
    told = [part for part in parts if part[0] not in (None, "", [])] or list(parts)
    first = told[0][0]
    if isinstance(first, dict):
        return _merged_objects([part for part in told if isinstance(part[0], dict)], schema, nodes)
    if isinstance(first, list):
        items = {
            _key(item): item for value, _, _ in reversed(told) if isinstance(value, list) for item in reversed(value)
        }
        most = schema.get("maxItems")
        return list(reversed(items.values()))[: int(most) if most is not None else None]
    return next((value for value, paths, path in told if path in paths), first)


def _key(item: Any) -> str:
    # 1.0 is 1 to a schema.
    plain = json.loads(json.dumps(item), parse_float=lambda digits: int(n) if (n := float(digits)).is_integer() else n)
    return " ".join(json.dumps(plain, sort_keys=True, ensure_ascii=False).casefold().split())


def without_repetition(fields: Any) -> Any:
    """The object, each list without what stands in it already."""
    if isinstance(fields, dict):
        return {key: without_repetition(value) for key, value in fields.items()}
    if isinstance(fields, list):
        return list({_key(item): without_repetition(item) for item in reversed(fields)}.values())[::-1]
    return fields


def salvaged(text: str) -> Iterator[str]:
    """JSON that was cut off, closed behind each of its last whole values, the longest first."""
    closers: list[str] = []
    cuts: list[tuple[int, str]] = []
    quoted = escaped = False
    for place, character in enumerate(text):
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
            continue
        if character == '"':
            quoted = True
        elif character in "{[":
            closers.append("}" if character == "{" else "]")
            if character == "[":
                cuts.append((place + 1, "".join(reversed(closers))))
        elif character in "}]":
            closers.pop()
            cuts.append((place + 1, "".join(reversed(closers))))
        elif character == ",":
            cuts.append((place, "".join(reversed(closers))))
    for place, ends in reversed(cuts[-_MOST_CUTS:]):
        yield text[:place] + ends


_MOST_CUTS = 200
