"""How many threads the operations of a step are worth (decision 16)."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

# To wake a thread for half of less than this costs more than the half that it does.
_SMALL_PRODUCT = 1 << 20


def weights_of_a_product(module: nn.Module) -> int:
    """How many bytes a linear layer inside `module` has to read, the median of all; 0 where there is none."""
    # GPT-2's layers call the number of their inputs nx.
    layers = [child for child in module.modules() if hasattr(child, "in_features") or hasattr(child, "nx")]
    return int(statistics.median([_bytes(layer) for layer in layers] or [0]))


def _bytes(layer: nn.Module) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in (*layer.parameters(), *layer.buffers()))


@contextmanager
def threads_for(bytes_read: int) -> Iterator[None]:
    """One thread for operations of about so many bytes times rows, if these are few; else as many as there were.

    A single thread waits for none: it is as fast as ever where another program has the other cores.
    """
    threads = torch.get_num_threads()
    if bytes_read > _SMALL_PRODUCT or threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
