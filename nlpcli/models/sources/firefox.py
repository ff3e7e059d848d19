"""Firefox's translation models (`firefox:en-de`), from Mozilla's public bucket, made once into nlpcli's own cache.

The catalogue of the bucket names the files of each pair and the SHA-256 of what is in them; the files are gzip. Every
model translates to or from English: any other pair is two models in a row.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple

from nlpcli import settings
from nlpcli.errors import IntegrityError, ModelMissing, SourceUnreachable, UsageError
from nlpcli.models.reference import CachedModel, Leftovers, LocalModel, ProgressCallback, Removal, Verification
from nlpcli.models.sources.made import MadeFolders, note_use
from nlpcli.text.languages import code_of, nearest_codes

PREFIX = "firefox:"
BUCKET = "https://storage.googleapis.com/moz-fx-translations-data--303e-prod-translations-data/"
# Another place with the same structure: a mirror, or a server of a test.
BUCKET_VARIABLE = settings.FIREFOX_URL
CATALOGUE = "db/models.json"
PIVOT = "en"
_SECONDS = 30
_CHUNK = 1 << 16
_MOST_BYTES = 2_000_000_000
_PATH = re.compile(r"[\w.+-]+(/[\w.+-]+)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
# The best first: released models before those that are still tried out.
_STATUS = ("Release", "Release Desktop", "Release Android", "Nightly")
_ARCHITECTURES = ("base-memory", "base", "tiny")
# Role of a file in the catalogue → the field of `MarianFiles`.
_FILES = {
    "model": "model",
    "vocab": "vocabulary",
    "srcVocab": "vocabulary",
    "trgVocab": "target_vocabulary",
    "lexicalShortlist": "shortlist",
}


class _File(NamedTuple):
    """One file of the catalogue: where it lies, and size and SHA-256 of what is in it (where the catalogue says)."""

    path: str
    size: int | None
    sha256: str | None


class FirefoxSource:
    """Names are `firefox:` and two languages: `firefox:en-de`, `firefox:de-fr` (by way of English)."""

    def __init__(self, root: Path | None = None, bucket: str | None = None) -> None:
        self._made = MadeFolders(root or settings.cache_folder() / "firefox", "Firefox")
        bucket = bucket or os.environ.get(BUCKET_VARIABLE) or BUCKET
        self._bucket = bucket if bucket.endswith("/") else f"{bucket}/"

    def owns(self, name: str) -> bool:
        return name.startswith(PREFIX)

    def resolve(self, name: str, revision: str | None, offline: bool, progress: ProgressCallback) -> LocalModel:
        if revision is not None:
            raise UsageError(f"--revision is for models of the hub; {name} is the released one")
        source, target = _pair(name)
        if PIVOT in (source, target):
            return self._one(source, target, name, offline, progress)
        second = self._one(PIVOT, target, name, offline, progress)
        first = self._one(source, PIVOT, name, offline, progress)
        return LocalModel(name, first.folder, languages=first.languages, then=second)

    def _one(self, source: str, target: str, asked: str, offline: bool, progress: ProgressCallback) -> LocalModel:
        name = f"{PREFIX}{source}-{target}"
        found = self._made.named(name)
        if not found:
            if offline:
                raise ModelMissing(
                    f"{name} is not in the cache and --offline is set; fetch it while connected:"
                    f" nlpcli models pull {asked}"
                )
            found = [self._fetch(name, source, target, progress)]
        note_use(found[-1])
        return LocalModel(name, found[-1], languages=(source,))

    def _fetch(self, name: str, source: str, target: str, progress: ProgressCallback) -> Path:
        progress(f"looking for {name} in Mozilla's catalogue")
        entry = _choose(self._catalogue(), source, target)
        files = _files(entry, name)
        model = files["model"]
        version = (model.sha256 or hashlib.sha256(model.path.encode()).hexdigest())[:8]
        folder = self._made.root / f"firefox--{source}-{target}-{version}"
        facts = {"name": name, "version": version, "licence": "MPL-2.0", "source": self._bucket + model.path}

        def recipe(staging: Path) -> None:
            self._make(name, (source, target), files, staging, progress)

        self._made.make(folder, facts, recipe, progress)
        return folder

    def _make(
        self, name: str, pair: tuple[str, str], files: Mapping[str, _File], staging: Path, progress: ProgressCallback
    ) -> None:
        local = {role: self._download(name, file, staging, progress) for role, file in files.items()}
        progress(f"converting {name}")
        from nlpcli.models.bergamot.conversion import MarianFiles, convert_files

        card = _CARD.format(source=pair[0], target=pair[1], origin=self._bucket + files["model"].path)
        convert_files(MarianFiles(**local), pair, card, staging / "model")

    def _download(self, name: str, file: _File, folder: Path, progress: ProgressCallback) -> Path:
        """Fetch, unpack and check one file."""
        target = folder / PurePosixPath(file.path).name.removesuffix(".gz")
        packed = target.with_name(target.name + ".packed")
        with packed.open("wb") as stream:
            self._get(file.path, stream, lambda done, total: progress(f"fetching {name} from Mozilla", done / total))
        try:
            most = file.size if file.size is not None else _MOST_BYTES
            with gzip.open(packed) as source, target.open("wb") as unpacked:
                while chunk := source.read(_CHUNK):
                    unpacked.write(chunk)
                    if unpacked.tell() > most:  # a few bytes can unpack into any number
                        break
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise IntegrityError(
                f"{file.path} of {name} is no sound gzip file ({error}); nothing was kept, try again"
            ) from error
        packed.unlink()
        _check(name, file, target)
        return target

    def _get(self, path: str, file: BinaryIO, progress: Any) -> None:
        from http.client import HTTPException
        from urllib.error import HTTPError, URLError
        from urllib.request import Request, urlopen

        url = self._bucket + path
        if not url.startswith(("https://", "http://")):
            raise UsageError(f"{BUCKET_VARIABLE} must be an address that begins with https://, not {self._bucket}")
        try:
            with urlopen(Request(url), timeout=_SECONDS) as answer:  # noqa: S310 - checked
                total = int(answer.headers.get("Content-Length") or 0)
                done = 0
                while chunk := answer.read(_CHUNK):
                    file.write(chunk)
                    done += len(chunk)
                    progress(done, max(total, done))
        except HTTPError as error:
            raise SourceUnreachable(
                f"Mozilla's bucket answers {error.code} for {path}; try later, or use a starter/… or hub model"
            ) from error
        except (URLError, OSError, HTTPException) as error:
            if isinstance(error, OSError) and (error.filename or error.errno in _OF_THE_DISK):
                raise  # the disk, not the network
            reason = getattr(error, "reason", error)
            raise SourceUnreachable(
                f"cannot fetch {path} from Mozilla's bucket ({reason}); check the network, or use a starter/… model"
            ) from error
        if done < total:
            raise SourceUnreachable(
                f"the download of {path} broke off after {done:,} of {total:,} bytes; nothing was kept, try again"
            )

    def _catalogue(self) -> dict[str, Any]:
        content = io.BytesIO()
        self._get(CATALOGUE, content, lambda done, total: None)  # noqa: ARG005
        return models_of(content.getvalue())

    def cached(self) -> Iterable[CachedModel]:
        return self._made.cached()

    def removals(self, name: str, revision: str | None) -> list[Removal]:
        return self._made.removals(name, revision)

    def leftovers(self) -> Leftovers:
        return Leftovers(self._made.broken_off(), [])

    def verify(self, name: str) -> list[Verification]:
        return self._made.verify(name)

    def discard_damaged(self, name: str) -> None:
        source, target = _pair(name)
        pairs = [(source, target)] if PIVOT in (source, target) else [(source, PIVOT), (PIVOT, target)]
        for pair in pairs:
            self._made.discard_damaged(f"{PREFIX}{pair[0]}-{pair[1]}")


_CARD = """---
license: mpl-2.0
language: [{source}, {target}]
pipeline_tag: translation
---

# {source} → {target}

A translation model of Firefox, trained by Mozilla (https://github.com/mozilla/translations) and published under the
Mozilla Public License 2.0; converted from Marian's int8 format by nlpcli. The original: {origin}
"""


def _pair(name: str) -> tuple[str, str]:
    written = name.removeprefix(PREFIX)
    languages = written.split("-") if written.count("-") == 1 else []
    if len(languages) != 2 or not all(languages):
        raise UsageError(f'"{name}" names no pair of languages; write it so: firefox:en-de')
    source, target = (code_of(language) for language in languages)
    if source == target:
        raise UsageError(f"{name}: both languages are the same")
    return source, target


def models_of(catalogue: bytes) -> dict[str, Any]:
    """The pairs of Mozilla's catalogue.

    Raises:
        SourceUnreachable: it is none.
    """
    try:
        models = json.loads(catalogue)["models"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unreadable() from error
    if not isinstance(models, dict):
        raise _unreadable()
    return models


def _choose(models: Mapping[str, Any], source: str, target: str) -> Mapping[str, Any]:
    """The best entry of a pair: released, and of the largest architecture."""
    entries = models.get(f"{source}-{target}")
    if entries and not (isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)):
        raise _unreadable()
    if not entries:
        other = [code.removeprefix(f"{PIVOT}-") for code in models if code.startswith(f"{PIVOT}-")]
        others = [code.removesuffix(f"-{PIVOT}") for code in models if code.endswith(f"-{PIVOT}")]
        known, missing = (other, target) if source == PIVOT else (others, source)
        near = ", ".join(nearest_codes(missing, known, most=5)) or "none"
        raise ModelMissing(
            f"Firefox has no model for {source}-{target}; with {PIVOT} on that side it has, among others: {near};"
            f" or look on the hub: -m Helsinki-NLP/opus-mt-{source}-{target}"
        )
    return min(entries, key=_rank)


def _rank(entry: Mapping[str, Any]) -> tuple[int, int]:
    status, architecture = entry.get("releaseStatus"), entry.get("architecture")
    return (
        _STATUS.index(status) if status in _STATUS else len(_STATUS),
        _ARCHITECTURES.index(architecture) if architecture in _ARCHITECTURES else len(_ARCHITECTURES),
    )


def _files(entry: Mapping[str, Any], name: str) -> dict[str, _File]:
    """The files by field of `MarianFiles`."""
    stated = entry.get("files") or {}
    if not isinstance(stated, dict):
        raise _unreadable()
    found = {
        field: _file(file)
        for role, field in _FILES.items()
        if isinstance(file := stated.get(role), dict) and "path" in file
    }
    if not found.keys() >= {"model", "vocabulary"}:
        raise SourceUnreachable(f"Mozilla's catalogue names no files for {name}; try later")
    if found["model"].sha256 is None:
        raise IntegrityError(f"Mozilla's catalogue has no hash for {name}, so it cannot be checked; nothing was kept")
    return found


def _file(stated: Mapping[str, Any]) -> _File:
    path, size, sha256 = stated["path"], stated.get("uncompressedSize"), stated.get("uncompressedHash")
    if not isinstance(path, str) or not _PATH.fullmatch(path) or ".." in path.split("/"):
        raise _unreadable()
    if (size is not None and type(size) is not int) or (sha256 is not None and not _SHA256.fullmatch(str(sha256))):
        raise _unreadable()
    return _File(path, size, sha256)


def _unreadable() -> SourceUnreachable:
    return SourceUnreachable("Mozilla's catalogue of models cannot be read; try later")


def _check(name: str, file: _File, path: Path) -> None:
    from nlpcli.models.sources.hashing import sha256_of

    if file.size is not None and path.stat().st_size != file.size:
        raise IntegrityError(
            f"{path.name} of {name} has {path.stat().st_size:,} bytes, the catalogue says {file.size:,};"
            " nothing was kept, try again"
        )
    if file.sha256 is not None and sha256_of(path) != file.sha256:
        raise IntegrityError(
            f"{path.name} of {name} is not the file that Mozilla's catalogue names (SHA-256); nothing was kept,"
            " try again"
        )
