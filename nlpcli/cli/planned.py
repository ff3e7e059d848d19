"""Reading a command line without doing what it says."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any


class NotPlanned(Exception):
    """This command line can be read only where it was called."""


planned: ContextVar[Callable[[Any], int] | None] = ContextVar("planned", default=None)
"""What takes a plan (`run.Plan`) instead of carrying it out."""

replanned: ContextVar[Callable[[Any], int] | None] = ContextVar("replanned", default=None)
"""What carries out a plan in another way, where the command line is called again."""
