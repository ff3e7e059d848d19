"""Folders that nlpcli makes in its own cache: in the layout of the hub, with a manifest of their files' hashes.

A folder is made in a staging folder under a lock and renamed into place, so that a killed run leaves nothing half-made.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from nlpcli.errors import CacheError, quoted
from nlpcli.models.reference import CachedModel, Kept, ProgressCallback, Removal, Verification
from nlpcli.models.removal import remove
from nlpcli.models.sources.hashing import hashes_below, sha256_of
from nlpcli.signals import making, put_away_if_killed

MANIFEST = "nlpcli-model.json"
# How long a staging folder without a lock is taken for one that is worked in.
_HOUR = 3600
# What every manifest says; `files` is added by `make`.
_FACTS = {"name", "version", "licence", "files"}

Recipe = Callable[[Path], None]
"""Makes the folder `model` in the staging folder that it is given."""


class MadeFolders:
    """The folders below `root`; `source` is what `nlpcli models list` calls them."""

    def __init__(self, root: Path, source: str) -> None:
        self.root = root
        self._source = source

    def is_complete(self, folder: Path) -> bool:
        """Whether the folder was made to its end."""
        return (folder / MANIFEST).is_file()

    def complete(self) -> list[Path]:
        """Every folder that was made to its end."""
        return sorted(path.parent for path in self.root.glob(f"*/{MANIFEST}"))

    def make(self, folder: Path, facts: Mapping[str, Any], recipe: Recipe, progress: ProgressCallback) -> None:
        """Make `folder` where it is not there yet; `facts` go into its manifest.

        Raises:
            CacheError: the cache cannot be written.
        """
        with _cache_errors(self.root), _locked(self.root, folder, progress), ExitStack() as end:
            if self.is_complete(folder):
                return  # another process was faster
            # Whoever holds the lock of this model is alone: a staging folder from before is one of a killed run.
            for stale in self.root.glob(f".staging-{folder.name}-*"):
                _discard(stale)
            staging = self.root / f".staging-{folder.name}-{secrets.token_hex(4)}"
            remove = partial(shutil.rmtree, staging, ignore_errors=True)
            with making():
                staging.mkdir()  # with the rights that the user's mask gives, unlike those of `tempfile`
                end.enter_context(put_away_if_killed(remove))
            try:
                recipe(staging)
                made = staging / "model"
                manifest = {**facts, "files": hashes_below(made)}
                (made / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
                made.replace(folder)
            finally:
                remove()

    def cached(self) -> Iterator[CachedModel]:
        """What lies here, for `nlpcli models list`."""
        for folder in self.complete():
            manifest = manifest_of(folder)
            yield CachedModel(
                name=manifest["name"],
                source=self._source,
                revision=manifest["version"],
                size=size_below(folder),
                last_used=(folder / MANIFEST).stat().st_mtime,
                licence=manifest["licence"],
                path=str(folder),
            )

    def named(self, name: str) -> list[Path]:
        """The folders of a model: every version that is here."""
        return [folder for folder in self.complete() if manifest_of(folder)["name"] == name]

    def removals(self, name: str, revision: str | None) -> list[Removal]:
        """What `rm name` would delete: every version, or the one asked for."""
        folders = [folder for folder in self.named(name) if revision in (None, manifest_of(folder)["version"])]
        return [Removal(name, folder, size_below(folder), "asked for") for folder in folders]

    def kept(self, folder: Path, reason: str) -> Kept:
        """What `prune` says of a folder that it leaves."""
        manifest = manifest_of(folder)
        return Kept(manifest["name"], manifest["version"], folder, size_below(folder), reason)

    def broken_off(self) -> list[Removal]:
        """Staging folders that nobody works in any more, and what was half deleted."""
        staging = [path for path in sorted(self.root.glob(".staging-*")) if path.is_dir() and not self._is_in_use(path)]
        return [
            *(Removal(folder.name, folder, size_below(folder), "broken-off download") for folder in staging),
            *(Removal(path.name, path, 0, "half deleted") for path in sorted(self.root.glob(".deleting-*"))),
        ]

    def _is_in_use(self, staging: Path) -> bool:
        """Whether a process holds the lock of the model that is made there."""
        from filelock import FileLock, Timeout

        name = staging.name.removeprefix(".staging-").removesuffix("-gone").rpartition("-")[0]
        lock = self.root / f".{name}.lock"
        if not lock.exists():
            return staging.stat().st_mtime > time.time() - _HOUR
        try:
            FileLock(lock).acquire(timeout=0).lock.release()
        except (Timeout, OSError):
            return True
        return False

    def verify(self, name: str) -> list[Verification]:
        """Re-hash every version of a model."""
        return [_verify(name, folder) for folder in self.named(name)]

    def discard_damaged(self, name: str, expected: Path | None = None) -> None:
        """Delete the versions of a model that are not as they were made; `expected`: the folder of the current one.

        Raises:
            CacheError: one cannot be deleted.
        """
        for folder in {*self.named(name), *([expected] if expected is not None and self.is_complete(expected) else [])}:
            self.discard_if_damaged(folder)

    def discard_if_damaged(self, folder: Path) -> bool:
        """Delete a folder that is not as it was made; whether it was not.

        Raises:
            CacheError: it cannot be deleted.
        """
        is_damaged = bool(_verify(folder.name, folder).problems)
        if is_damaged:
            remove([Removal(folder.name, folder, 0, "damaged")])
        return is_damaged


def note_use(folder: Path) -> None:
    """The manifest's time is when the model was last used."""
    with suppress(OSError):  # a cache that cannot be written works all the same; only `last used` stays old
        (folder / MANIFEST).touch()


def manifest_of(folder: Path) -> dict[str, Any]:
    """What a folder says of itself; where that cannot be read, it goes by the name of the folder."""
    try:
        return read_manifest(folder)
    except CacheError:
        return {"name": folder.name, "version": "?", "licence": "?", "files": {}}


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a folder says of itself.

    Raises:
        CacheError: it is damaged.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CacheError(f"cannot read {quoted(folder / MANIFEST)}: {error}; delete that folder") from error
    if not isinstance(manifest, dict) or not _is_manifest(manifest):
        raise CacheError(f"{quoted(folder / MANIFEST)} is no manifest of a model; delete that folder")
    return manifest


def _is_manifest(manifest: dict[str, Any]) -> bool:
    files = manifest.get("files")
    texts = isinstance(files, dict) and all(isinstance(hash_, str) for hash_ in files.values())
    return texts and all(isinstance(manifest.get(fact), str) for fact in _FACTS - {"files"})


def size_below(folder: Path) -> int:
    """The bytes of every file below `folder`."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _discard(folder: Path) -> None:
    """Delete what a killed run left; the pip that it started may still write there, so the path goes first."""
    with suppress(OSError):  # Windows deletes nothing that is open: what stays goes the next time, or by `prune`
        shutil.rmtree(folder.rename(folder.with_name(f"{folder.name}-gone")))


@contextmanager
def _cache_errors(root: Path) -> Iterator[None]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise CacheError(
            f"cannot write the cache folder {quoted(root)}: {error.strerror or error};"
            " make room or set NLPCLI_CACHE_DIR to another folder"
        ) from error


@contextmanager
def _locked(root: Path, folder: Path, progress: ProgressCallback) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(root / f".{folder.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress("waiting for another process that fetches the same model")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _verify(name: str, folder: Path) -> Verification:
    try:
        files: dict[str, str] = read_manifest(folder)["files"]
    except CacheError:
        return Verification(name, 0, (f"{MANIFEST} cannot be read",))
    problems = [words for file, sha256 in files.items() if (words := _problem(folder, file, sha256))]
    return Verification(name, len(files), tuple(problems))


def _problem(folder: Path, file: str, sha256: str) -> str | None:
    path = folder / file
    if not path.is_file():
        return f"{file} is missing"
    try:
        return None if sha256_of(path) == sha256 else f"{file} has changed"
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}"
