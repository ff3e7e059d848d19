"""The hub's cache on this machine: what lies in it, what of it can go, and whether it is what the hub has."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nlpcli.errors import IntegrityError
from nlpcli.models.reference import Removal, Verification

if TYPE_CHECKING:
    from huggingface_hub import CachedRepoInfo, CachedRevisionInfo

# How the hub names a blob: SHA-256 for large files, git's SHA-1 of a blob for small ones.
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def cached_repositories() -> list[CachedRepoInfo]:
    """The models in the cache, by name."""
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return []
    return sorted(
        (repository for repository in repositories if repository.repo_type == "model"),
        key=lambda repository: repository.repo_id,
    )


def revision_removals(repository: CachedRepoInfo, revision: CachedRevisionInfo) -> list[Removal]:
    """A detached revision: its snapshot, and those of its blobs that no other revision shares."""
    others = [other for other in repository.revisions if other is not revision]
    shared = {file.blob_path for other in others for file in other.files}
    blobs = {file.blob_path: file.size_on_disk for file in revision.files if file.blob_path not in shared}
    reason = f"detached revision {revision.commit_hash[:12]}"
    return [
        Removal(repository.repo_id, revision.snapshot_path, 0, reason),
        *(Removal(repository.repo_id, path, size, reason) for path, size in sorted(blobs.items())),
    ]


def licence(snapshot: Path) -> str:
    """What the model's card says."""
    from huggingface_hub import metadata_load

    card = snapshot / "README.md"
    if not card.is_file():
        return "?"
    try:
        metadata = metadata_load(card) or {}
    except ValueError:
        return "?"
    return str(metadata.get("license", "?"))


def verify_repository(repository: CachedRepoInfo) -> Verification:
    """Hash the blobs of a model again."""
    blobs = {file.blob_path for revision in repository.revisions for file in revision.files}
    problems = [f"{blob.name} has changed" for blob in sorted(blobs) if not _is_sound(blob)]
    return Verification(repository.repo_id, len(blobs), tuple(problems))


def _is_sound(blob: Path) -> bool:
    """Whether a file is what its name says; what bears another name (where links are not possible) cannot be told."""
    if not _HASH.fullmatch(blob.name):
        return True
    with blob.open("rb") as file:
        if len(blob.name) == 64:
            return hashlib.file_digest(file, "sha256").hexdigest() == blob.name
        content = file.read()
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest() == blob.name


@contextmanager
def checked_download(name: str, repository: str) -> Iterator[None]:
    """Hash what is fetched inside: huggingface_hub looks at its size alone. What is wrong is not kept.

    Raises:
        IntegrityError: the hub, or a mirror of it, served other bytes than the hub says that it has.
    """
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    folder = Path(constants.HF_HUB_CACHE, repo_folder_name(repo_id=repository, repo_type="model"))
    before = _blobs(folder)
    yield
    damaged = {blob for blob in _blobs(folder) - before if not _is_sound(blob)}
    if damaged:
        files = _forget(folder, damaged)
        raise IntegrityError(
            f"{name}: what was fetched is not what the hub says it has ({', '.join(files)}); it was not kept:"
            " try again, and check the mirror or the proxy (HF_ENDPOINT)"
        )


def _blobs(folder: Path) -> set[Path]:
    return {blob for blob in folder.glob("blobs/*") if blob.suffix != ".incomplete"}


def _forget(folder: Path, damaged: set[Path]) -> list[str]:
    """Delete blobs and the links to them; the names of these."""
    resolved = {blob.resolve() for blob in damaged}
    links = [link for link in folder.glob("snapshots/*/**/*") if link.is_symlink() and link.resolve() in resolved]
    for path in (*links, *damaged):
        path.unlink()
    return sorted({link.relative_to(folder / "snapshots").as_posix().partition("/")[2] for link in links})
