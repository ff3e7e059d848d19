"""How much memory the weights of a text take, worked out before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping

import psutil

from nlpcli.errors import OutOfMemory
from nlpcli.records.inspection import Kind

# Of the free memory; the rest is for what is made of the weights.
MOST_MEMORY = 0.5
_FLOAT = 4
# A layer's scores, their softmax and what is multiplied with the values.
_COPIES_OF_A_LAYER = 3
# Gradients keep the weights of every layer, what they were computed from, and the gradients themselves.
_COPIES_FOR_GRADIENTS = 4

Chosen = Mapping[Kind, tuple[tuple[int, ...], tuple[int, ...]]]


def check_memory(
    shapes: Mapping[Kind, tuple[int, int]], chosen: Chosen, tokens: int, output_tokens: int, with_gradients: bool
) -> None:
    """Layers × heads × queries × keys × 4 bytes, for what is held and for a layer on its way, against what is free.

    `shapes` are the layers and heads that the model has, `chosen` those that are held.

    Raises:
        OutOfMemory: it does not fit; the message has the numbers.
    """
    cells = {Kind.SELF: tokens * tokens, Kind.DECODER: output_tokens**2, Kind.CROSS: output_tokens * tokens}
    needed, largest = 0, (0, "")
    for kind, (layers, heads) in chosen.items():
        # Gradients need every layer's weights, whatever is shown of them.
        held = shapes[kind] if with_gradients else (len(layers), len(heads))
        bytes_ = _FLOAT * (_COPIES_FOR_GRADIENTS if with_gradients else 1)
        size = held[0] * held[1] * cells[kind] * bytes_
        queries = tokens if kind is Kind.SELF else output_tokens
        keys = output_tokens if kind is Kind.DECODER else tokens
        said = f"{held[0]} layers × {held[1]} heads × {queries:,} × {keys:,} tokens × {bytes_} bytes"
        needed, largest = needed + size, max(largest, (size, said))
    passing = max(shapes[kind][1] * cells[kind] for kind in shapes) * _FLOAT * _COPIES_OF_A_LAYER
    free = free_memory()
    if needed + passing > MOST_MEMORY * free:
        raise OutOfMemory(
            f"the attention weights take {_in_words(needed)} ({largest[1]}), a layer on its way {_in_words(passing)},"
            f" and {_in_words(free)} are free; choose what to hold with --layer and --head, or a shorter text"
        )


def free_memory() -> int:
    """Bytes that this machine can give without swapping."""
    return int(psutil.virtual_memory().available)


def _in_words(size: float) -> str:
    return f"{size / (1 << 30):,.1f} GiB" if size >= 1 << 29 else f"{size / (1 << 20):,.1f} MiB"
