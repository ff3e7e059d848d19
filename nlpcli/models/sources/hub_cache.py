"""The hub's cache on this machine: what lies in it, what of it can go, and whether it is what the hub has.

Read here and not by `huggingface_hub.scan_cache_dir`, which leaves a whole model out where one entry is broken, and
gives the end of a link for the place of a file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from nlpcli.errors import IntegrityError
from nlpcli.models.reference import Kept, Leftovers, Removal, Verification
from nlpcli.settings import home_path

# How the hub names a blob: SHA-256 for large files, git's SHA-1 of a blob for small ones.
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
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
        return sum(_size(path) for path in self.files.values())


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
        return sum(_size(path) for path in self.path.rglob("*") if not path.is_symlink() and path.is_file())

    @property
    def last_used(self) -> float:
        """Seconds since 1970."""
        times = [status.st_atime for path in self.path.glob("blobs/*") if (status := _status(path)) is not None]
        return max(times, default=0.0)


class _Hash(NamedTuple):
    """What the hub says of a file's content: `git` of small files, `sha256` of large ones."""

    git: str | None
    sha256: str | None


def cache_folder() -> Path:
    """Where the hub's cache is."""
    from huggingface_hub import constants

    return home_path(constants.HF_HUB_CACHE)


def cached_repositories() -> list[HubRepository]:
    """The models in the cache, by name."""
    folders = sorted(path for path in cache_folder().glob("models--*") if path.is_dir())
    return [_repository(folder) for folder in folders]


def repository_folder(name: str) -> Path:
    """Where a model lies, or would."""
    return cache_folder() / f"models--{name.replace('/', '--')}"


def _repository(folder: Path) -> HubRepository:
    snapshots = sorted(path for path in folder.glob("snapshots/*") if path.is_dir() and not path.is_symlink())
    commits = {path.name for path in snapshots}
    refs, problems = _refs(folder, commits)
    revisions = tuple(
        HubRevision(path.name, path, _files(path), tuple(ref for ref, commit in refs.items() if commit == path.name))
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


def _files(snapshot: Path) -> dict[str, Path]:
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


def _size(path: Path) -> int:
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
        found.gone.append(Removal(repository.name, blob, _size(blob), reason))
    for place in ("refs", "trees"):
        written = [path for path in sorted((repository.path / place).rglob("*.tmp")) if _is_half_written(path)]
        old = [path for path in written if not path.is_symlink() and not _is_fresh(path)]
        found.gone.extend(Removal(repository.name, path, _size(path), "broken-off download") for path in old)
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
        plan.extend(Removal(repository.name, blob, _size(blob), why) for blob in sorted(own) if os.path.lexists(blob))
    return plan


def half_deleted(folder: Path | None = None, name: str | None = None) -> Iterator[Removal]:
    """What a removal that was broken off has left: in a repository, or of whole ones in the cache."""
    for aside in sorted((folder or cache_folder()).glob(".deleting-*")):
        size = sum(_size(path) for path in aside.rglob("*") if not path.is_symlink())
        yield Removal(name or aside.name, aside, size, "half deleted")


def _own_size(revision: HubRevision) -> int:
    return sum(_size(path) for path in revision.files.values() if not path.is_symlink())


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
        return None if _is_sound(file, known) else "has changed" if _size(file) else "is empty"
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
    found = [item for item in _findings(_repository(folder)) if item.blob in new]
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
        for file, path in _files(snapshot).items()
        if file not in hashes and _by_name((blob_of(folder, path) or path).name) is None
    ]
