"""Runs of nlpcli on descriptors of any kind, without importing torch for each: forks of one process that has.

As a program (`python -m tests.forked SOCKET`) it takes requests from a socket: arguments as JSON, with three descriptors.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Runs:
    """`start` begins a run; `status` waits for the exit status of the last one."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def start(self, arguments: Sequence[str], descriptors: Sequence[int | None], most_bytes: int | None = None) -> None:
        """None is a closed descriptor; `most_bytes` is the size that files may have."""
        given = [descriptor for descriptor in descriptors if descriptor is not None]
        request = {
            "arguments": list(arguments),
            "closed": [descriptor is None for descriptor in descriptors],
            "most_bytes": most_bytes,
        }
        socket.send_fds(self._connection, [json.dumps(request).encode()], given)

    def status(self) -> int:
        return json.loads(self._connection.recv(100))


@contextmanager
def forking_runs() -> Iterator[Runs]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.forked", str(theirs.fileno())]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with ours, subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment) as server:
        theirs.close()
        yield Runs(ours)
        ours.close()
        server.wait(30)


def serve(connection: socket.socket) -> None:
    """A child for each request, until the other side is closed."""
    _warm_up()
    while True:
        content, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 3)
        if not content:
            return
        child = os.fork()
        if child == 0:
            connection.close()
            _become(json.loads(content), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        _, ended = os.waitpid(child, 0)
        connection.send(json.dumps(os.waitstatus_to_exitcode(ended)).encode())


def _warm_up() -> None:
    """A run that imports what all of them import; on one thread, because a pool of them does not survive a fork."""
    import tempfile

    from nlpcli.__main__ import run
    from tests.tiny import save_classifier

    with tempfile.TemporaryDirectory() as folder:
        model = save_classifier(os.path.join(folder, "bert"), "bert")  # noqa: PTH118
        for format_ in ("jsonl", "parquet", "npy"):
            run(["embed", "-m", str(model), "--threads", "1", "-F", format_, "-o", os.path.join(folder, "o"), "a"])  # noqa: PTH118


def _become(request: dict, descriptors: list[int]) -> None:
    from nlpcli.__main__ import main

    high = [os.dup2(descriptor, 50 + number) for number, descriptor in enumerate(descriptors)]
    for number, closed in enumerate(request["closed"]):
        if closed:
            os.close(number)
        else:
            os.dup2(high.pop(0), number)
    os.closerange(3, 60)
    if request["most_bytes"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["most_bytes"],) * 2)
    sys.argv = ["nlpcli", *request["arguments"]]
    try:
        main()
    except BaseException:  # noqa: BLE001 - a fork must not go on as the server
        import traceback

        traceback.print_exc()
        os._exit(99)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
