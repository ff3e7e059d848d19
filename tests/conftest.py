"""The command line as a user runs it: a process of its own."""

from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest

# As `nlpcli.__main__` does before torch is there (docs/decisions/0004): threads that wait by spinning cost a busy
# machine minutes of these tests.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# And so that what torch keeps for each shape of a batch does not grow from test to test.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
os.environ.setdefault("LRU_CACHE_CAPACITY", "64")
sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.warm_python import has_prepared, nlpcli_command

# Where Python is told to keep no bytecode, hundreds of processes would each compile nlpcli anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A script's shell has Ctrl-C and Ctrl-\ ignored in what it runs in the background, and `nohup` a hang-up, which every
# process that a test starts inherits.
signal.signal(signal.SIGINT, signal.default_int_handler)
for name in ("SIGQUIT", "SIGHUP"):
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.SIG_DFL)

# No worker of whoever runs the tests answers them, and theirs answers nobody else.
os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="nlpcli-tests-")

AWS = {
    "AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
}  # fmt: skip

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each process takes a file at a time, so that what the tests of a file share is made once; in their order, which
    has the longest in the beginning."""
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported for all tests stays until their end: whoever looks for garbage need not look there each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long in one file comes first, so that no process waits for it at the end."""
    items.sort(key=lambda item: item.path.parent.name != "training")


@pytest.fixture(scope="module", autouse=True)
def leaves_commands_prepared() -> Iterator[None]:
    """No test leaves an environment in which each command of the tests behind it is a process that starts anew."""
    yield
    assert has_prepared(os.environ)


@pytest.fixture(scope="session")
def nlpcli() -> Run:
    def run(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
        command = [*nlpcli_command(), *map(str, arguments)]
        return subprocess.run(
            command, input=stdin, capture_output=True, check=False, timeout=300, env={**os.environ, **environment}
        )

    return run


@pytest.fixture(scope="session")
def s3() -> Iterator[Any]:
    """S3 as moto plays it, in this process; gives its file system, with a bucket named `bucket`."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    from nlpcli.records.remote import stores
    from nlpcli.records.remote.address import Address

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in AWS.items():
            patch.setenv(name, value)
        patch.setenv("AWS_ENDPOINT_URL_S3", f"http://{host}:{port}")
        stores._store.cache_clear()
        files = stores.store_of(Address.of("s3://bucket"))._files  # type: ignore[attr-defined]
        files.mkdir("bucket")
        yield files
        stores._store.cache_clear()
        server.stop()


def out_of_reach(reason: str) -> NoReturn:
    """Skip, or fail in CI, where a suite without the starter models would prove little."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


@pytest.fixture(scope="session")
def pull_starter(nlpcli: Run) -> Callable[[str], str]:
    """Pulls a starter model for real, once: the folder. Out of reach of the index tests are skipped, in CI they fail."""

    @cache
    def pull(name: str) -> str:
        pulled = nlpcli("models", "pull", name)
        if pulled.returncode:
            out_of_reach(pulled.stderr.decode())
        return pulled.stdout.decode().strip()

    return pull


@pytest.fixture(scope="session")
def starter(pull_starter: Callable[[str], str]) -> str:
    """starter/minilm, pulled for real."""
    return pull_starter("starter/minilm")


@pytest.fixture(scope="session")
def en_pt(pull_starter: Callable[[str], str]) -> Path:
    """starter/en-pt, pulled for real."""
    return Path(pull_starter("starter/en-pt"))
