"""What must survive whatever fails: the cache of models and the files of results. Each trial is one fault and its aftermath.

A trial is called with a `Fault`; what it returns beside the end of the run is what was lost, "" where nothing was.

    python -m tests.trials [SUFFIX...]

tries every call on files of jobs with such outputs, from their beginning and from their middle: each fails once in every
manner. What was lost is said, and makes the exit status 1.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

sys.path += [str(Path(__file__).parent), str(Path(__file__).with_name("models"))]

from hub_server import FILES, NEWER, HubServer, Repository

from tests.faults import ERRORS, KILLED, Ended, Fault, Faults, faulty_runs, library
from tests.faults import FILES as CALLS

NAME = "owner/tiny"
SUFFIXES = (".jsonl", ".csv", ".parquet", ".npy", ".jsonl.gz", ".txt")
KEPT = (".jsonl", ".parquet")
MANNERS = {"no space left": ERRORS[0], "input/output error": ERRORS[1], "killed": KILLED}
WANTED = ("README.md", "config.json", "1_Pooling/config.json", "model.safetensors")


@dataclass
class Tally:
    """How often something was tried, how often the run noticed (or died), what was lost, and how many calls there are."""

    tried: int = 0
    failed: int = 0
    killed: int = 0
    calls: int = 0
    lost: list[str] = field(default_factory=list)


def is_in_words(ended: Ended) -> bool:
    """Whether a run ended as promised: it said in lines of its own what went wrong, or was killed."""
    lines = ended.complaints.splitlines()
    own = all(line.startswith("nlpcli: ") for line in lines)
    # Where an allocation fails, CPython itself forgets now and then which exception it was.
    ours = "mistake of nlpcli" in ended.complaints and "SystemError" not in ended.complaints
    return ended.status < 0 or (ended.status in (0, 1, 3) and own and not ours)


class CacheTrial:
    """A command over a cache of the hub, whose folder is `home`."""

    def __init__(self, runs: Faults, home: Path, hub: HubServer, before: tuple[str, ...], command: tuple[str, ...]):
        self.runs, self.folder, self.command = runs, home, command
        self._hub, self._before = hub, before

    def __call__(self, fault: Fault | None) -> tuple[Ended, str]:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._hub.repositories[NAME].revisions = {"main": FILES}
        if self._before:
            self.runs.run(*self._before)
            self._hub.repositories[NAME].revisions = {"main": NEWER}
            self.runs.run(*self._before)
        ended = self.runs.run(*self.command, fault=fault)
        return ended, self._lost(ended) if is_in_words(ended) else f"{ended}"

    def _lost(self, ended: Ended) -> str:
        """The cache is whole, or a pull makes it so; and what was half deleted goes by `prune`."""
        listed = self.runs.run("models", "list")
        if listed.status:
            return f"list fails: {listed.complaints}"
        pulled = self.runs.run("models", "pull", NAME)
        if pulled.status:
            return f"a pull does not mend: {pulled.complaints}"
        folder, files = Path(pulled.output.strip()), next(iter(self._hub.repositories[NAME].revisions.values()))
        if changed := [name for name in WANTED if (folder / name).read_bytes() != files[name]]:
            return f"{changed} are not what the hub has"
        for arguments in (("models", "prune", "--yes"), ("models", "verify"), ("models", "rm", "--yes", NAME)):
            done = self.runs.run(*arguments)
            if done.status:
                return f"{arguments} fails after {ended}: {done.complaints or done.output}"
        left = [path for path in self.folder.rglob("*") if path.is_file() and ".locks" not in path.parts]
        left = [path for path in left if path.name not in ("CACHEDIR.TAG", ".gitignore")]
        return f"left over after {ended.status}: {left}" if left else ""


class OutputTrial:
    """Results that replace those of before: one or the other is there, and nothing beside it that a next run leaves."""

    def __init__(self, runs: Faults, folder: Path, model: Path, task: str, suffix: str) -> None:
        self.runs, self.folder = runs, folder
        self._input = folder.parent / "input.jsonl"
        self._input.write_text(
            "".join(f'{{"text": "a {letter}", "n": {n}}}\n' for n, letter in enumerate("abcdef" * 9))
        )
        self._output = folder / f"out{suffix}"
        self._arguments = (task, "-m", model, "--threads", "1", "-i", self._input, "-o", self._output)
        self._whole = b""

    def __call__(self, fault: Fault | None) -> tuple[Ended, str]:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self._output.write_bytes(b"before")
        ended = self.runs.run(*self._arguments, fault=fault)
        if fault is None or not fault.error:
            self._whole = self._output.read_bytes()
        return ended, self._lost(ended) if is_in_words(ended) else f"{ended}"

    def _lost(self, ended: Ended) -> str:
        content = self._output.read_bytes()
        if content not in (b"before", self._whole):
            return f"{len(content)} bytes, neither before nor after: {ended}"
        if ended.status == 0 and content != self._whole:
            return f"status 0 without results: {ended}"
        if ended.status in (1, 3) and content == self._whole and "cannot write" in ended.complaints:
            return f"said to have failed, and there: {ended}"
        left = [path.name for path in self.folder.iterdir() if path != self._output]
        if left and ended.status >= 0:
            return f"{left} left by a run that was not killed"
        again = self.runs.run(*self._arguments)
        left = [path.name for path in self.folder.iterdir() if path != self._output]
        return f"{again}, {left}" if again.status or left or self._output.read_bytes() != self._whole else ""


class JobTrial:
    """A job that is kept: its output is whole or not there, and the same command goes on, whatever failed.

    `middle`: a run was killed at that call before.
    """

    def __init__(self, runs: Faults, folder: Path, model: Path, task: str, suffix: str, middle: int = 0) -> None:
        self._middle = Fault(folder, CALLS, middle, KILLED) if middle else None
        self.runs, self.folder = runs, folder
        self._input = folder.parent / "input.jsonl"
        self._input.write_text(
            "".join(f'{{"text": "a {letter} {letter}", "n": {n}}}\n' for n, letter in enumerate("abcdefgh" * 300))
        )
        self._output = folder / f"out{suffix}"
        self._arguments = (task, "-m", model, "--threads", "1", "-i", self._input, "-o", self._output, "--resume")
        self._whole = b""

    def __call__(self, fault: Fault | None) -> tuple[Ended, str]:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        if self._middle:
            self.runs.run(*self._arguments, fault=self._middle)
        ended = self.runs.run(*self._arguments, fault=fault)
        if fault is None or not fault.error:
            self._whole = self._output.read_bytes()
        return ended, self._lost(ended) if is_in_words(ended) else f"{ended}"

    def _lost(self, ended: Ended) -> str:
        if self._output.exists() and self._output.read_bytes() != self._whole:
            return f"half an output: {ended}"
        if ended.status == 0 and not self._output.exists():
            return f"status 0 without results: {ended}"
        again = self.runs.run(*self._arguments)
        if again.status or self._output.read_bytes() != self._whole:
            return f"it does not go on: {again} after {ended}"
        left = [
            path.name
            for path in self.folder.rglob("*")
            if path.name.endswith((".part", ".tmp")) and path.name[0] == "."
        ]
        return f"left over after {ended}: {left}" if left else ""


Trial = Callable[[Fault | None], tuple[Ended, str]]


def tried(
    trial: Trial, folder: Path, kinds: tuple[str, ...], error: int, most: int, seed: int = 0, calls: int = 0
) -> Tally:
    """A fault at each call, or at `most` of them chosen by chance; of `calls`, else of those of a run without a fault."""
    tally = Tally(calls=calls)
    if not calls:
        counted, lost = trial(Fault(folder, kinds))
        tally.calls = counted.calls
        if counted.status or lost:
            tally.lost.append(f"without a fault: {counted} {lost}")
            return tally
    numbers = range(1, tally.calls + 1)
    chosen = sorted(random.Random(seed).sample(numbers, min(most, len(numbers))))
    for number in chosen:
        ended, lost = trial(Fault(folder, kinds, number, error))
        tally.tried += 1
        tally.failed += ended.status > 0
        tally.killed += ended.status < 0
        if lost:
            tally.lost.append(f"{'+'.join(kinds)} {number} of {tally.calls}, error {error}: {lost}")
    return tally


@contextmanager
def cache_trials(made: Path, folder: Path) -> Iterator[dict[str, Trial]]:
    """Pulls, updates, removals and prunes, over a hub on this machine."""
    with HubServer() as hub:
        hub.repositories[NAME] = Repository({"main": FILES})
        thread = Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        home = folder / "home"
        environment = {
            "HF_ENDPOINT": hub.url, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1",
            "NLPCLI_CACHE_DIR": str(folder / "cache"), "HF_HUB_OFFLINE": "0",
        }  # fmt: skip
        pull = ("models", "pull", "--quiet", NAME)
        try:
            with faulty_runs(made, "", **environment) as runs:
                yield {
                    "pull": CacheTrial(runs, home, hub, (), pull),
                    "rm": CacheTrial(runs, home, hub, pull, ("models", "rm", "--yes", NAME)),
                    "prune": CacheTrial(runs, home, hub, pull, ("models", "prune", "--yes")),
                }
        finally:
            hub.shutdown()
            thread.join()


@contextmanager
def output_trials(
    made: Path, folder: Path, suffixes: Sequence[str] = SUFFIXES, kept: Sequence[str] = KEPT
) -> Iterator[dict[str, Trial]]:
    """Results in files of some formats, by a tiny model; and jobs with such results."""
    from tests.tiny import save_classifier

    model = save_classifier(folder / "bert")
    with faulty_runs(made, "embed") as runs:
        yield {
            **{f"embed -o {suffix}": OutputTrial(runs, folder / "out", model, "embed", suffix) for suffix in suffixes},
            **{
                f"embed -o {suffix} --resume": JobTrial(runs, folder / "job", model, "embed", suffix) for suffix in kept
            },
        }


def main(suffixes: Sequence[str]) -> int:
    """Every call of jobs in every manner; how many losses there were."""
    from tests.tiny import save_classifier

    losses = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = library(folder)
        if made is None:
            raise SystemExit("no compiler makes tests/faults.c: nothing was tried")
        model = save_classifier(folder / "bert")
        with faulty_runs(made, "embed") as runs:
            for suffix in suffixes:
                calls = 0
                for middle in (0, 1):
                    trial = JobTrial(runs, folder / "job", model, "embed", suffix, middle * calls // 2)
                    calls = 0
                    for manner, error in MANNERS.items():
                        tally = tried(trial, trial.folder, CALLS, error, sys.maxsize, calls=calls)
                        calls = tally.calls
                        where = "its middle" if middle else "the beginning"
                        print(
                            f"embed -o {suffix} --resume, from {where}, {manner}: {tally.tried} of {calls} calls,"
                            f" {tally.failed} failed in words, {tally.killed} died, {len(tally.lost)} lost",
                            *tally.lost, sep="\n  ", flush=True,
                        )  # fmt: skip
                        losses += len(tally.lost)
    return losses


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or SUFFIXES) > 0)
