"""What the files and values of a graph are called; light."""

from __future__ import annotations

from nlpcli.runtime.precision import Kernel

GRAPH, DRAFTS, WEIGHTS = "step.onnx", "drafts.onnx", "weights.bin"
# Tokens that the graph of drafts reads at once: with SmolLM2 in int8 they take the time of two (VNNI).
DRAFTED = 8
# Formats that a graph computes in.
BITS = {Kernel.INT8_BLOCKS: 8, Kernel.INT4_BLOCKS: 4}


def new_names(name: str, tokens: int) -> list[str]:
    """What keys or values become, token by token, where so many are attended to one by one."""
    return [f"new_{name}.{number}" for number in range(tokens)]
