"""Which models are static. Light: every start of a command asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nlpcli.models.catalog import WheelFile, catalog
from nlpcli.models.reference import NO_MODEL
from nlpcli.settings import home_path

WORDS = "nlpcli-word-vectors"
"""The model type of folders with word vectors that nlpcli converted."""
PIECES = "model2vec"
_MODULE = "StaticEmbedding"
# What the catalogue calls the wheels that hold word vectors.
_FORMATS = frozenset({"glove"})


def is_static(folder: Path) -> bool:
    """Whether a folder holds a static model, ready to be loaded."""
    return holds_words(folder) or _model_type(folder) == PIECES or place_of_module(folder) is not None


def holds_words(folder: Path) -> bool:
    """Whether a folder holds word vectors that nlpcli converted."""
    return _model_type(folder) == WORDS


def place_of_module(folder: Path) -> str | None:
    """Where below the folder sentence-transformers keeps a `StaticEmbedding`; None where it has none."""
    first = next(iter(modules_of(folder)), {})
    path = str(first.get("path", ""))
    is_one = str(first.get("type", "")).endswith(_MODULE) and ".." not in path and not path.startswith("/")
    return path if is_one else None


def modules_of(folder: Path) -> list[dict[str, Any]]:
    """The modules that sentence-transformers would put together."""
    modules = read_json(folder / "modules.json")
    return [module for module in modules if isinstance(module, dict)] if isinstance(modules, list) else []


def is_known_to_be_static(name: str) -> bool:
    """Whether `-m name` is a static model, or none, where that can be told without fetching or reading it."""
    alias = catalog().aliases.get(name)
    name = alias.model if alias else name
    if name == NO_MODEL:
        return True
    entry = catalog().models.get(name)
    if entry is not None:
        return isinstance(entry.origin, WheelFile) and entry.origin.format in _FORMATS
    path = home_path(name)
    return is_static(path) if path.is_dir() else is_vectors_file(name)


def is_vectors_file(name: str) -> bool:
    """Whether a name is that of a file which is no `.gguf`: word vectors, or nothing that nlpcli reads."""
    path = home_path(name)
    return path.suffix != ".gguf" and path.is_file()


def _model_type(folder: Path) -> str:
    config = read_json(folder / "config.json")
    return str(config.get("model_type", "")) if isinstance(config, dict) else ""


def read_json(file: Path) -> Any:
    """What a file holds; {} where it is not there or cannot be read."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
