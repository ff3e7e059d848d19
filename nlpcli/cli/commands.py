"""The one table of commands. A command's module is imported when it is called."""

from __future__ import annotations

from typing import NamedTuple

from nlpcli.tasks.registry import TASKS


class CommandSpec(NamedTuple):
    """A command: the module with its Typer app, and its line in `nlpcli --help`."""

    module: str
    summary: str


COMMANDS: dict[str, CommandSpec] = {
    **{name: CommandSpec(task.command, task.summary) for name, task in TASKS.items()},
    "jobs": CommandSpec("nlpcli.cli.jobs", "Show, join and remove batch jobs that --resume and --shard keep."),
    "models": CommandSpec("nlpcli.cli.models", "List, fetch, remove and check the models on this machine."),
    "serve": CommandSpec("nlpcli.cli.serve", "Keep models loaded, so that the next call answers at once."),
    "config": CommandSpec("nlpcli.cli.config", "Show every setting and where it comes from."),
    "bench": CommandSpec(
        "nlpcli.cli.bench", "Measure the fastest settings of a model on this machine, for `auto` to use."
    ),
    "devices": CommandSpec("nlpcli.cli.devices", "Show which device and dtype `auto` picks here, and why."),
}
