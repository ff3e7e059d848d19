"""`python -m nlpcli` in processes that need not import torch: forks of one that has imported what nlpcli uses of others.

A fork has the arguments, environment, folder and descriptors of the command, and imports nlpcli and the libraries of
the hub anew, because they read the environment as they are imported. It is no proof of what a fresh process imports or
of how fast it starts; those are started with `-X importtime`.

`nlpcli_command` is a small client (`warm_client.py`) that asks the server of this test process for a fork. As a
program (`python -m tests.warm_python SOCKET`) this is the server; it ends when its standard input does.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NoReturn, TextIO

from tests.warm_client import of_a_start

ROOT = Path(__file__).parents[1]
CLIENT = Path(__file__).with_name("warm_client.py")
# As the tests begin: a test may change it before it is the first that needs a fork.
_ENVIRONMENT = {**os.environ}
# They read the environment as they are imported, or whether they are imported is looked at.
_FRESH = frozenset(
    {"nlpcli", "transformers", "huggingface_hub", "hf_xet", "accelerate", "peft", "matplotlib", "__main__"}
)
# What a task imports before it loads a model.
_TASK = [
    "nlpcli.cli.models",
    "nlpcli.cli.embed",
    "nlpcli.tasks.embed",
    "nlpcli.models.encoders",
    "nlpcli.models.loading",
    "nlpcli.engines.local",
    "nlpcli.engines.worker.remote_run",
    "transformers",
    "huggingface_hub.utils",
    "pyarrow.parquet",
    "rich.console",
]


@cache
def nlpcli_command(*wrapper: str) -> list[str]:
    """What stands for `python -m nlpcli`; the server is started once for a test process, and ends with it.

    `wrapper`: a command that runs the server, and so all of its forks, otherwise.
    """
    fresh = [*wrapper, sys.executable, "-m", "nlpcli"]
    if not hasattr(os, "fork"):
        return fresh
    address = str(Path(tempfile.mkdtemp(prefix="nlpcli-tests-")) / "warm.sock")
    prepared = {"environment": of_a_start(_ENVIRONMENT), "otherwise": fresh}
    Path(f"{address}.json").write_text(json.dumps(prepared))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        server = subprocess.Popen(
            [*wrapper, sys.executable, "-m", "tests.warm_python", str(listening.fileno())],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=[listening.fileno()], cwd=ROOT,
            env=_ENVIRONMENT,
        )  # fmt: skip
    atexit.register(_end, server)
    return [sys.executable, "-I", "-S", str(CLIENT), address]


def has_prepared(environment: Mapping[str, str]) -> bool:
    """Whether a command with this environment is a fork; otherwise it is a fresh process."""
    return of_a_start(environment) == of_a_start(_ENVIRONMENT)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.stdin.close()
    server.wait(30)


def serve(listening: socket.socket) -> None:
    """A fork for each connection, until standard input ends."""
    import gc
    import select

    for name in _imported_by_a_task():
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([listening, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            _answer(connection)
        connection.close()


def _imported_by_a_task() -> list[str]:
    """The modules of others, in their order; found out in a fork, which imports nlpcli too."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        for name in _TASK:
            importlib.import_module(name)
        names = [name for name in list(sys.modules) if name.partition(".")[0] not in _FRESH]
        with open(writing, "w") as file:  # noqa: PTH123
            json.dump(names, file)
        os._exit(0)
    os.close(writing)
    with open(reading) as file:  # noqa: PTH123
        names = json.load(file)
    os.wait()
    return names


def _answer(connection: socket.socket) -> NoReturn:
    """Forks the run, says its process, and then how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    content, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 64)
    while not content.endswith(b"\n"):
        content += connection.recv(1 << 20)
    run = os.fork()
    if run == 0:
        connection.close()
        _become(json.loads(content), descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    os.closerange(0, 3)
    with suppress(OSError):
        connection.send(b"%d\n" % run)
        _, ended = os.waitpid(run, 0)
        connection.send(b"%d\n" % os.waitstatus_to_exitcode(ended))
    os._exit(0)


def _become(request: dict, descriptors: list[int]) -> NoReturn:
    import fcntl

    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 256) for descriptor in descriptors]
    os.closerange(0, 256)
    for number, descriptor in zip(request["descriptors"], high, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["folder"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    # As `python -m` has it.
    sys.argv = ["nlpcli", *request["arguments"]]
    paths = request["environment"].get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:1] = [request["folder"], *(path for path in paths if path and path not in sys.path[1:])]
    tempfile.tempdir = None
    sys.stdin, sys.stdout, sys.stderr = map(_stream, range(3), "rww")
    try:
        runpy.run_module("nlpcli", run_name="__main__", alter_sys=True)
    except BaseException:  # noqa: BLE001 - a fork must not go on as the server
        import traceback

        traceback.print_exc()
    os._exit(99)


def _stream(number: int, mode: str) -> TextIO | None:
    """A standard stream; None, as in a fresh process, where it is closed."""
    try:
        return open(number, mode, closefd=False)
    except OSError:
        return None


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
