"""`LocalModel`: a model whose files are on this machine, whatever source they came from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol


class ProgressCallback(Protocol):
    """Is told in a few words what is going on when it takes long, and how much of it is done (0 to 1) where known."""

    def __call__(self, text: str, fraction: float | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A folder in the layout of the hub.

    `file` names the file in it that is to be converted, where it is one (`.gguf`, word vectors); `languages` are those
    that the model knows (ISO 639-1), empty where nobody says. `int8_measured`: its quality in int8 was measured to be
    that of float32.
    `then` is the model that goes on from the results of this one: a pivot. `calibration` of its translations'
    confidence, where it was measured: slope and offset (see `pipelines.translation.confidence`).
    """

    name: str
    folder: Path
    file: str | None = None
    languages: tuple[str, ...] = ()
    int8_measured: bool = False
    then: LocalModel | None = None
    calibration: tuple[float, float] | None = None

    @property
    def path(self) -> Path:
        """What a user would name: the file, or the folder."""
        return self.folder / self.file if self.file else self.folder


NO_MODEL = "<no model>"
"""What a task computes with that needs none: no source has it, nothing is fetched, and its loader loads nothing."""
NOTHING = LocalModel(NO_MODEL, Path(os.devnull))


@dataclass(frozen=True, slots=True)
class CachedModel:
    """One entry of `nlpcli models list`. `size` in bytes, `last_used` in seconds since 1970."""

    name: str
    source: str
    revision: str
    size: int
    last_used: float
    licence: str
    path: str


@dataclass(frozen=True, slots=True)
class Removal:
    """A plan: what would be deleted, why, and how many bytes that frees."""

    name: str
    path: Path
    size: int
    reason: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What `prune` leaves, because nothing proves that nobody needs it; `rm --revision` deletes it by its name."""

    name: str
    revision: str
    path: Path
    size: int
    reason: str


class Leftovers(NamedTuple):
    """What `prune` finds: `gone` is provably of no use to anybody, `kept` may be."""

    gone: list[Removal]
    kept: list[Kept]


@dataclass(frozen=True, slots=True)
class Verification:
    """What re-hashing a cached model found; `problems` is empty where every file is as it was fetched.

    `unverified`: files of which nobody here knows the hash that they should have.
    """

    name: str
    files: int
    problems: tuple[str, ...]
    unverified: tuple[str, ...] = ()
