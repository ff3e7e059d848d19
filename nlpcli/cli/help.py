"""Typer applications whose `--help` is plain text, under headings: the task's own options first, then those that tasks
share, by what they are about."""

from __future__ import annotations

from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperArgument

if TYPE_CHECKING:
    from nlpcli.cli.vendored import Command, Context, HelpFormatter

OWN = "Options"
# Columns of option names, and the width from which on these stand beside their texts.
_NAMES, _NARROW = 30, 50
# Heading → the options that tasks share.
SHARED = {
    "Input": ("input", "input_format", "field", "delimiter", "quote", "no_header", "per", "null", "encoding"),
    "Output": ("output", "format", "on_error"),
    "Jobs": (
        "resume",
        "update",
        "retry_errors",
        "shard",
        "engine",
        "ray_address",
        "max_errors",
        "dedupe",
        "cache",
        "summary",
    ),
    "Model": ("model", "revision", "device", "dtype", "offline"),
    "Running": (
        "batch_tokens",
        "threads",
        "seed",
        "exact",
        "profile",
        "server",
        "keep_warm",
        "progress",
        "quiet",
        "verbose",
        "help",
    ),
}
_HEADINGS = {option: heading for heading, options in SHARED.items() for option in options}


def command_app(**settings: Any) -> typer.Typer:
    """A Typer application as every command has it: plain help by -h and --help, and no completion of Typer's own.

    Help without Rich, which takes as long to import as everything else together and reads badly in a pipe.
    """
    return typer.Typer(
        rich_markup_mode=None,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        **settings,
    )


def narrow_width() -> int | None:
    """The width of a terminal that is narrower than Click's help would be; None: as Click has it."""
    columns = get_terminal_size().columns
    return max(columns - 2, 10) if 0 < columns < _NARROW + 2 else None


def width_of_names(formatter: HelpFormatter) -> int:
    """How wide the column of names may be; a longer name has a line of its own."""
    return _NAMES if formatter.width >= _NARROW else formatter.width // 4


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
                formatter.write_dl(records, col_max=width_of_names(formatter))
