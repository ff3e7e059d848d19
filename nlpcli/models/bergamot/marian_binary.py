"""Marian's binary model format, version 1: tensors in int8 or float32, and the configuration of the training.

Little endian: version, number of items, a header of four numbers per item (length of the name, type, number of
dimensions, bytes), then all names, all shapes, padding whose length is stored, and all data. Read in
browsermt/marian-dev, `src/common/binary.cpp` and `src/common/io_item.h`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nlpcli.errors import ModelUnusable
from nlpcli.models.foreign import said_of

Array = np.ndarray[Any, Any]

VERSION = 1
CONFIGURATION = "special:model.yml"
FLOAT32, INT8, INTGEMM8 = 0x0404, 0x0101, 0x4101
# Static scales of activations, one a matrix; the exporter wrote that of embeddings as a matrix.
_ACTIVATION_SCALE = "_QuantMultA"
_HEADER = struct.Struct("<4Q")
_TWO = struct.Struct("<2Q")


class Item(NamedTuple):
    """One tensor as it lies in the file; `shape` is the header's."""

    name: str
    type: int
    shape: tuple[int, ...]
    data: memoryview


class MarianModel(NamedTuple):
    """The training's configuration, and float32 tensors under Marian's names, matrices as (out, in).

    `multipliers`: under the name of a matrix, what its input is multiplied by before it is quantized to int8.
    """

    configuration: dict[str, Any]
    tensors: dict[str, Array]
    multipliers: dict[str, float]


def read_marian_model(path: Path) -> MarianModel:
    """Read and dequantize a model.

    Raises:
        ModelUnusable: the file is no Marian model, is damaged, or holds tensors of another kind.
    """
    with said_of(f"{path.name} is no Marian model that can be read, or it is damaged"):
        return _read(path)


def _read(path: Path) -> MarianModel:
    import yaml  # type: ignore[import-untyped]

    configuration: dict[str, Any] = {}
    tensors: dict[str, Array] = {}
    multipliers: dict[str, float] = {}
    for item in read_items(path):
        if item.name == CONFIGURATION:
            text = bytes(item.data).split(b"\0", 1)[0].decode()
            configuration = yaml.safe_load(text)
            if not isinstance(configuration, dict):
                raise ModelUnusable(f"{path.name}: {CONFIGURATION} is no table; the file is damaged")
        elif not item.name.endswith(_ACTIVATION_SCALE):
            tensors[item.name] = _tensor(path, item)
        elif item.type == FLOAT32:
            multipliers[item.name.removesuffix(_ACTIVATION_SCALE)] = float(_tensor(path, item).item())
    if not configuration:
        raise ModelUnusable(f"{path.name} holds no {CONFIGURATION}, so its architecture is not known")
    return MarianModel(configuration, tensors, multipliers)


def read_items(path: Path) -> Iterator[Item]:
    """Every item of the file, its data not yet read.

    Raises:
        ModelUnusable: the file is no Marian model of version 1, or is cut off.
    """
    data = memoryview(path.read_bytes())
    try:
        items, end = _parse(data)
    except (struct.error, ValueError) as error:
        raise ModelUnusable(f"{path.name} is no Marian model of version {VERSION}, or it is damaged") from error
    if end != len(data):
        raise ModelUnusable(f"{path.name} has {len(data):,} bytes where its header promises {end:,}: it is damaged")
    yield from items


def _parse(data: memoryview) -> tuple[list[Item], int]:
    version, count = _TWO.unpack_from(data)
    if version != VERSION or count * _HEADER.size > len(data):
        raise ValueError(version)
    headers = list(_HEADER.iter_unpack(data[_TWO.size : _TWO.size + count * _HEADER.size]))
    offset = _TWO.size + count * _HEADER.size
    names, shapes = [], []
    for name_length, _, _, _ in headers:
        names.append(bytes(data[offset : offset + name_length - 1]).decode())
        offset += name_length
    for _, _, dimensions, _ in headers:
        shapes.append(struct.unpack_from(f"<{dimensions}i", data, offset))
        offset += 4 * dimensions
    (padding,) = struct.unpack_from("<Q", data, offset)
    # The stored padding, not an alignment of our own: on an aligned place the writer adds a whole block.
    offset += 8 + padding
    items = []
    for name, shape, (_, kind, _, size) in zip(names, shapes, headers, strict=True):
        items.append(Item(name, kind, shape, data[offset : offset + size]))
        offset += size
    return items, offset


def _tensor(path: Path, item: Item) -> Array:
    count = _count(path, item)
    if item.type == FLOAT32:
        return np.frombuffer(item.data, "<f4", count).reshape(item.shape).astype(np.float32)
    if item.type != INTGEMM8:
        raise ModelUnusable(f"{path.name}: {item.name} is of type {item.type:#x}; nlpcli reads float32 and int8")
    quantized, multiplier = quantized_matrix(item)
    # A division, as Marian does it: a product with 1/m differs in the last bit.
    return quantized.astype(np.float32) / multiplier


def _count(path: Path, item: Item) -> int:
    """How many elements a tensor has, by integers of any size: those of NumPy wrap around."""
    if any(size < 1 for size in item.shape) or (count := math.prod(item.shape)) > len(item.data):
        raise ModelUnusable(f"{path.name}: {item.name[:60]} is not of the size that its shape promises; it is damaged")
    return count


def quantized_matrix(item: Item) -> tuple[Array, np.float32]:
    """The signed bytes of an int8 matrix as (out, in), and m of W = q / m.

    The header has the shape (in, out), the bytes lie in rows of `in`; embeddings alone lie as the header says.
    """
    count = int(np.prod(item.shape))
    # m follows the last element, wherever that is; what comes after it is garbage.
    multiplier = np.frombuffer(item.data, "<f4", 1, offset=count)[0]
    rows, columns = item.shape
    shape = (rows, columns) if "Wemb" in item.name else (columns, rows)
    return np.frombuffer(item.data, np.int8, count).reshape(shape), multiplier
