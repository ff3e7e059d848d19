"""The catalogue: names of models that ship with nlpcli, and the default model of each task."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One model of `catalog.toml`; `folder` is the place of its files inside the wheel, `size` that of the wheel."""

    name: str
    task: str
    title: str
    languages: tuple[str, ...]
    licence: str
    parameters: int
    model_card: str
    package: str
    version: str
    wheel: str
    sha256: str
    size: int
    folder: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """All entries by name, and the name of the default model by task."""

    models: dict[str, CatalogEntry]
    defaults: dict[str, str]


@cache
def catalog() -> Catalog:
    """The catalogue of this version of nlpcli."""
    data = tomllib.loads(files("nlpcli.models").joinpath("catalog.toml").read_text(encoding="utf-8"))
    models = {
        name: CatalogEntry(name=name, **{**entry, "languages": tuple(entry["languages"])})
        for name, entry in data["models"].items()
    }
    return Catalog(models, data["default"])
