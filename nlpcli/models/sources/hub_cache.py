"""The hub's cache on this machine: what lies in it, and what of it can go (`hub_verification`: whether it is sound).

Read here and not by `huggingface_hub.scan_cache_dir`, which leaves a whole model out where one entry is broken, and
gives the end of a link for the place of a file.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nlpcli.models.reference import Kept, Leftovers, Removal
from nlpcli.settings import home_path

# As many digits of a commit as git shows.
_BEGINNING = re.compile(r"[0-9a-f]{7,40}")
# The refs of what was asked for by its commit: without one, any newer commit would make it superseded.
_PINS = "nlpcli/"
_PINNED = f"refs/{_PINS}"
# What huggingface_hub writes before it renames it into place; a process that was killed leaves it.
_HALF_WRITTEN = re.compile(r"(\.[0-9a-f]{8}|^tmp[a-z0-9_]{8})\.tmp$")
# A lock may lie where other machines do not see it, or be taken a moment later.
_FRESH = 600
_MOST_CARD_BYTES = 1 << 16
_MOST_LICENCE = 60


@dataclass(frozen=True, slots=True)
class HubRevision:
    """A snapshot; `files` by their name in it, `refs` are the branches and tags that stand for it."""

    commit: str
    path: Path
    files: dict[str, Path]
    refs: tuple[str, ...]

    @property
    def size(self) -> int:
        """The bytes of its files; what is broken has none."""
        return sum(size_of(path) for path in self.files.values())


@dataclass(frozen=True, slots=True)
class HubRepository:
    """One model of the cache; `problems` are entries that are none."""

    name: str
    path: Path
    revisions: tuple[HubRevision, ...]
    problems: tuple[str, ...]

    @property
    def size(self) -> int:
        """The bytes of everything below it."""
        return sum(size_of(path) for path in self.path.rglob("*") if not path.is_symlink() and path.is_file())

    @property
    def last_used(self) -> float:
        """Seconds since 1970."""
        times = [status.st_atime for path in self.path.glob("blobs/*") if (status := _status(path)) is not None]
        return max(times, default=0.0)


def cache_folder() -> Path:
    """Where the hub's cache is."""
    from huggingface_hub import constants

    return home_path(constants.HF_HUB_CACHE)


def cached_repositories() -> list[HubRepository]:
    """The models in the cache, by name."""
    folders = sorted(path for path in cache_folder().glob("models--*") if path.is_dir())
    return [read_repository(folder) for folder in folders]


def repository_folder(name: str) -> Path:
    """Where a model lies, or would."""
    return cache_folder() / f"models--{name.replace('/', '--')}"


def read_repository(folder: Path) -> HubRepository:
    snapshots = sorted(path for path in folder.glob("snapshots/*") if path.is_dir() and not path.is_symlink())
    commits = {path.name for path in snapshots}
    refs, problems = _refs(folder, commits)
    revisions = tuple(
        HubRevision(path.name, path, files_of(path), tuple(ref for ref, commit in refs.items() if commit == path.name))
        for path in snapshots
    )
    return HubRepository(folder.name.removeprefix("models--").replace("--", "/"), folder, revisions, tuple(problems))


def _refs(folder: Path, commits: set[str]) -> tuple[dict[str, str], list[str]]:
    """Branch or tag → commit, and what is wrong with the others."""
    found, problems = {}, []
    for path in sorted(path for path in folder.glob("refs/**/*") if not path.is_dir()):
        if _is_half_written(path):
            continue
        ref = path.relative_to(folder).as_posix()
        try:
            commit = path.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            problems.append(f"{ref} cannot be read")
            continue
        if commit in commits:
            found[ref.removeprefix("refs/")] = commit
        else:
            problems.append(f"{ref} names a commit that is not here")
    return found, problems


def _is_half_written(path: Path) -> bool:
    return bool(_HALF_WRITTEN.search(path.name))


def files_of(snapshot: Path) -> dict[str, Path]:
    """Every file of a snapshot, broken links too; links to folders are not followed."""
    return {
        Path(folder, name).relative_to(snapshot).as_posix(): Path(folder, name)
        for folder, folders, names in os.walk(snapshot)
        for name in sorted([*names, *(name for name in folders if Path(folder, name).is_symlink())])
    }


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:  # broken, or not ours to read: `verify` says so
        return None


def size_of(path: Path) -> int:
    status = _status(path)
    return 0 if status is None else status.st_size


def licence(snapshot: Path) -> str:
    """What the model's card says, in a few words; "?" where it says nothing that can be read."""
    import yaml  # type: ignore[import-untyped]

    try:
        with (snapshot / "README.md").open("rb") as card:
            text = card.read(_MOST_CARD_BYTES).decode("utf-8-sig", "replace")
        parts = re.split(r"^---\s*$", text, maxsplit=2, flags=re.MULTILINE)
        metadata = yaml.safe_load(parts[1]) if len(parts) == 3 and not parts[0].strip() else None
    # The parser raises these too on what is no YAML, besides its own.
    except (OSError, yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        return "?"
    value = metadata.get("license") if isinstance(metadata, dict) else None
    names = value if isinstance(value, list) else [value]
    written = ", ".join(" ".join(name.split()) for name in names[:5] if isinstance(name, str))
    return written[:_MOST_LICENCE] or "?"


def blob_of(repository: Path, file: Path) -> Path | None:
    """The blob of `repository` that a link of a snapshot stands for; None where it is elsewhere, or `file` no link.

    One step along the link and no more: a blob may itself be a link into a store that several models share.
    """
    if not file.is_symlink():
        return None
    target = Path(os.path.normpath(file.parent / file.readlink()))
    blobs = repository / "blobs"
    return target if target.parent in (blobs, blobs.absolute()) and not blobs.is_symlink() else None


def pin(name: str, commit: str) -> None:
    """Note that a commit was asked for as such, so that `prune` leaves it where a newer one is fetched."""
    place = repository_folder(name) / _PINNED / commit
    with suppress(OSError):  # a cache that cannot be written keeps what it has
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(commit, encoding="ascii")


def leftovers_of(repository: HubRepository, pinned: Iterable[str]) -> Leftovers:
    """Superseded revisions, broken-off downloads and blobs that belong to no revision.

    `pinned`: commits, or their beginnings, that the catalogue names. What another process fetches stays, and what
    another program may have asked for by its commit is only named.
    """
    commits = tuple(pinned)
    detached = [r for r in repository.revisions if not r.refs and not (commits and r.commit.startswith(commits))]
    gone = [revision for revision in detached if _is_superseded(repository, revision)]
    found = Leftovers(_removals(repository, gone, "detached revision {}"), [])
    found.kept.extend(
        Kept(repository.name, revision.commit[:12], revision.path, revision.size, "no branch is known to have left it")
        for revision in detached
        if revision not in gone
    )
    known = {removal.path for removal in found.gone}
    known |= {
        blob for r in repository.revisions for file in r.files.values() if (blob := blob_of(repository.path, file))
    }
    for blob in sorted(repository.path.glob("blobs/*")):
        if blob in known or blob.parent.is_symlink() or _is_in_use(repository.path, blob):
            continue
        reason = "broken-off download" if blob.name.endswith(".incomplete") else "of no revision"
        found.gone.append(Removal(repository.name, blob, size_of(blob), reason))
    for place in ("refs", "trees"):
        written = [path for path in sorted((repository.path / place).rglob("*.tmp")) if _is_half_written(path)]
        old = [path for path in written if not path.is_symlink() and not _is_fresh(path)]
        found.gone.extend(Removal(repository.name, path, size_of(path), "broken-off download") for path in old)
    found.gone.extend(half_deleted(repository.path, repository.name))
    return found


def _is_superseded(repository: HubRepository, revision: HubRevision) -> bool:
    """Whether a branch or tag moved on to another revision after this one was fetched."""
    fetched = revision.path.stat().st_mtime
    refs = [ref for other in repository.revisions for ref in other.refs if not ref.startswith(_PINS)]
    moved = [status.st_mtime for ref in refs if (status := _status(repository.path / "refs" / ref)) is not None]
    return any(time_ >= fetched for time_ in moved)


def removals_of(repository: HubRepository, revision: str) -> list[Removal]:
    """The plan that deletes one revision: a commit, its beginning, or what stands for it."""
    is_commit = _BEGINNING.fullmatch(revision)
    asked = [r for r in repository.revisions if (is_commit and r.commit.startswith(revision)) or revision in r.refs]
    refs = [repository.path / "refs" / ref for item in asked for ref in item.refs]
    if len(asked) == len(repository.revisions):
        return [Removal(repository.name, repository.path, repository.size, "asked for")] if asked else []
    return [
        *_removals(repository, asked, "asked for"),
        *(Removal(repository.name, ref, 0, "asked for") for ref in refs),
    ]


def _removals(repository: HubRepository, gone: list[HubRevision], reason: str) -> list[Removal]:
    """The snapshots of revisions and the blobs that no other one uses; `reason` may name the commit."""
    kept = [revision for revision in repository.revisions if revision not in gone]
    seen = {blob_of(repository.path, file) for revision in kept for file in revision.files.values()}
    plan = []
    for revision in gone:
        why = reason.format(revision.commit[:12])
        plan.append(Removal(repository.name, revision.path, _own_size(revision), why))
        own = {blob for file in revision.files.values() if (blob := blob_of(repository.path, file))} - seen
        seen |= own
        plan.extend(Removal(repository.name, blob, size_of(blob), why) for blob in sorted(own) if os.path.lexists(blob))
    return plan


def half_deleted(folder: Path | None = None, name: str | None = None) -> Iterator[Removal]:
    """What a removal that was broken off has left: in a repository, or of whole ones in the cache."""
    for aside in sorted((folder or cache_folder()).glob(".deleting-*")):
        size = sum(size_of(path) for path in aside.rglob("*") if not path.is_symlink())
        yield Removal(name or aside.name, aside, size, "half deleted")


def _own_size(revision: HubRevision) -> int:
    return sum(size_of(path) for path in revision.files.values() if not path.is_symlink())


def _is_in_use(repository: Path, blob: Path) -> bool:
    """Whether a process is fetching it: it holds the lock, or has just written it whole and links it next."""
    from filelock import FileLock, Timeout

    hash_ = blob.name.split(".")[0]
    lock = repository.parent / ".locks" / repository.name / f"{hash_}.lock"
    if lock.exists():
        try:
            FileLock(lock).acquire(timeout=0).lock.release()
        except (Timeout, OSError):
            return True
    # A killed download lets go of its lock; a whole blob is linked outside of it.
    return _is_fresh(blob) and (not blob.name.endswith(".incomplete") or not lock.exists())


def _is_fresh(path: Path) -> bool:
    status = _status(path)
    return status is not None and time.time() - status.st_mtime < _FRESH
