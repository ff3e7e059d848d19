"""A command and the worker: a call that the worker reads and computes, and what a call leaves behind for the next.

A warm call imports neither torch nor Typer. The worker reads its command line with the code that would read it here,
and answers with the plan; files are read and written here, so only records cross the socket.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nlpcli.cli.console import voice
from nlpcli.cli.engine import InWorker, SealedOptions
from nlpcli.cli.plan import Plan, View
from nlpcli.cli.planned import task_of
from nlpcli.cli.run import carry_out, needs_arrays
from nlpcli.engines.job import Job
from nlpcli.engines.worker import place
from nlpcli.records.inputs import input_files
from nlpcli.settings import SERVER

if TYPE_CHECKING:
    from nlpcli.engines.worker.client import Connection
    from nlpcli.engines.worker.messages import Planned

_OFF = frozenset({"0", "false", "f", "no", "n", "off"})


def answered_by_worker(arguments: list[str]) -> int | None:
    """The exit status of a command line that the worker has read; None where it has to be read here."""
    connection = _connection(arguments)
    if connection is None:
        return None
    from nlpcli.engines.worker.client import plan

    with connection:
        planned = plan(connection, arguments)
        if planned is None:
            return None
        voice.tracebacks = planned.verbose
        opened = _plan_of(planned)
        # A line that names files is not read there: what there is to read are texts, or standard input.
        files = [] if opened.job.input.texts else input_files(opened.job.input)
        return carry_out(opened, InWorker(connection, not needs_arrays(opened, files)))


def _connection(arguments: list[str]) -> Connection | None:
    if task_of(arguments) is None or os.environ.get(SERVER, "").lower() in _OFF or "--no-server" in arguments:
        return None
    if not os.path.exists(place.address()):  # noqa: PTH110 - the way of every call that no worker answers
        return None
    from nlpcli.engines.worker.identity import sets_options

    if sets_options(os.environ) or not all(map(_is_text, arguments)):
        return None
    from nlpcli.engines.worker.client import connect

    return connect()


def _is_text(argument: str) -> bool:
    """Whether it has no bytes that are not UTF-8."""
    return argument.isascii() or not any(0xD800 <= ord(character) <= 0xDFFF for character in argument)


def _plan_of(planned: Planned) -> Plan:
    options = SealedOptions(planned.fields, bytes(planned.options))
    job = Job(planned.task, options, planned.input, planned.model, planned.compute, planned.on_error, planned.output)
    view = View(_function(planned.render), _function(planned.draw), planned.own_rows, planned.of_all)
    return Plan(
        job,
        view,
        kept_back=planned.kept_back,
        streamed=planned.streamed,
        quiet=planned.quiet,
        verbose=planned.verbose,
        progress=planned.progress,
    )


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def name_of(function: Callable[..., Any]) -> str | None:
    """The name by which another process finds a function; None where it has none."""
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", ".")
    return f"{module}:{name}" if name.isidentifier() and module.startswith("nlpcli.") else None
