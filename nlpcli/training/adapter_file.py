"""Trained tensors → the adapter file that `nlpcli.models.sources.adapter` merges."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor


def save_adapter(path: Path, trained: Mapping[str, Tensor], recipe: Mapping[str, Any]) -> None:
    """Write the trained tensors in float16, and in the metadata what else makes the model."""
    halves = {name: tensor.to(torch.float16).contiguous() for name, tensor in trained.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(halves, path, {name: json.dumps(value) for name, value in recipe.items()})
