"""Few shapes: oneDNN keeps compiled code for every shape that it has seen, so that the rows of a batch are rounded up.

Few row counts keep a long stream's memory flat (docs/decisions/0004).
"""

from __future__ import annotations

from torch import nn

from nlpcli.kernels.int8_products import DynamicInt8Linear


def rounded_rows(count: int) -> int:
    """At most four counts between a power of two and the next."""
    step = 1 << max(0, count.bit_length() - 3)
    return -(-count // step) * step


def keeps_shapes(module: nn.Module) -> bool:
    """Whether what computes `module` may keep code for each shape; FBGEMM and MKL do not."""
    return not any(isinstance(part, DynamicInt8Linear) for part in module.modules())
