"""Values of Python as columns of Arrow that lose none of them: what no type of Arrow holds exactly is JSON."""

from __future__ import annotations

from typing import Any

import orjson

from nlpcli.records.json_text import Number, encode_json
from nlpcli.records.table import ANY_JSON

# Objects with more keys than this are maps of some kind, and no structs.
_MOST_KEYS = 1000
_MOST_LEVELS = 32


def declared_type(declared: str) -> Any:
    """The Arrow type of a result; None where it is whatever the values are."""
    import pyarrow as pa

    if declared == ANY_JSON:
        return None
    kind, _, items = declared.removesuffix(">").rpartition("<")
    types = [getattr(pa, item.strip())() for item in items.split(",")]
    return {"": lambda item: item, "list": pa.list_, "map": pa.map_, "chunks": _list_of_chunks}[kind](*types)


def _list_of_chunks(number: Any) -> Any:
    import pyarrow as pa

    fields = {"start": pa.int64(), "end": pa.int64(), "embedding": pa.list_(number)}
    return pa.list_(pa.struct(list(fields.items())))


def result_column(values: list[Any], kind: Any) -> Any:
    import pyarrow as pa
    from pyarrow import types

    if kind is None:
        return column(values)
    if types.is_map(kind):
        values = [None if value is None else list(value.items()) for value in values]
    return pa.array(values, kind)


def column(values: list[Any]) -> Any:
    """Values of any kind as an Arrow array that holds them all."""
    import pyarrow as pa

    try:
        array = pa.array(values)
    except OverflowError:
        return _unsigned(values)
    except (pa.ArrowException, TypeError, ValueError):
        return json_column(values)
    return array if is_writable(array.type) and _floats_are_exact(values, array.type) else json_column(values)


def _unsigned(values: list[Any]) -> Any:
    import pyarrow as pa

    if any(type(value) is not int for value in values if value is not None):
        return json_column(values)
    try:
        return pa.array(values, pa.uint64())
    except (pa.ArrowException, OverflowError):
        return json_column(values)


def json_column(values: list[Any]) -> Any:
    import pyarrow as pa

    texts = [None if value is None else encode_json(value).decode() for value in values]
    return pa.ExtensionArray.from_storage(pa.json_(), pa.array(texts, pa.string()))


def is_writable(kind: Any, levels: int = _MOST_LEVELS) -> bool:
    """Parquet has no struct without fields, nor should one have thousands, or a value hundreds of levels."""
    from pyarrow import types

    if levels == 0:
        return False
    if types.is_struct(kind):
        return 0 < kind.num_fields <= _MOST_KEYS and all(is_writable(field.type, levels - 1) for field in kind)
    return is_writable(kind.value_type, levels - 1) if types.is_list(kind) else True


def _floats_are_exact(values: list[Any], kind: Any) -> bool:
    """Whether no digit was lost and no boolean became a number, which Arrow does not mind."""
    from pyarrow import types

    if not types.is_nested(kind):
        return not types.is_floating(kind) or all(map(_is_exact_float, values))
    numbers: list[Any] = []
    # Many times as fast as to look at each value, which is done only where there is something to find.
    try:
        encoded = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY, default=numbers.append)
    except TypeError:
        return False
    if not numbers and b"true" not in encoded and b"false" not in encoded:
        return True
    return all(_is_exact(value, kind) for value in values)


def _is_exact_float(value: Any) -> bool:
    return value is not True and value is not False and (type(value) is not Number or value.fits_float)


def _is_exact(value: Any, kind: Any) -> bool:
    from pyarrow import types

    if value is None:
        return True
    if types.is_struct(kind):
        return all(_is_exact(value.get(field.name), field.type) for field in kind)
    if types.is_list(kind):
        return all(_is_exact(item, kind.value_type) for item in value)
    return not types.is_floating(kind) or _is_exact_float(value)
