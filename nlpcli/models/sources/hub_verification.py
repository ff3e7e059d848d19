"""Whether the files of the hub's cache are what the hub has: hashed after a download, and whenever it is asked."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from nlpcli.errors import IntegrityError
from nlpcli.models.reference import Verification
from nlpcli.models.sources.hub_cache import (
    HubRepository,
    blob_of,
    files_of,
    read_repository,
    repository_folder,
    size_of,
)

# How the hub names a blob: SHA-256 for large files, git's SHA-1 of a blob for small ones.
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class _Hash(NamedTuple):
    """What the hub says of a file's content: `git` of small files, `sha256` of large ones."""

    git: str | None
    sha256: str | None


def verify_repository(repository: HubRepository) -> Verification:
    """Hash the files of a model again."""
    found = list(_findings(repository))
    told = [f"{item.name} {item.words}" for item in found if item.words]
    unverified = [line for line in told if line.endswith(_UNKNOWN)]
    problems = [*repository.problems, *(line for line in told if not line.endswith(_UNKNOWN))]
    count = len({item.blob for item in found})
    return Verification(repository.name, count, tuple(dict.fromkeys(problems)), tuple(dict.fromkeys(unverified)))


def discard_damaged(repository: HubRepository) -> None:
    """Delete the files that are not what the hub has, so that they are fetched again."""
    damaged = [item for item in _findings(repository) if item.words not in (None, _UNKNOWN)]
    forget(repository.path, {item.blob for item in damaged})
    for item in damaged:
        if item.file.is_symlink():
            item.file.unlink()


class _Finding(NamedTuple):
    """What re-hashing a file found: `words` where it is not what the hub has, or nobody knows."""

    name: str
    file: Path
    blob: Path
    words: str | None


def _findings(repository: HubRepository) -> Iterator[_Finding]:
    # By what is expected too: a mirror that names two files alike has one taken for the other.
    checked: dict[tuple[Path, _Hash | None], str | None] = {}
    for revision in repository.revisions:
        hashes = _tree(repository.path, revision.commit)
        for name, file in revision.files.items():
            blob = blob_of(repository.path, file) or file
            key = blob, hashes.get(name)
            if key not in checked:
                checked[key] = _finding(file, *key)
            yield _Finding(name, file, blob, checked[key])


_UNKNOWN = "cannot be verified"


def _finding(file: Path, blob: Path, known: _Hash | None) -> str | None:
    """What is wrong with a file; None where it is what the hub has."""
    if not file.exists():
        return "is a broken link" if file.is_symlink() else "is missing"
    if file.is_symlink() and blob == file:
        return "is a link that leads out of the cache"
    if not file.is_file():
        return "is no file"
    if known is None or not (known.sha256 or known.git):
        known = _by_name(blob.name)
    if known is None:
        return _UNKNOWN
    try:
        return None if _is_sound(file, known) else "has changed" if size_of(file) else "is empty"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _by_name(blob: str) -> _Hash | None:
    """What a blob's name promises; None where a mirror named it otherwise."""
    if not _HASH.fullmatch(blob):
        return None
    return _Hash(None, blob) if len(blob) == 64 else _Hash(blob, None)


def _is_sound(path: Path, known: _Hash) -> bool:
    with path.open("rb") as file:
        if known.sha256:
            return hashlib.file_digest(file, "sha256").hexdigest() == known.sha256
        size = os.fstat(file.fileno()).st_size
        git = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
        while chunk := file.read(1 << 20):
            git.update(chunk)
    return git.hexdigest() == known.git


def _tree(repository: Path, commit: str) -> dict[str, _Hash]:
    """What the hub's tree says of the files of a commit, as huggingface_hub keeps it; empty where it does not."""
    try:
        kept = json.loads((repository / "trees" / f"{commit}.json").read_bytes())
        return {name: _hash_of(entry) for name, entry in kept["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # of another version, or damaged: the names of blobs have to do


def _hash_of(entry: dict[str, Any]) -> _Hash:
    sha256, git = entry.get("lfs_sha256"), entry.get("blob_id")
    return _Hash(None if sha256 else _hex(git), _hex(sha256))


def _hex(value: object) -> str | None:
    return value if isinstance(value, str) and _HASH.fullmatch(value) else None


@contextmanager
def checked_download(name: str, repository: str) -> Iterator[None]:
    """Hash what is fetched inside: huggingface_hub looks at its size alone. What is wrong is not kept.

    Raises:
        IntegrityError: the hub, or a mirror of it, served other bytes than the hub says that it has.
    """
    folder = repository_folder(repository)
    before = _contents(folder)
    yield
    _share(folder / "trees")
    if not folder.is_dir():
        return
    new = _contents(folder) - before
    found = [item for item in _findings(read_repository(folder)) if item.blob in new]
    damaged = {item.blob for item in found if item.words not in (None, _UNKNOWN)}
    if damaged:
        files = forget(folder, damaged)
        raise IntegrityError(
            f"{name}: what was fetched is not what the hub says it has ({', '.join(files)}); it was not kept:"
            " try again, and check the mirror or the proxy (HF_ENDPOINT)"
        )


def _contents(folder: Path) -> set[Path]:
    """Blobs that are whole, and the files of snapshots where links are not possible."""
    blobs = {blob for blob in folder.glob("blobs/*") if blob.suffix != ".incomplete"}
    return blobs | {file for file in folder.glob("snapshots/*/**/*") if not file.is_symlink() and file.is_file()}


def forget(folder: Path, damaged: set[Path]) -> list[str]:
    """Delete blobs and the links to them; the names of these."""
    snapshots = folder / "snapshots"
    links = [link for link in snapshots.glob("*/**/*") if (blob_of(folder, link) or link) in damaged]
    for path in {*links, *(blob for blob in damaged if folder in blob.parents)}:
        path.unlink(missing_ok=True)
    return sorted({link.relative_to(snapshots).as_posix().partition("/")[2] for link in links})


def _share(trees: Path) -> None:
    """Give lists of files the rights of their folder: huggingface_hub makes them for their owner's eyes alone."""
    with suppress(OSError):  # those of other users, who gave them theirs
        mode = trees.stat().st_mode & 0o666
        for file in trees.glob("*.json"):
            file.chmod(mode)


def unverified_files(name: str, snapshot: Path) -> list[str]:
    """Files of a snapshot of which nobody here knows what they should be."""
    folder = repository_folder(name)
    hashes = _tree(folder, snapshot.name)
    return [
        file
        for file, path in files_of(snapshot).items()
        if file not in hashes and _by_name((blob_of(folder, path) or path).name) is None
    ]
