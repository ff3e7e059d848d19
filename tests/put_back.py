"""What a command line changes in the process that it runs in, put back for the tests that follow."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def put_back() -> Iterator[None]:
    """Within, commands may run in this process."""
    logger = logging.getLogger("nlpcli")
    handlers, propagates, level = logger.handlers, logger.propagate, logger.level
    terminates = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, terminates)
        logger.handlers, logger.propagate, logger.level = handlers, propagates, level
