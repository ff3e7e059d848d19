"""The connection to Ray: a cluster that is there, or one of this machine that ends with the run."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from nlpcli.errors import ExtraMissing, NlpcliError, UsageError, quoted
from nlpcli.signals import put_away_if_killed

# A cluster of one run holds nothing in Ray's store of objects.
_STORE_BYTES = 80 << 20
_KNOCK_SECONDS = 10
# Addresses that stand for a cluster of this machine.
_WORDS = ("auto", "local")


class ClusterUnreachable(NlpcliError):
    """There is no cluster at the address."""


class Node(NamedTuple):
    """A machine of the cluster that is up, with what Ray may use of it."""

    id: str
    address: str
    cpus: float
    gpus: float


@contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Within, this process is a driver of the cluster; the module `ray`.

    Raises:
        ExtraMissing: Ray is not installed.
        ClusterUnreachable: nobody answers at `address`.
        UsageError: it is none.
    """
    # Nothing is sent to Ray's makers, and a worker without a GPU is told so in the same way by every version.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise ExtraMissing("--engine ray", "ray") from error
    for name in ("ray", "ray._private.worker"):
        logging.getLogger(name).setLevel(logging.ERROR)
    chosen = address or os.environ.get("RAY_ADDRESS") or "local"
    if chosen not in _WORDS:
        _knock(chosen)
    own = {"include_dashboard": False, "object_store_memory": _STORE_BYTES} if chosen == "local" else {}
    terminates = signal.getsignal(signal.SIGTERM)
    start = partial(ray.init, chosen, logging_level=logging.ERROR, log_to_driver=False, configure_logging=False, **own)
    with _Starter(start) as starter:
        try:
            starter.wait()
        except Exception as error:  # Ray raises that, and many others
            raise _unreachable(chosen, next(iter(str(error).splitlines()), type(error).__name__)) from error
        finally:
            _restore(terminates)
        try:
            with put_away_if_killed(ray.shutdown):
                yield ray
        finally:
            ray.shutdown()
            _restore(terminates)


class _Starter(threading.Thread):
    """Starts Ray in a thread of its own, which stays within the context.

    From the main thread Ray would answer SIGTERM itself, by an exit that nobody expects; and what it starts ends with
    the thread that started it. Ctrl-C waits for nothing.
    """

    def __init__(self, start: Callable[[], object]) -> None:
        super().__init__(name="nlpcli-ray", daemon=True)
        self._start_ray = start
        self._outcome: Future[None] = Future()
        self._over = threading.Event()

    def __enter__(self) -> _Starter:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def run(self) -> None:
        """As `threading.Thread.run`."""
        try:
            self._start_ray()
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
            self._outcome.set_exception(error)
            return
        self._outcome.set_result(None)
        self._over.wait()

    def wait(self) -> None:
        """Until Ray is there; raises what kept it from starting."""
        self._outcome.result()


def _knock(address: str) -> None:
    """Ray itself would go on trying for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        raise UsageError(f"--ray-address takes HOST:PORT of a cluster's head, or auto, not {quoted(address)}")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, str(error)) from error


def _unreachable(address: str, problem: str) -> ClusterUnreachable:
    if address == "local":
        return ClusterUnreachable(f"Ray does not start on this machine ({problem}); its logs lie in /tmp/ray")
    return ClusterUnreachable(
        f"no Ray cluster at {quoted(address)} ({problem}); start one with: ray start --head, or name it with"
        " --ray-address HOST:PORT"
    )


def _restore(terminates: Any) -> None:
    """Ray's native code answers SIGTERM by a list of what it was at; how a run ends is for nlpcli to say."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, terminates)


def nodes(ray: Any) -> list[Node]:
    """Those that are up and have processors to give."""
    found = [
        Node(
            each["NodeID"],
            each["NodeManagerAddress"],
            each["Resources"].get("CPU", 0.0),
            each["Resources"].get("GPU", 0.0),
        )
        for each in ray.nodes()
        if each["Alive"]
    ]
    return [node for node in found if node.cpus or node.gpus]
