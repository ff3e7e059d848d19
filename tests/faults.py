"""Runs of nlpcli in which one call of the operating system fails, or is the last one before the process is killed.

A library in C, made here where there is a compiler, stands between the process and the system. As a program
(`python -m tests.faults`) it takes requests from standard input, a line of JSON each, and answers in such lines: every
run is a fork of one process that has imported everything.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

KINDS = {"open": 1, "write": 2, "fsync": 4, "rename": 8, "link": 16, "remove": 32, "make": 64, "malloc": 128}
FILES = ("open", "write", "fsync", "rename", "link", "remove", "make")
KILLED = -1
ERRORS = (errno.ENOSPC, errno.EIO)
_SECONDS = 60


class Fault(NamedTuple):
    """The `number`-th call of `kinds` on what lies below `folder` fails with `error`, or kills the process."""

    folder: Path
    kinds: tuple[str, ...]
    number: int = 0
    error: int = 0


class Ended(NamedTuple):
    """What a run left: `status` is negative where a signal ended it, `calls` are those that its fault counted."""

    status: int
    output: str
    complaints: str
    calls: int


class Faults:
    """Runs command lines, each in a fork."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, *arguments: str | Path, fault: Fault | None = None) -> Ended:
        armed = fault and [str(fault.folder), sum(KINDS[kind] for kind in fault.kinds), fault.number, fault.error]
        print(json.dumps([armed, *map(str, arguments)]), file=self._process.stdin, flush=True)
        return Ended(*json.loads(self._process.stdout.readline()))


def library(folder: Path) -> Path | None:
    """The library, made in `folder`; None where nothing can make it."""
    made = folder / "faults.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-w", "-o", made, Path(__file__).with_name("faults.c"), "-ldl"]
    try:
        return made if subprocess.run(command, capture_output=True, check=False).returncode == 0 else None
    except OSError:
        return None


@contextmanager
def faulty_runs(made: Path, warm: str, **environment: str) -> Iterator[Faults]:
    """Runs over the library; `warm` is a task that is run once before, or "" where the hub alone is needed."""
    command = [sys.executable, "-m", "tests.faults", str(made), warm]
    own = {**os.environ, **environment, "LD_PRELOAD": str(made), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=own) as process:
        yield Faults(process)
        process.stdin.close()
        process.wait(30)


def serve(made: str, warm: str) -> None:
    """A fork for each line."""
    os.environ.pop("LD_PRELOAD")
    faults = ctypes.CDLL(made)
    faults.faults_counted.restype = ctypes.c_long
    answers = os.fdopen(os.dup(1), "w")
    _warm_up(warm)
    for line in sys.stdin:
        fault, *arguments = json.loads(line)
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
            child = os.fork()
            if child == 0:
                _become(faults, fault, arguments, output.fileno(), complaints.fileno())
            _, ended = os.waitpid(child, 0)
            told = []
            for file in (output, complaints):
                file.seek(0)
                told.append(file.read().decode(errors="replace"))
        status = os.waitstatus_to_exitcode(ended)
        print(json.dumps([status, *told, faults.faults_counted()]), file=answers, flush=True)


def _become(faults: ctypes.CDLL, fault: list | None, arguments: list[str], output: int, complaints: int) -> None:
    import signal

    from nlpcli.__main__ import main

    signal.alarm(_SECONDS)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(complaints, 2)
    sys.argv = ["nlpcli", *arguments]
    faults.faults_arm(b"/", 0, ctypes.c_long(0), 0)
    if fault is not None:
        faults.faults_arm(fault[0].encode(), fault[1], ctypes.c_long(fault[2]), fault[3])
    try:
        main()
    finally:
        os._exit(99)


def _warm_up(task: str) -> None:
    """Import what the runs need; on one thread, because a pool of them does not survive a fork."""
    from nlpcli.__main__ import run

    if not task:
        import huggingface_hub.utils  # noqa: F401
        from huggingface_hub import HfApi, snapshot_download  # noqa: F401

        with tempfile.TemporaryFile() as nowhere:
            before = os.dup(1)
            os.dup2(nowhere.fileno(), 1)
            run(["models", "list"])
            os.dup2(before, 1)
            os.close(before)
        return
    from tests.tiny import save_classifier

    with tempfile.TemporaryDirectory() as folder:
        model = save_classifier(Path(folder) / "bert")
        for format_ in ("jsonl", "csv", "parquet", "npy"):
            run([task, "-m", str(model), "--threads", "1", "-F", format_, "-o", str(Path(folder) / "o"), "a"])


if __name__ == "__main__":
    serve(*sys.argv[1:])
