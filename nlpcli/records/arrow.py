"""Rows of Arrow batches as fields of records: a column becomes Python values only when it is asked for."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from nlpcli.records.json_text import Number, number, read_json
from nlpcli.records.table import distinct

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SECONDS = 86_400
# The calendar repeats itself after 400 years; Python's ends with the year 9999.
_CYCLE_DAYS, _CYCLE_YEARS = 146_097, 400
_EPOCH = date(1970, 1, 1).toordinal()
_NO_FRACTION = re.compile(r"\.0+(?=Z?$)")
_NOT_FINITE = {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


class ArrowRows:
    """A batch and those of its columns that were asked for, as Python values that JSON has."""

    __slots__ = ("_columns", "batch", "names")

    def __init__(self, batch: Any) -> None:
        self.batch = batch
        self.names = {name: place for place, name in enumerate(distinct(batch.schema.names))}
        self._columns: dict[str, list[Any]] = {}

    def column(self, name: str) -> list[Any]:
        """The values of a column. Raises KeyError where there is none."""
        values = self._columns.get(name)
        if values is None:
            values = self._columns[name] = json_values(self.batch.column(self.names[name]))
        return values

    def texts(self, name: str) -> list[Any]:
        """The values of a column that holds texts; writers of old mark texts as bytes."""
        from pyarrow import types

        array = self.batch.column(self.names[name])
        if not _is_binary(types)(array.type):
            return self.column(name)
        return [None if value is None else _text_of(value) for value in array.to_pylist()]


def _text_of(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


class ArrowRow(Mapping[str, Any]):
    """The fields of one row."""

    __slots__ = ("index", "rows")

    def __init__(self, rows: ArrowRows, index: int) -> None:
        self.rows = rows
        self.index = index

    def __getitem__(self, name: str) -> Any:
        return self.rows.column(name)[self.index]

    def __contains__(self, name: object) -> bool:
        return name in self.rows.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows.names)

    def __len__(self) -> int:
        return len(self.rows.names)


def json_values(array: Any) -> list[Any]:
    """The values of an Arrow array as JSON has them, with all their digits.

    Times are ISO 8601, durations too; bytes are base64; a map is an object where its keys are texts without
    repetition, else a list of pairs.
    """
    from pyarrow import types

    kind = array.type
    for is_kind, values in _table(types):
        if is_kind(kind):
            return values(array)
    if hasattr(array, "storage"):
        return json_values(array.storage)
    return [None if value is None else str(value) for value in array.to_pylist()]


Values = Callable[[Any], list[Any]]


def _table(types: Any) -> Sequence[tuple[Callable[[Any], bool], Values]]:
    return (
        (lambda kind: types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind), _texts),
        (lambda kind: types.is_null(kind) or types.is_boolean(kind) or types.is_integer(kind), _plain),
        (types.is_float64, _doubles),
        (types.is_floating, _short_floats),
        (types.is_decimal, _decimals),
        (types.is_timestamp, _timestamps),
        (lambda kind: types.is_date(kind) or types.is_time(kind), _times),
        (types.is_duration, _durations),
        (types.is_struct, _structs),
        (types.is_map, _maps),
        (lambda kind: types.is_nested(kind) and hasattr(kind, "value_type"), _lists),
        (types.is_dictionary, lambda array: json_values(array.dictionary_decode())),
        (types.is_run_end_encoded, _decoded_runs),
        (_is_binary(types), _binary),
        (lambda kind: getattr(kind, "extension_name", "") == "arrow.json", _json_texts),
        (lambda kind: getattr(kind, "extension_name", "") == "arrow.bool8", _plain),
        (lambda kind: getattr(kind, "extension_name", "") == "arrow.uuid", _identifiers),
    )


def _is_binary(types: Any) -> Callable[[Any], bool]:
    kinds = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary, types.is_binary_view)
    return lambda kind: any(is_kind(kind) for is_kind in kinds)


def _plain(array: Any) -> list[Any]:
    return list(array.to_pylist())


def _texts(array: Any) -> list[Any]:
    import pyarrow as pa

    try:
        return list(array.to_pylist())
    except UnicodeDecodeError:
        return [value and value.decode("utf-8", "replace") for value in array.cast(pa.binary()).to_pylist()]


def _doubles(array: Any) -> list[Any]:
    import pyarrow.compute as pc

    values: list[Any] = array.to_pylist()
    if pc.all(pc.is_finite(array), min_count=0).as_py():
        return values
    return [_finite(value) for value in values]


def _finite(value: Any) -> Any:
    return Number(_NOT_FINITE[str(value)]) if str(value) in _NOT_FINITE else value


def _short_floats(array: Any) -> list[Any]:
    """Floats of 16 and 32 bits with the digits that they have, not those of their value in 64 bits."""
    import pyarrow as pa

    if array.type == pa.float16():
        return [None if value is None else _finite(float(str(value))) for value in _half_floats(array)]
    texts = array.cast(pa.string()).to_pylist()
    return [
        None if text is None else Number(_NOT_FINITE[text]) if text in _NOT_FINITE else number(text) for text in texts
    ]


def _half_floats(array: Any) -> list[Any]:
    import numpy as np

    return [None if value is None else np.float16(value) for value in array.to_pylist()]


def _decimals(array: Any) -> list[Any]:
    return [None if value is None else Number(format(value, "f")) for value in array.to_pylist()]


def _binary(array: Any) -> list[Any]:
    return [None if value is None else base64.b64encode(value).decode() for value in array.to_pylist()]


def _json_texts(array: Any) -> list[Any]:
    return [None if text is None else _json_or_text(text) for text in json_values(array.storage)]


def _json_or_text(text: str) -> Any:
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return text


def _identifiers(array: Any) -> list[Any]:
    return [None if value is None else str(value) for value in array.to_pylist()]


def _decoded_runs(array: Any) -> list[Any]:
    import pyarrow.compute as pc

    return json_values(pc.run_end_decode(array))


def _timestamps(array: Any) -> list[Any]:
    import pyarrow as pa

    if array.type.tz is not None:
        array = array.cast(pa.timestamp(array.type.unit, "UTC"))
    return [None if text is None else text.replace(" ", "T", 1) for text in _times(array)]


def _times(array: Any) -> list[Any]:
    import pyarrow as pa

    values = [None if text is None else _NO_FRACTION.sub("", text) for text in array.cast(pa.string()).to_pylist()]
    beyond = [place for place, text in enumerate(values) if text is not None and text.startswith("<")]
    for place in beyond:
        values[place] = _far_time(array[place].value, array.type)
    return values


def _far_time(value: int, kind: Any) -> str:
    """A date or time for which neither Arrow nor Python has a text."""
    if str(kind) == "date32[day]":
        return _far_date(value)
    per_second = _PER_SECOND[getattr(kind, "unit", "ms")]
    days, rest = divmod(value, _SECONDS * per_second)
    if str(kind).startswith("date"):
        return _far_date(days)
    seconds, fraction = divmod(rest, per_second)
    digits = f".{fraction:0{len(str(per_second)) - 1}}" if fraction else ""
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{_far_date(days)} {clock}{digits}{'Z' if kind.tz else ''}"


def _far_date(days: int) -> str:
    cycles, day = divmod(days + _EPOCH - 1, _CYCLE_DAYS)
    near = date.fromordinal(day + 1)
    return f"{near.year + cycles * _CYCLE_YEARS:05}-{near:%m-%d}"


def _durations(array: Any) -> list[Any]:
    import pyarrow as pa

    per_second = _PER_SECOND[array.type.unit]
    return [None if value is None else _duration(value, per_second) for value in array.cast(pa.int64()).to_pylist()]


def _duration(value: int, per_second: int) -> str:
    seconds, fraction = divmod(abs(value), per_second)
    digits = f".{fraction:0{len(str(per_second)) - 1}}" if fraction else ""
    return f"{'-' if value < 0 else ''}PT{seconds}{digits}S"


def _lists(array: Any) -> list[Any]:
    import pyarrow.compute as pc

    items = _items(array.flatten())
    values, start = [], 0
    for length in pc.list_value_length(array).to_pylist():
        values.append(None if length is None else items[start : start + length])
        start += length or 0
    return values


def _items(flat: Any) -> Any:
    """The items of lists; vectors without gaps stay arrays of numpy, which JSON is written of many times as fast."""
    import numpy as np
    from pyarrow import types

    if types.is_floating(flat.type) and not flat.null_count:
        numbers = flat.to_numpy(zero_copy_only=False)
        if np.isfinite(numbers).all():
            return numbers
    return json_values(flat)


def _structs(array: Any) -> list[Any]:
    names = distinct([field.name for field in array.type])
    columns = [json_values(column) for column in array.flatten()]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)] if names else [{}] * len(array)
    return [row if valid else None for row, valid in zip(rows, array.is_valid().to_pylist(), strict=True)]


def _maps(array: Any) -> list[Any]:
    from pyarrow import types

    offsets = array.offsets.to_pylist()
    start, end = offsets[0], offsets[-1]
    keys, items = (json_values(half.slice(start, end - start)) for half in (array.keys, array.items))
    pairs = list(zip(keys, items, strict=True))
    bounds = zip(offsets[:-1], offsets[1:], array.is_valid().to_pylist(), strict=True)
    named = types.is_string(array.type.key_type) or types.is_large_string(array.type.key_type)
    return [_map(pairs[first - start : last - start], named) if valid else None for first, last, valid in bounds]


def _map(pairs: list[tuple[Any, Any]], named: bool) -> Any:
    as_object = dict(pairs) if named else None
    return as_object if as_object is not None and len(as_object) == len(pairs) else [list(pair) for pair in pairs]
