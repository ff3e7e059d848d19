"""`nlpcli embed` in this process: importing torch once instead of once per test."""

from __future__ import annotations

import io
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest


class Done(NamedTuple):
    """What a run left behind."""

    status: int
    output: bytes
    complaints: bytes


Embed = Callable[..., Done]


@pytest.fixture
def embed(starter: str, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Embed]:
    from nlpcli.__main__ import run

    def run_embed(*arguments: str | Path, stdin: bytes = b"") -> Done:
        with io.TextIOWrapper(io.BytesIO(stdin)) as standard_input:
            monkeypatch.setattr(sys, "stdin", standard_input)
            status = run(["embed", *map(str, arguments)])
        return Done(status, *capsysbinary.readouterr())

    logger = logging.getLogger("nlpcli")
    handlers, propagates, level = logger.handlers, logger.propagate, logger.level
    terminates = signal.getsignal(signal.SIGTERM)
    yield run_embed
    signal.signal(signal.SIGTERM, terminates)
    logger.handlers, logger.propagate, logger.level = handlers, propagates, level
