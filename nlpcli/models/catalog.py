"""The catalogue: names of models that ship with nlpcli, and the default model of each task."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from nlpcli.models.catalog_file import read_catalog


@dataclass(frozen=True, slots=True)
class WheelFile:
    """A wheel on the package index; `folder` is the place of the model inside it, `size` in bytes.

    `format` names what has to be converted (see `sources.conversion`), where it is not a folder as on the hub.
    """

    package: str
    version: str
    file: str
    sha256: str
    size: int
    folder: str
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """What nlpcli itself brings on top of another model; `file` lies in `nlpcli/models/adapters/`."""

    base: str
    version: str
    file: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One model of `catalog.toml`. `languages` are those that it knows, in ISO 639-1; empty: any."""

    name: str
    task: str
    title: str
    languages: tuple[str, ...]
    licence: str
    parameters: int
    model_card: str
    origin: WheelFile | Adapter


@dataclass(frozen=True, slots=True)
class Catalog:
    """All entries by name, and the name of the default model by task."""

    models: dict[str, CatalogEntry]
    defaults: dict[str, str]


@cache
def catalog() -> Catalog:
    """The catalogue of this version of nlpcli."""
    tables = read_catalog()
    models = {name: _entry(name, entry) for name, entry in tables["models"].items()}
    return Catalog(models, tables["default"])


def _entry(name: str, entry: dict[str, Any]) -> CatalogEntry:
    origin = WheelFile(**entry.pop("wheel")) if "wheel" in entry else Adapter(**entry.pop("adapter"))
    return CatalogEntry(name=name, **{**entry, "languages": tuple(entry["languages"]), "origin": origin})
