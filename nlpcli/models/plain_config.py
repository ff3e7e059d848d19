"""What `config.json` says of a model whose modules are ours, read without transformers.

Only what a folder says itself, in the words that v5 of transformers gives the same meaning; anything else declines.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson

from nlpcli.models.foreign import check_folder

# What makes a folder more, or other, than plain weights of its family.
_SPECIAL = ("quantization_config", "auto_map", "is_decoder", "add_cross_attention", "chunk_size_feed_forward")
_ANSWERS = ("adapter_config.json",)


class PlainConfig(SimpleNamespace):
    """The fields of a family's configuration, by the names that transformers gives them."""

    is_encoder_decoder = False
    is_decoder = False
    problem_type: str | None = None


def stated_in(folder: Path) -> dict[str, Any] | None:
    """What `config.json` says; None where it is not plainly of ordinary weights."""
    check_folder("", folder)
    stated = orjson.loads((folder / "config.json").read_bytes())
    if not isinstance(stated, dict) or any(stated.get(key) for key in _SPECIAL):
        return None
    return None if any((folder / name).exists() for name in _ANSWERS) else stated


def labels_of(stated: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say what the outputs of a classifier are called; none where the folder leaves it to a default."""
    names = stated.get("id2label")
    if not isinstance(names, dict):
        return {}
    by_number = {int(number): name for number, name in names.items()}
    if stated.get("num_labels", len(by_number)) != len(by_number):
        return {}
    return {
        "id2label": by_number,
        "label2id": stated.get("label2id") or {name: number for number, name in by_number.items()},
        "num_labels": len(by_number),
    }


def longest_context(config: Any) -> int:
    """How many tokens a decoder can read and write together; many where its positions have no limit."""
    config = config if isinstance(config, PlainConfig) else config.get_text_config()
    positions = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    return int(positions) if positions else _NO_LIMIT


_NO_LIMIT = 1 << 20
