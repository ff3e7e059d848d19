"""Reading a command line without doing what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from nlpcli.tasks.registry import TASKS


class NotPlanned(Exception):
    """This command line can be read only where it was called."""


planned: ContextVar[Callable[[Any], int] | None] = ContextVar("planned", default=None)
"""What takes a plan (`plan.Plan`) instead of carrying it out."""

replanned: ContextVar[Callable[[Any], int] | None] = ContextVar("replanned", default=None)
"""What carries out a plan in another way, where the command line is called again."""


def task_of(arguments: Sequence[str]) -> str | None:
    """The task whose command a line calls; None for a command that does more than to plan, such as `models rm`."""
    words = list(arguments)
    if words[:1] == ["--profile"]:
        del words[:2]
    elif words and words[0].startswith("--profile="):
        del words[0]
    return words[0] if words and words[0] in TASKS else None
