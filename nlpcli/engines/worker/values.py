"""Records and results as MessagePack has them, and back: exactly, or not at all."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from nlpcli.engines.worker.messages import FrameError
from nlpcli.records.json_text import Number, Spelled, encode_json

if TYPE_CHECKING:
    from nlpcli.records.inspection import InspectionResult

_ARRAY, _SPELLED, _NUMBER, _INTEGER, _INSPECTION = range(1, 6)
_AS_THEY_ARE = frozenset({str, bool, float, type(None)})

# The key of the name of a class.
_CLASS = ""


def field_on_wire(value: Any) -> Any:
    """A value of a record's fields.

    Raises:
        FrameError: it is of a type that MessagePack does not have, such as a date of Parquet.
    """
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**64 else msgspec.msgpack.Ext(_INTEGER, str(value).encode())
    if kind is Number:
        return msgspec.msgpack.Ext(_NUMBER, value.literal.encode())
    if kind is list:
        return [field_on_wire(item) for item in value]
    if kind is dict:
        return {key: field_on_wire(item) for key, item in value.items()}
    raise FrameError(f"a value of type {kind.__name__}")


def result_on_wire(value: Any, spelled: bool) -> Any:
    """A value of a result. `spelled`: arrays as the JSON that is written of them, so that no array need be made."""
    kind = type(value)
    if kind in _AS_THEY_ARE or kind is int:
        return value
    if kind is list or kind is tuple:
        return [result_on_wire(item, spelled) for item in value]
    if kind is dict:
        return {key: result_on_wire(item, spelled) for key, item in value.items()}
    if isinstance(value, str):  # of an enumeration
        return str(value)
    if hasattr(value, "inspection"):
        return msgspec.msgpack.Ext(_INSPECTION, _inspection_on_wire(value))
    if spelled:
        return msgspec.msgpack.Ext(_SPELLED, value.dtype.str.encode() + b" " + encode_json(value))
    return msgspec.msgpack.Ext(_ARRAY, msgspec.msgpack.encode((value.dtype.str, value.shape, value.tobytes())))


def read_ext(code: int, data: memoryview) -> Any:
    """What an extension of MessagePack stands for.

    Raises:
        FrameError: the bytes are none that we write.
    """
    try:
        return _ext(code, bytes(data))
    # NumPy and the constructors raise what they like about bytes that are damaged.
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise FrameError(f"an extension {code} that is damaged ({error})") from error


def _ext(code: int, content: bytes) -> Any:
    if code == _SPELLED:
        dtype, _, spelled = content.partition(b" ")
        return Spelled(spelled, dtype.decode())
    if code == _NUMBER:
        return Number(content.decode())
    if code == _INTEGER:
        return int(content)
    if code == _ARRAY:
        return _array(content)
    if code == _INSPECTION:
        return _inspection(content)
    raise FrameError(f"an extension {code}")


def _array(content: bytes) -> Any:
    import numpy as np

    dtype, shape, data = msgspec.msgpack.decode(content, type=tuple[str, tuple[int, ...], bytes])
    return np.frombuffer(bytearray(data), dtype).reshape(shape)


def _inspection_on_wire(result: InspectionResult) -> bytes:
    return msgspec.msgpack.encode((dict(result), _parts(result.inspection)))


def _parts(value: Any) -> Any:
    """Dataclasses and enumerations by their names, whatever an inspection consists of."""
    if is_dataclass(value):
        return {_CLASS: type(value).__name__, "of": [_parts(getattr(value, each.name)) for each in fields(value)]}
    if isinstance(value, Enum):
        return {_CLASS: type(value).__name__, "of": [value.value]}
    if isinstance(value, list | tuple):
        return [_parts(item) for item in value]
    if isinstance(value, dict):
        return {_CLASS: "dict", "of": [[_parts(key), _parts(item)] for key, item in value.items()]}
    return result_on_wire(value, spelled=False)


def _inspection(content: bytes) -> InspectionResult:
    from nlpcli.records.inspection import InspectionResult

    result, parts = msgspec.msgpack.Decoder(ext_hook=read_ext).decode(content)
    return InspectionResult(result, _whole(parts))


def _whole(value: Any) -> Any:
    from nlpcli.records import attribution, inspection

    if isinstance(value, list):
        return tuple(map(_whole, value))
    if not isinstance(value, dict):
        return value
    name = value[_CLASS]
    if name == "dict":
        return {_whole(key): _whole(item) for key, item in value["of"]}
    kind: Any = getattr(inspection, name, None) or getattr(attribution, name, None)
    if not (isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, Enum))):
        raise FrameError(f"a value of type {name}")
    return kind(*map(_whole, value["of"]))
