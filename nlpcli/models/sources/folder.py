"""Models in a local folder, or in one local file (`.gguf`, word vectors). Never copied, never deleted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nlpcli.errors import ModelMissing, ModelUnusable, UsageError, quoted
from nlpcli.models.reference import CachedModel, Leftovers, LocalModel, ProgressCallback, Removal, Verification
from nlpcli.models.safety import check_files
from nlpcli.models.static.kinds import is_static
from nlpcli.settings import home_path

# What no repository of the hub is called; one that is not there is a typing error.
_SUFFIXES_OF_FILES = (".txt", ".vec", ".bin", ".kv", ".gz", ".bz2", ".xz", ".zst")


class FolderSource:
    """Names are paths."""

    def owns(self, name: str) -> bool:
        written_as_path = name.startswith((".", "/", "~")) or "\\" in name or Path(name).is_absolute()
        return written_as_path or home_path(name).exists() or name.endswith(_SUFFIXES_OF_FILES)

    def resolve(self, name: str, revision: str | None, offline: bool, progress: ProgressCallback) -> LocalModel:  # noqa: ARG002
        if revision is not None:
            raise UsageError(f"--revision is for models of the hub; {quoted(name)} is a path")
        path = home_path(name).absolute()
        if path.is_file():
            return LocalModel(name, path.parent, path.name)
        if not path.is_dir():
            raise ModelMissing(
                f"no model at {quoted(name)}; give a folder with config.json, a .gguf file or word vectors"
            )
        if is_static(path):
            return LocalModel(name, path)
        if not (path / "config.json").is_file():
            raise ModelUnusable(f"{quoted(name)} has no config.json, so it is no model; give the folder that holds it")
        check_files(name, (file.name for file in path.iterdir()))
        return LocalModel(name, path)

    def cached(self) -> Iterable[CachedModel]:
        return ()

    def removals(self, name: str, revision: str | None) -> list[Removal]:  # noqa: ARG002
        return []

    def leftovers(self) -> Leftovers:
        return Leftovers([], [])

    def verify(self, name: str) -> list[Verification]:  # noqa: ARG002
        return []

    def discard_damaged(self, name: str) -> None:
        """What lies in a folder is the user's own."""
