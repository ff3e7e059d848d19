"""`--help` under headings: the task's own options first, then those that tasks share, by what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.core import TyperArgument

if TYPE_CHECKING:
    from nlpcli.cli.vendored import Command, Context, HelpFormatter

OWN = "Options"
# Heading → the options that tasks share.
SHARED = {
    "Input": ("input", "input_format", "field", "delimiter", "quote", "no_header", "per", "null", "encoding"),
    "Output": ("output", "format", "on_error"),
    "Model": ("model", "revision", "device", "dtype", "offline"),
    "Running": ("batch_tokens", "threads", "seed", "profile", "progress", "quiet", "verbose", "help"),
}
_HEADINGS = {option: heading for heading, options in SHARED.items() for option in options}


def heading_of(option: str) -> str:
    """The heading that an option of a task stands under."""
    return _HEADINGS.get(option, OWN)


def format_options(command: Command, ctx: Context, formatter: HelpFormatter) -> None:
    """Arguments, then the options of each heading."""
    rows: dict[str, list[tuple[str, str]]] = {"Arguments": [], OWN: [], **{heading: [] for heading in SHARED}}
    for parameter in command.get_params(ctx):
        if record := parameter.get_help_record(ctx):
            heading = "Arguments" if isinstance(parameter, TyperArgument) else heading_of(parameter.name or "")
            rows[heading].append(record)
    for heading, records in rows.items():
        if records:
            with formatter.section(heading):
                formatter.write_dl(records)
