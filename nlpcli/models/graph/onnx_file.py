"""The little of ONNX's format that a graph of ours needs, written as protocol buffers.

The package `onnx` would do it with 50 MB of checks and operators; what is written here is eight kinds of messages,
whose fields are those of onnx.proto3 (IR version 10).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

FLOAT, UINT8, INT32, INT64 = 1, 2, 6, 7
_TYPES = {"float32": FLOAT, "uint8": UINT8, "int32": INT32, "int64": INT64}
_IR_VERSION, _OPSET, _MICROSOFT_OPSET = 10, 21, 1
_MICROSOFT = "com.microsoft"
_INT_ATTRIBUTE, _FLOAT_ATTRIBUTE, _INTS_ATTRIBUTE, _EXTERNAL = 2, 1, 7, 1
Attribute = int | float | tuple[int, ...]
# What is smaller stands in the graph itself; the rest lies at pages, so that it can be mapped.
_INLINE, _PAGE = 1024, 4096


class Graph:
    """A graph whose large tensors go into a file beside it, `weights_name`, as they are added."""

    def __init__(self, weights: BinaryIO, weights_name: str) -> None:
        self._weights, self._weights_name = weights, weights_name
        self._end = 0
        self._nodes: list[bytes] = []
        self._tensors: dict[str, bytes] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def node(self, operator: str, inputs: Iterable[str], outputs: Iterable[str], **attributes: Attribute) -> str:
        """Add a node of ONNX's own operators; the name of its first output."""
        return self._node("", operator, inputs, outputs, attributes)

    def fused(self, operator: str, inputs: Iterable[str], outputs: Iterable[str], **attributes: Attribute) -> str:
        """Add a node of ONNX Runtime's operators (`com.microsoft`); the name of its first output."""
        return self._node(_MICROSOFT, operator, inputs, outputs, attributes)

    def again(self) -> Graph:
        """Another graph with the same tensors, and nothing else yet."""
        other = Graph(self._weights, self._weights_name)
        other._end, other._tensors, other._shapes = self._end, self._tensors, self._shapes
        return other

    def has(self, name: str) -> bool:
        """Whether there is a constant of that name."""
        return name in self._tensors

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a constant that there is."""
        return self._shapes[name]

    def tensor(self, name: str, values: NDArray[np.generic]) -> str:
        """Add a constant, unless there is one of that name; its name."""
        if name in self._tensors:
            return name
        values = np.ascontiguousarray(values)
        self._shapes[name] = values.shape
        data = values.tobytes()
        head = b"".join(_number(1, size) for size in values.shape)
        head += _number(2, _TYPES[str(values.dtype)]) + _bytes(8, name)
        if len(data) < _INLINE:
            self._tensors[name] = head + _bytes(9, data)
            return name
        start = self._end + -self._end % _PAGE
        self._weights.write(bytes(start - self._end) + data)
        self._end = start + len(data)
        place = {"location": self._weights_name, "offset": str(start), "length": str(len(data))}
        entries = b"".join(_bytes(13, _bytes(1, key) + _bytes(2, value)) for key, value in place.items())
        self._tensors[name] = head + entries + _number(14, _EXTERNAL)
        return name

    def input(self, name: str, kind: int, shape: Iterable[int | str]) -> str:
        """Declare an input; sizes that vary are names."""
        self._inputs.append(_value(name, kind, shape))
        return name

    def output(self, name: str, kind: int, shape: Iterable[int | str]) -> str:
        """Declare an output."""
        self._outputs.append(_value(name, kind, shape))
        return name

    def model(self) -> bytes:
        """The whole as a file."""
        graph = b"".join(
            [
                *(_bytes(1, node) for node in self._nodes),
                _bytes(2, "step"),
                *(_bytes(5, tensor) for tensor in self._tensors.values()),
                *(_bytes(11, value) for value in self._inputs),
                *(_bytes(12, value) for value in self._outputs),
            ]
        )
        opsets = (("", _OPSET), (_MICROSOFT, _MICROSOFT_OPSET))
        imports = b"".join(_bytes(8, _bytes(1, domain) + _number(2, version)) for domain, version in opsets)
        return _number(1, _IR_VERSION) + _bytes(2, "nlpcli") + _bytes(7, graph) + imports

    def _node(
        self,
        domain: str,
        operator: str,
        inputs: Iterable[str],
        outputs: Iterable[str],
        attributes: dict[str, Attribute],
    ) -> str:
        outputs = list(outputs)
        fields = [
            *(_bytes(1, name) for name in inputs),
            *(_bytes(2, name) for name in outputs),
            _bytes(3, outputs[0]),
            _bytes(4, operator),
            *(_bytes(5, _attribute(name, value)) for name, value in attributes.items()),
            _bytes(7, domain),
        ]
        self._nodes.append(b"".join(fields))
        return outputs[0]


def _value(name: str, kind: int, shape: Iterable[int | str]) -> bytes:
    sizes = (_bytes(1, _number(1, size) if isinstance(size, int) else _bytes(2, size)) for size in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, b"".join(sizes))))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _bytes(1, name) + _number(3, value) + _number(20, _INT_ATTRIBUTE)
    if isinstance(value, tuple):
        return _bytes(1, name) + b"".join(_number(8, one) for one in value) + _number(20, _INTS_ATTRIBUTE)
    return _bytes(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, _FLOAT_ATTRIBUTE)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative numbers as protocol buffers have them
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
