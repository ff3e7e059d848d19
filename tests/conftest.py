"""The command line as a user runs it: a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# As `nlpcli.__main__` does before torch is there (docs/decisions/0004): threads that wait by spinning cost a busy
# machine minutes of these tests.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# A script's shell has Ctrl-C ignored in what it runs in the background, which every process that a test starts inherits.
signal.signal(signal.SIGINT, signal.default_int_handler)

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture(scope="session")
def nlpcli() -> Run:
    def run(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "nlpcli", *map(str, arguments)]
        return subprocess.run(
            command, input=stdin, capture_output=True, check=False, timeout=300, env={**os.environ, **environment}
        )

    return run


@pytest.fixture(scope="session")
def starter(nlpcli: Run) -> str:
    """starter/minilm, pulled for real; the reason is said where the index is out of reach."""
    pulled = nlpcli("models", "pull", "starter/minilm")
    if pulled.returncode:
        pytest.skip(pulled.stderr.decode())
    return pulled.stdout.decode().strip()


@pytest.fixture(scope="session")
def en_pt(nlpcli: Run) -> Path:
    """starter/en-pt, pulled for real; the reason is said where the index is out of reach."""
    pulled = nlpcli("models", "pull", "starter/en-pt")
    if pulled.returncode:
        pytest.skip(pulled.stderr.decode())
    return Path(pulled.stdout.decode().strip())
