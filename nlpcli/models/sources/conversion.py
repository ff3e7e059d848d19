"""Weights in a format of their own → a folder in the layout of the hub. One line per format."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path

# Format in the catalogue → module; each has `convert(source: Path, folder: Path) -> None`.
CONVERTERS = {
    "bergamot": "nlpcli.models.bergamot.conversion",
    "e5s1": "nlpcli.models.e5s1",
    "gguf": "nlpcli.models.gguf",
    "spacy": "nlpcli.models.spacy_files",
    "glove": "nlpcli.models.static.glove_wheel",
}

# Raised when a converter writes something that models converted before do not have: they are made again.
_REVISIONS = {"bergamot": 2, "spacy": 2}


def revision_suffix(format_: str | None) -> str:
    """What the name of a folder ends in, so that those of an older converter are superseded."""
    revision = _REVISIONS.get(format_ or "", 1)
    return "" if revision == 1 else f"-r{revision}"


def convert_in_place(format_: str, folder: Path) -> None:
    """Replace the files in `folder` by the model that they hold. Imports torch and transformers.

    Raises:
        ModelUnusable: they hold none.
    """
    raw = folder.rename(folder.with_name("raw"))
    import_module(CONVERTERS[format_]).convert(raw, folder)
    shutil.rmtree(raw)
