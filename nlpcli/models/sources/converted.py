"""What nlpcli made once of `.gguf` files and of files of word vectors, in its own cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from nlpcli import settings
from nlpcli.errors import ModelMissing
from nlpcli.models.reference import CachedModel, Leftovers, LocalModel, ProgressCallback, Removal, Verification
from nlpcli.models.sources.made import MadeFolders, manifest_of, note_use, size_below
from nlpcli.settings import home_path


class ConvertedSource:
    """Owns no names: it keeps what `as_folder` makes of models that are one file of a `kind` of `CONVERTERS`."""

    def __init__(self, root: Path | None = None, kind: str = "gguf") -> None:
        self._kind = kind
        self.made = MadeFolders(root or settings.cache_folder() / kind, "converted")

    def owns(self, name: str) -> bool:  # noqa: ARG002
        return False

    def resolve(self, name: str, revision: str | None, offline: bool, progress: ProgressCallback) -> LocalModel:  # noqa: ARG002
        raise ModelMissing(f"{name} is no name of a model")

    def as_folder(self, model: LocalModel, progress: ProgressCallback) -> LocalModel:
        """`model` itself, or the folder that is made of its file where it is one.

        Raises:
            ModelUnusable: the file is damaged, or holds no model that nlpcli knows.
            CacheError: the cache cannot be written.
        """
        if model.file is None:
            return model
        state = state_of(model.path)
        folder = self.made.root / f"{model.path.stem}-{hashlib.sha256(state.encode()).hexdigest()[:12]}"
        if not self.made.is_complete(folder):
            facts = {"name": _name(model), "version": state.rpartition(" ")[2], "licence": "", "file": state}
            progress(f"converting {model.name} (once)")
            convert = CONVERTERS[self._kind]
            self.made.make(folder, facts, lambda staging: convert(model.path, staging / "model"), progress)
        note_use(folder)
        return LocalModel(model.name, folder, languages=model.languages)

    def cached(self) -> Iterable[CachedModel]:
        return self.made.cached()

    def removals(self, name: str, revision: str | None) -> list[Removal]:
        return self.made.removals(str(home_path(name).absolute()) if _is_path(name) else name, revision)

    def leftovers(self) -> Leftovers:
        found = Leftovers(self.made.broken_off(), [])
        for folder in self.made.complete():
            file = _file_of(folder)
            if file is None:
                found.kept.append(self.made.kept(folder, "does not say what it was made of"))
            elif not file.parent.is_dir():
                found.kept.append(self.made.kept(folder, "the folder of its file is not there now"))
            elif not _is_current(folder, file):
                reason = "its file is gone or changed"
                found.gone.append(Removal(manifest_of(folder)["name"], folder, size_below(folder), reason))
        return found

    def verify(self, name: str) -> list[Verification]:
        return self.made.verify(str(home_path(name).absolute()) if _is_path(name) else name)

    def discard_damaged(self, name: str) -> None:
        self.made.discard_damaged(str(home_path(name).absolute()) if _is_path(name) else name)


def _is_path(name: str) -> bool:
    return name.startswith((".", "/", "~")) or home_path(name).is_file()


def _name(model: LocalModel) -> str:
    """As the user may name it from anywhere."""
    return str(model.path) if _is_path(model.name) else model.name


def state_of(file: Path) -> str:
    """What changes when the file does; reading it all to hash it would take longer than loading the model."""
    status = file.stat()
    return f"{file.absolute()} {status.st_size} {status.st_mtime_ns}"


def _file_of(folder: Path) -> Path | None:
    """The file that a folder was made of; None where its manifest does not name one."""
    state = manifest_of(folder).get("file")
    path, *numbers = state.rsplit(" ", 2) if isinstance(state, str) else ("",)
    return Path(path) if len(numbers) == 2 and Path(path).is_absolute() else None


def _is_current(folder: Path, file: Path) -> bool:
    return file.is_file() and state_of(file) == manifest_of(folder)["file"]


def _convert_gguf(file: Path, folder: Path) -> None:
    from nlpcli.models.gguf import convert_file

    convert_file(file, folder)


def _convert_vectors(file: Path, folder: Path) -> None:
    from nlpcli.models.static.files import convert_file

    convert_file(file, folder)


# Kind, which is also the folder of the cache → what converts a file into a folder.
CONVERTERS = {"gguf": _convert_gguf, "vectors": _convert_vectors}


def kind_of(model: LocalModel) -> str:
    """The kind of a model's file."""
    return "gguf" if (model.file or "").endswith(".gguf") else "vectors"
