"""A trained PEFT model → the adapter file that `nlpcli.models.sources.adapter` merges."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

_PEFT_NAME = re.compile(r"^base_model\.model\.(?P<layer>.+?)\.(?:modules_to_save\.default\.?)(?P<rest>.*)$")
_PEFT_LORA = re.compile(r"^base_model\.model\.(?P<layer>.+)\.(?P<part>lora_[AB])\.default\.weight$")


def plain_name(peft_name: str) -> str:
    """`base_model.model.bert…query.lora_A.default.weight` → `bert…query.lora_A`, and so for whole layers."""
    if match := _PEFT_LORA.match(peft_name):
        return f"{match['layer']}.{match['part']}"
    if match := _PEFT_NAME.match(peft_name):
        return f"{match['layer']}.{match['rest']}"
    raise ValueError(f"{peft_name} is no trained tensor of PEFT's")


def save_adapter(path: Path, trained: Mapping[str, Tensor], recipe: Mapping[str, Any]) -> None:
    """Write the trained tensors in float16, and in the metadata what else makes the model."""
    save_named(path, {plain_name(name): tensor for name, tensor in trained.items()}, recipe)


def save_named(path: Path, trained: Mapping[str, Tensor], recipe: Mapping[str, Any]) -> None:
    """As `save_adapter`, of tensors that have the names of the merged model already."""
    tensors = {name: tensor.to(torch.float16).contiguous() for name, tensor in trained.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, {name: json.dumps(value) for name, value in recipe.items()})
