"""What the results of a job depend on, and in what two jobs differ, in words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from nlpcli import __version__
from nlpcli.engines.job import Job
from nlpcli.engines.shards.folder import Identity, InputFacts, Manifest
from nlpcli.models.reference import LocalModel
from nlpcli.models.sources.made import MANIFEST
from nlpcli.records.inputs import InputFile
from nlpcli.records.ranges import content_hash

# Of the input these say where it is, and not how it is read.
_PLACES = frozenset({"texts", "paths", "written"})
_NAMES = {
    "model": "--model", "options": "the options of the command", "input": "the options of the input",
    "compute": "--device, --dtype, --batch-tokens, --threads, --seed or --exact", "version": "the version of nlpcli",
    "task": "the command",
}  # fmt: skip


def facts_of(files: Sequence[InputFile], before: Sequence[InputFacts] = ()) -> list[InputFacts]:
    """What the inputs are. One whose stamp is as it was `before` is not read again.

    Raises:
        InputError: a file cannot be read.
    """
    known = {facts.name: facts for facts in before}
    return [_facts(file, known.get(file.name)) for file in files]


def _facts(file: InputFile, before: InputFacts | None) -> InputFacts:
    if file.remote is not None:
        # What a store knows a file by need not be read.
        return InputFacts(file.name, file.size or 0, 0, [], file.remote.token or content_hash(file))
    assert isinstance(file.path, Path)
    stamp = _stamp(file.path)
    size = file.path.stat().st_size if file.size is None else file.size
    if before is not None and before.stamp == stamp and before.size == size:
        return before
    return InputFacts(file.name, size, stamp[1], stamp, content_hash(file))


def _stamp(path: Path) -> list[int]:
    """Size and time of change, which can be set; and inode and time of the change of that, which cannot."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev]


def model_hashes(
    model: LocalModel, before: Mapping[str, str], stamps: Mapping[str, list[int]]
) -> tuple[dict[str, str], dict[str, list[int]]]:
    """SHA-256 and stamp of each file of a model. A file whose stamp is as it was is not read again."""
    hashes, now = dict[str, str](), dict[str, list[int]]()
    for name, path in _files_of(model):
        now[name] = _stamp(path)
        known = before.get(name) if stamps.get(name) == now[name] else None
        hashes[name] = known or _file_hash(path)
    return hashes, now


def _files_of(model: LocalModel | None, prefix: str = "") -> Iterator[tuple[str, Path]]:
    if model is None:
        return
    if model.path.is_file():
        yield f"{prefix}{model.path.name}", model.path
    else:
        for path in sorted(model.path.rglob("*")):
            # The manifest says by its time when a model was last used.
            if path.is_file() and path.name != MANIFEST and not path.relative_to(model.path).parts[0].startswith("."):
                yield f"{prefix}{path.relative_to(model.path).as_posix()}", path
    yield from _files_of(model.then, f"{prefix}then/")


def _file_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def identity_of(job: Job, hashes: Mapping[str, str]) -> Identity:
    """All that the results of a job depend on beside its inputs, as JSON has it."""
    described: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode({"options": job.options, "input": job.input, "compute": job.compute}, order="sorted")
    )
    # Where results come from changes none of them.
    del described["compute"]["cache"]
    described["input"] = {name: value for name, value in described["input"].items() if name not in _PLACES}
    return {
        "task": job.task,
        "version": __version__,
        "model": {"name": job.model.name, "revision": job.model.revision, "files": dict(hashes)},
        "options": described["options"],
        "input": described["input"],
        "compute": described["compute"],
    }


def differences(manifest: Manifest, identity: Mapping[str, Any]) -> list[str]:
    """What is asked for otherwise than when the job began; empty where all is the same."""
    if manifest.identity["task"] != identity["task"]:  # and so are most options
        return [*_differing("task", manifest.identity["task"], identity["task"])]
    return [text for part in _NAMES for text in _differing(part, manifest.identity.get(part), identity.get(part))]


def _differing(part: str, before: Any, now: Any) -> Iterator[str]:
    if before == now:
        return
    if part == "model" and before["name"] == now["name"]:
        changed = next(
            (
                name
                for name in {**before["files"], **now["files"]}
                if before["files"].get(name) != now["files"].get(name)
            ),
            "its revision",
        )
        yield f"{now['name']} has changed ({changed})"
    elif part == "model":
        yield f"--model was {before['name']} and is {now['name']}"
    elif isinstance(before, dict) and isinstance(now, dict):
        for name in {**before, **now}:
            if before.get(name) != now.get(name):
                yield f"{name.replace('_', '-')} was {_shown(before.get(name))} and is {_shown(now.get(name))}"
    else:
        yield f"{_NAMES[part]} was {_shown(before)} and is {_shown(now)}"


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else f"{text[:60]}…"


def input_differences(before: Sequence[InputFacts], now: Sequence[InputFacts]) -> list[str]:
    """What became of the inputs since; empty where they are the same, whatever their times say."""
    old, new = ({facts.name: facts for facts in each} for each in (before, now))
    gone = [f"{name} is gone" for name in old if name not in new]
    added = [f"{name} is new" for name in new if name not in old]
    changed = [f"{name} has changed" for name in old if name in new and old[name].sha256 != new[name].sha256]
    moved = [] if gone or added or [*old] == [*new] else ["their order is another"]
    return [*changed, *added, *gone, *moved]
