"""Models of the Hugging Face hub, in the user's own hub cache: never a second copy."""

from __future__ import annotations

import errno
import io
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nlpcli.errors import (
    CacheError,
    IntegrityError,
    ModelGated,
    ModelMissing,
    NlpcliError,
    SourceUnreachable,
    UsageError,
    quoted,
)
from nlpcli.models.catalog import catalog
from nlpcli.models.reference import CachedModel, Leftovers, LocalModel, ProgressCallback, Removal, Verification
from nlpcli.models.safety import check_files
from nlpcli.models.sources.hub_cache import (
    cached_repositories,
    half_deleted,
    leftovers_of,
    licence,
    pin,
    removals_of,
)
from nlpcli.models.sources.hub_client import COMMIT, check_name, watched_hub
from nlpcli.models.sources.hub_verification import (
    checked_download,
    discard_damaged,
    unverified_files,
    verify_repository,
)
from nlpcli.models.static.kinds import is_static

_CANNOT_BE_WRITTEN = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT}

log = logging.getLogger(__name__)

_NAME = re.compile(r"^[\w.-]+(/[\w.-]+)?$")
_GGUF_NAME = re.compile(r"^(?P<repository>[\w.-]+/[\w.-]+)/(?P<file>.+\.gguf)$")
# What a model needs to run, and its card for the licence; weights in other formats stay where they are.
WANTED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken", "README.md", "LICENSE*")
UNWANTED = ("onnx/*", "openvino/*", "coreml/*", "original/*", "tf/*", "flax/*")


class HubSource:
    """Names are ids of the hub (`gpt2`, `BAAI/bge-small-en-v1.5`), or `owner/name/file.gguf`."""

    def owns(self, name: str) -> bool:
        return bool(_NAME.match(name) or _GGUF_NAME.match(name))

    def resolve(self, name: str, revision: str | None, offline: bool, progress: ProgressCallback) -> LocalModel:
        from huggingface_hub import constants
        from huggingface_hub.utils import logging as hub_logging

        # huggingface_hub reports its retries on standard error; what comes of them becomes an error of ours.
        hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        offline = offline or constants.HF_HUB_OFFLINE
        if revision is not None:
            _check_revision(revision)
        match = _GGUF_NAME.match(name)
        repository, file = (match["repository"], match["file"]) if match else (name, None)
        with _hub_errors(repository, revision), watched_hub():
            folder = _snapshot(name, repository, file, revision, offline, progress)
        if file is not None:
            return LocalModel(name, (folder / file).parent, Path(file).name)
        if is_static(folder):
            return LocalModel(name, folder)
        check_files(name, (path.relative_to(folder).as_posix() for path in folder.rglob("*")))
        return LocalModel(name, folder)

    def cached(self) -> Iterable[CachedModel]:
        for repository in cached_repositories():
            for revision in repository.revisions:
                yield CachedModel(
                    name=repository.name,
                    source="hub",
                    revision=revision.commit[:12],
                    size=revision.size,
                    last_used=repository.last_used,
                    licence=licence(revision.path),
                    path=str(revision.path),
                )

    def removals(self, name: str, revision: str | None) -> list[Removal]:
        found = [repository for repository in cached_repositories() if repository.name == name]
        if revision is None:
            return [Removal(name, repository.path, repository.size, "asked for") for repository in found]
        return [removal for repository in found for removal in removals_of(repository, revision)]

    def leftovers(self) -> Leftovers:
        pinned: dict[str, list[str]] = {}
        for alias in catalog().aliases.values():
            if alias.revision:
                pinned.setdefault(_repository_of(alias.model), []).append(alias.revision)
        found = Leftovers(list(half_deleted()), [])
        for repository in cached_repositories():
            gone, kept = leftovers_of(repository, pinned.get(repository.name, ()))
            found.gone.extend(gone)
            found.kept.extend(kept)
        return found

    def verify(self, name: str) -> list[Verification]:
        return [verify_repository(repository) for repository in cached_repositories() if repository.name == name]

    def discard_damaged(self, name: str) -> None:
        from huggingface_hub import constants

        for repository in cached_repositories():
            if repository.name == _repository_of(name) and not constants.HF_HUB_OFFLINE:
                discard_damaged(repository)


def _repository_of(name: str) -> str:
    match = _GGUF_NAME.match(name)
    return match["repository"] if match else name


def _check_revision(revision: str) -> None:
    """It becomes the name of a file in the cache."""
    try:
        check_name(revision)
    except IntegrityError as error:
        raise UsageError(f"--revision takes a branch, a tag or a commit, not {quoted(revision)}") from error


def _snapshot(
    name: str, repository: str, file: str | None, revision: str | None, offline: bool, progress: ProgressCallback
) -> Path:
    """The folder of a revision, its files fetched where they are not here: those of a model, or `file` alone."""
    from huggingface_hub import snapshot_download

    wanted: dict[str, Any] = {"allow_patterns": [_escaped(file)]} if file is not None else _PATTERNS
    cached = _cached_snapshot(repository, revision, wanted, file)
    files = None if offline else _listing(name, repository, revision, cached)
    if files is None:
        return _at_hand(name, cached)
    if file is None:
        check_files(name, files)
    elif file not in files:
        others = ", ".join(other for other in files if other.endswith(".gguf"))
        raise ModelMissing(f"{repository} has no file {file}; its GGUF files: {others or 'none'}")
    if revision is not None and COMMIT.fullmatch(revision):
        pin(repository, revision)
    # By name and not by commit, so that the cache learns which commit the name stands for.
    with _readable_cache(name, cached) as at_hand, checked_download(name, repository):
        at_hand.append(snapshot_download(repository, revision=revision, tqdm_class=_progress(name, progress), **wanted))
    folder = Path(at_hand[-1])
    if unverified := unverified_files(repository, folder):
        log.warning("%s cannot be verified: the hub or its mirror names no hash of %s", name, ", ".join(unverified))
    return folder


_PATTERNS = {"allow_patterns": list(WANTED), "ignore_patterns": list(UNWANTED)}


def _escaped(file: str) -> str:
    """A pattern that this one file fits."""
    return re.sub(r"([*?[])", r"[\1]", file)


def _cached_snapshot(repository: str, revision: str | None, wanted: dict[str, Any], file: str | None) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        # The patterns too: without them a snapshot counts as broken off where files lack that were never wanted.
        folder = Path(snapshot_download(repository, revision=revision, local_files_only=True, **wanted))
    except LocalEntryNotFoundError:
        return None
    # A commit, and not what someone wrote into a ref.
    is_ours = COMMIT.fullmatch(folder.name) and folder.parent.name == "snapshots"
    return folder if is_ours and (file is None or (folder / file).is_file()) else None


@contextmanager
def _readable_cache(name: str, cached: Path | None) -> Iterator[list[str | Path]]:
    """What is fetched within is added to the list; where the cache cannot be written, the copy in it has to do."""
    at_hand: list[str | Path] = [] if cached is None else [cached]
    try:
        yield at_hand
    except OSError as error:
        if cached is None or error.errno not in _CANNOT_BE_WRITTEN:
            raise
        log.warning("the cache cannot be written (%s); using the cached copy of %s", error.strerror, name)


def _at_hand(name: str, cached: Path | None) -> Path:
    if cached is None:
        raise ModelMissing(
            f"{name} is not in the cache and the hub is switched off (--offline or HF_HUB_OFFLINE);"
            f" fetch it while connected: nlpcli models pull {name}"
        )
    return cached


def _listing(name: str, repository: str, revision: str | None, cached: Path | None) -> list[str] | None:
    """The files that the hub has of a repository; None where it does not answer and the cache has a copy."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import HfHubHTTPError, HTTPError  # type: ignore[attr-defined]

    try:
        details = HfApi().model_info(repository, revision=revision, timeout=constants.HF_HUB_ETAG_TIMEOUT)
    except (HTTPError, OSError) as error:
        refused = isinstance(error, HfHubHTTPError) and error.response.status_code < 500
        if refused or cached is None:
            raise
        log.warning("the hub does not answer; using the cached copy of %s", name)
        return None
    return [file.rfilename for file in details.siblings or ()]


def _progress(name: str, progress: ProgressCallback) -> Any:
    """A class of progress bars that tell `progress`: huggingface_hub's own write to standard error, --quiet or not."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **{**options, "file": io.StringIO()})

        def update(self, n: float | None = 1) -> bool | None:
            if self.unit == "B" and self.total:
                progress(f"fetching {name} from the hub", min(1, self.n / self.total))
            return super().update(n)  # type: ignore[no-any-return]

    return Bar


@contextmanager
def _unforeseen_answers(name: str) -> Iterator[None]:
    """What an answer sets off in huggingface_hub where it is not what the hub's interface promises."""
    from huggingface_hub import errors as hub

    try:
        yield
    except (NlpcliError, OSError, hub.HTTPError, hub.HFValidationError):  # type: ignore[attr-defined]
        raise
    # Which others there are cannot be listed: they come from three libraries, and from any part of an answer.
    except Exception as error:
        raise SourceUnreachable(
            f"the hub's answer for {name} cannot be read ({type(error).__name__}: {_first_line(error)});"
            " try later, or check HF_ENDPOINT"
        ) from error


@contextmanager
def _hub_errors(name: str, revision: str | None) -> Iterator[None]:
    """The hub's exceptions in our words."""
    from huggingface_hub import errors as hub

    try:
        with _unforeseen_answers(name):
            yield
    except hub.HFValidationError as error:
        raise ModelMissing(
            f'"{name}" is no name of a model; give a hub id (owner/name), a folder or a .gguf file'
        ) from error
    except hub.GatedRepoError as error:
        raise ModelGated(
            f"{name} is gated: accept its terms at https://huggingface.co/{name},"
            " then log in (hf auth login) or set HF_TOKEN"
        ) from error
    except hub.RevisionNotFoundError as error:
        raise ModelMissing(f'{name} has no revision "{revision}"; see its commits on the hub') from error
    except hub.RepositoryNotFoundError as error:
        raise ModelMissing(
            f"the hub has no model {name} (or it is private: set HF_TOKEN); starter/… models need no hub:"
            " nlpcli models list --available"
        ) from error
    except (hub.HTTPError, hub.EntryNotFoundError) as error:  # type: ignore[attr-defined]
        if isinstance(error, hub.HfHubHTTPError) and error.response.status_code in {401, 403}:
            raise ModelGated(
                f"the hub refuses {name} ({_first_line(error)});"
                " log in (hf auth login) or set HF_TOKEN to a valid token"
            ) from error
        raise SourceUnreachable(
            f"cannot fetch {name} from the hub ({_first_line(error)}); check the network or HF_ENDPOINT,"
            " or use a starter/… model, which needs no hub"
        ) from error
    except OSError as error:
        if "Consistency check failed" in str(error):
            raise IntegrityError(
                f"{name}: the hub sent more or fewer bytes than it says a file has; it was not kept:"
                " try again, and check the mirror or the proxy (HF_ENDPOINT)"
            ) from error
        raise CacheError(f"cannot write the hub's cache: {error}; make room or set HF_HOME") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
