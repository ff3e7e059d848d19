"""Models in a local folder, or in one local `.gguf` file. Never copied, never deleted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nlpcli.errors import ModelMissing, ModelUnusable, UsageError, quoted
from nlpcli.models.reference import CachedModel, LocalModel, ProgressCallback, Removal, Verification
from nlpcli.models.safety import check_files


class FolderSource:
    """Names are paths."""

    def owns(self, name: str) -> bool:
        written_as_path = name.startswith((".", "/", "~")) or "\\" in name or Path(name).is_absolute()
        return written_as_path or Path(name).expanduser().is_dir() or _is_gguf_file(name)

    def resolve(self, name: str, revision: str | None, offline: bool, progress: ProgressCallback) -> LocalModel:  # noqa: ARG002
        if revision is not None:
            raise UsageError(f"--revision is for models of the hub; {quoted(name)} is a path")
        path = Path(name).expanduser().absolute()
        if path.is_file() and path.suffix == ".gguf":
            return LocalModel(name, path.parent, path.name)
        if not path.is_dir():
            raise ModelMissing(f"no model at {quoted(name)}; give a folder with config.json, or a .gguf file")
        if not (path / "config.json").is_file():
            raise ModelUnusable(f"{quoted(name)} has no config.json, so it is no model; give the folder that holds it")
        check_files(name, (file.name for file in path.iterdir()))
        return LocalModel(name, path)

    def cached(self) -> Iterable[CachedModel]:
        return ()

    def removals(self, name: str) -> list[Removal]:  # noqa: ARG002
        return []

    def leftovers(self) -> list[Removal]:
        return []

    def verify(self, name: str) -> list[Verification]:  # noqa: ARG002
        return []

    def discard_damaged(self, name: str) -> None:
        """What lies in a folder is the user's own."""


def _is_gguf_file(name: str) -> bool:
    return name.endswith(".gguf") and Path(name).expanduser().is_file()
