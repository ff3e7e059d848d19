"""Graphs for ONNX Runtime that nlpcli made once of models in any cache, in its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from nlpcli.models.reference import LocalModel
from nlpcli.models.sources.converted import ConvertedSource, state_of
from nlpcli.models.sources.made import MadeFolders, note_use
from nlpcli.runtime import runs

KIND = "graphs"
# Bits → part of a folder's name: graphs of before are another's.
_FORMATS = {8: 5, 4: 6}


def graph_folder(model: LocalModel, files: list[Path], bits: int, convert: Callable[[Path], None]) -> Path:
    """The folder of a model's graph; `convert` makes it, once, of the model's weight `files`.

    Raises:
        CacheError: the cache cannot be written.
    """
    made, folder = _place(model, files, bits)
    if not made.is_complete(folder):
        runs.tell(f"converting {model.name} (once)")
        facts = {"name": model.name, "version": f"int{bits}", "licence": "", "file": state_of(files[0])}
        made.make(folder, facts, lambda staging: convert(staging / "model"), runs.tell)
    note_use(folder)
    return folder


def ready_folder(model: LocalModel, files: list[Path], bits: int) -> Path | None:
    """The folder of a graph that was made before, if it was."""
    made, folder = _place(model, files, bits)
    if not made.is_complete(folder):
        return None
    note_use(folder)
    return folder


def discard_if_damaged(folder: Path) -> bool:
    """Whether a graph's folder was not as it was made, and is deleted now.

    Raises:
        CacheError: it cannot be deleted.
    """
    return ConvertedSource(kind=KIND).made.discard_if_damaged(folder)


def _place(model: LocalModel, files: list[Path], bits: int) -> tuple[MadeFolders, Path]:
    made = ConvertedSource(kind=KIND).made
    states = [state_of(file) for file in [*files, model.folder / "config.json"]]
    digest = hashlib.sha256("\n".join([*states, str(bits), str(_FORMATS[bits])]).encode()).hexdigest()[:12]
    return made, made.root / f"{model.folder.name}-int{bits}-{digest}"
