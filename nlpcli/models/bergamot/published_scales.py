"""Whether a student's weights and activation scales are those that it was published with in int8."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open

from nlpcli.kernels.quantize import was_quantized


def has_published_scales(folder: Path, multipliers: Mapping[str, float] | None) -> bool:
    """Whether all matrices were int8 when they were published, and the scales of their activations are known.

    A student that was trained further has neither.
    """
    path = folder / "model.safetensors"
    if not multipliers or not path.is_file():
        return False
    with safe_open(path, framework="pt") as weights:
        return all(was_quantized(weights.get_tensor(f"{name}.weight")) for name in multipliers)
