"""`nlpcli embed` in this process: importing torch once instead of once per test."""

from __future__ import annotations

import io
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest


class Done(NamedTuple):
    """What a run left behind."""

    status: int
    output: bytes
    complaints: bytes


Call = Callable[..., Done]


@pytest.fixture
def call(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Runs a command line; what a run changes in the process is put back."""
    from nlpcli.__main__ import run

    def run_command(*arguments: str | Path, stdin: bytes = b"") -> Done:
        with io.TextIOWrapper(io.BytesIO(stdin)) as standard_input:
            monkeypatch.setattr(sys, "stdin", standard_input)
            status = run([*map(str, arguments)])
        return Done(status, *capsysbinary.readouterr())

    logger = logging.getLogger("nlpcli")
    handlers, propagates, level = logger.handlers, logger.propagate, logger.level
    terminates = signal.getsignal(signal.SIGTERM)
    yield run_command
    signal.signal(signal.SIGTERM, terminates)
    logger.handlers, logger.propagate, logger.level = handlers, propagates, level


@pytest.fixture
def embed(starter: str, call: Call) -> Call:
    return partial(call, "embed")


@pytest.fixture
def sentiment(starter: str, call: Call) -> Call:
    return partial(call, "sentiment")


@pytest.fixture
def quick_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """`nlpcli bench` in runs of a few texts: that it runs, not how fast the machine is."""
    from nlpcli.engines import bench

    monkeypatch.setattr(bench, "SECONDS", 0.01)
    monkeypatch.setattr(bench, "REPEATS", 1)
    monkeypatch.setattr(bench, "MOST_TEXTS", 20)
