"""A terminal for commands in this process: standard output and error are one, and what was shown is known."""

from __future__ import annotations

import os
import pty
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from nlpcli.streams import STDERR, STDOUT, open_standard_streams


@contextmanager
def terminal(shown: list[bytes]) -> Iterator[None]:
    """Within, both streams are a terminal's; after that `shown` has what they were told."""
    master, slave = pty.openpty()
    reader = threading.Thread(target=_read, args=(master, shown), daemon=True)
    reader.start()
    before, kept = (sys.stdin, sys.stdout, sys.stderr), [os.dup(STDOUT), os.dup(STDERR)]
    for descriptor in (STDOUT, STDERR):
        os.dup2(slave, descriptor)
    os.close(slave)
    open_standard_streams()
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdin, sys.stdout, sys.stderr = before
        for descriptor, own in zip((STDOUT, STDERR), kept, strict=True):
            os.dup2(own, descriptor)
            os.close(own)
        reader.join(10)
        os.close(master)


def _read(master: int, shown: list[bytes]) -> None:
    with suppress(OSError):  # Linux says so that nobody writes any more
        while data := os.read(master, 65_536):
            shown.append(data)
