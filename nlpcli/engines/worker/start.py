"""How a worker comes to be, and how it goes: a process of its own that outlives the command."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress

import msgspec

from nlpcli.engines.job import ComputeSpec, Job, ModelSpec
from nlpcli.engines.worker import client, place
from nlpcli.engines.worker.identity import environment_of_worker
from nlpcli.errors import UsageError
from nlpcli.records.inputs import InputSpec
from nlpcli.tasks.registry import TASKS

DEFAULT_KEEP_ALIVE = "10m"
_SECONDS_TO_START = 60.0
_SECONDS_TO_END = 10.0
# The workers that this process has started. They outlive it, so nobody waits for them; a `Popen` that is forgotten
# while its process runs warns of that.
_left_behind: list[subprocess.Popen[bytes]] = []
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class _WarmUp(msgspec.Struct):
    """What a worker is to load at its start."""

    task: str
    options: msgspec.Raw
    model: ModelSpec
    compute: ComputeSpec


def seconds(text: str, option: str) -> float:
    """`10m`, `1h`, `90` or `forever` in seconds; 0 is for ever.

    Raises:
        UsageError: it is no time.
    """
    if text == "forever":
        return 0.0
    match = re.fullmatch(r"(\d{1,6})([smhd]?)", text)
    if not match or not int(match[1]):
        raise UsageError(f'{option} takes a time such as 90s, 10m or 1h, or forever, not "{text}"')
    return float(int(match[1]) * _UNITS[match[2]])


def spawn(keep_alive: str, memory: str | None = None, warm_up: bytes = b"") -> subprocess.Popen[bytes]:
    """Start a worker that goes on when this process and its terminal are gone."""
    # -P: no module is taken from the root of the file system, where on Windows anyone may put one.
    command = [sys.executable, "-P", "-m", "nlpcli", "serve", "run", "--keep-alive", keep_alive]
    command += ["--memory", memory] if memory else []
    environment = environment_of_worker(os.environ) | {"MALLOC_ARENA_MAX": "2", "PYTHONPATH": _python_path()}
    process = subprocess.Popen(
        [*command, "--warm-up"] if warm_up else command,
        stdin=subprocess.PIPE if warm_up else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=os.path.abspath(os.sep),  # noqa: PTH100 - a folder that stays
        env=environment,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "DETACHED_PROCESS", 0),
    )
    _left_behind.append(process)
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(warm_up)
    return process


def _python_path() -> str:
    """Modules are found as here: a path from this folder would not lead there from the worker's."""
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join(os.path.abspath(path) for path in paths if path)  # noqa: PTH100


def started(keep_alive: str = DEFAULT_KEEP_ALIVE, memory: str | None = None) -> client.Connection:
    """A connection to a worker that means the same as this process; one is started where none does.

    Raises:
        WorkerError: it does not come up.
    """
    if (connection := client.connect()) is not None:
        return connection
    if reason := client.reason_against():
        status = client.status()
        if status is not None and status.http:
            raise place.WorkerError(
                f"the worker answers {status.http}, and is not used here: {reason}; end it with: nlpcli serve stop"
            )
        stop()
    process = spawn(keep_alive, memory)
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end:
        if (connection := client.connect()) is not None:
            return connection
        if process.poll() not in (None, 0):
            raise place.WorkerError("the worker ended as it started; see why: nlpcli serve run")
        time.sleep(0.05)
    raise place.WorkerError(f"the worker is not up after {_SECONDS_TO_START:.0f} s; see why: nlpcli serve run")


def leave_behind(job: Job, keep_alive: str) -> None:
    """Start a worker that loads the model of `job`, and do not wait for it. One that means something else gives way."""
    seconds(keep_alive, "--keep-warm")
    if client.reason_against():
        client.retire()
    encoded = _WarmUp(job.task, msgspec.Raw(msgspec.msgpack.encode(job.options)), job.model, job.compute)
    spawn(keep_alive, warm_up=msgspec.msgpack.encode(encoded))


def read_warm_up(content: bytes) -> Job:
    """What `leave_behind` sends."""
    asked = msgspec.msgpack.decode(content, type=_WarmUp)
    options = msgspec.msgpack.decode(asked.options, type=TASKS[asked.task].load_module().OPTIONS)
    return Job(asked.task, options, InputSpec(), asked.model, asked.compute)


def stop() -> bool:
    """End the worker now; whether there was one.

    Raises:
        WorkerError: it does not end.
    """
    process = _process()
    if process is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
        # One that was suspended hears it only then.
        if hasattr(signal, "SIGCONT"):
            os.kill(process, signal.SIGCONT)
    end = time.monotonic() + _SECONDS_TO_END
    while time.monotonic() < end:
        if _is_gone(process):
            # One that this process has started is forgotten only once somebody has asked how it ended.
            _left_behind[:] = [each for each in _left_behind if each.poll() is None]
            return True
        time.sleep(0.02)
    raise place.WorkerError(f"the worker (process {process}) does not end; end it with: kill -9 {process}")


def _process() -> int | None:
    if place.IS_POSIX:
        return client.worker_process()
    status = client.status()
    return status.process if status else None


def _is_gone(process: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(process).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
