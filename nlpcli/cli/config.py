"""`nlpcli config show|path`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperOption

from nlpcli import settings
from nlpcli.cli.commands import COMMANDS
from nlpcli.cli.configured import configured, load_command, options_by_name, options_of
from nlpcli.cli.console import say
from nlpcli.cli.help import command_app
from nlpcli.errors import UsageError
from nlpcli.models.catalog import catalog
from nlpcli.models.catalog_file import user_file
from nlpcli.records.json_text import encode_json
from nlpcli.runtime.bench_results import file as measurements_file
from nlpcli.runtime.bench_results import measurements

app = command_app(
    no_args_is_help=True,
    help="Show every setting and where it comes from: the environment, a profile, config.toml or the default.",
)

EXAMPLES = """
\b
Examples:
  nlpcli config show
  nlpcli config show embed
  NLPCLI_DEVICE=cpu nlpcli config show --json embed
"""
DEFAULT = "default"
# The options that `auto` finds in what nlpcli bench measured.
MEASURED = ("batch_tokens", "dtype", "threads")


class Row(NamedTuple):
    """A setting as it is now; `command` is empty where it is the same for every command that has the option."""

    command: str
    option: str
    value: Any
    origin: str


@app.command(epilog=EXAMPLES)
def show(
    command: Annotated[
        str | None, typer.Argument(metavar="COMMAND", help="Only the settings of this command. Default: all.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", envvar="NLPCLI_PROFILE", show_envvar=False, help="As if --profile NAME were given."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Print each setting, its value, and where it comes from; then the files and folders that are used.

    A flag on the command line stands over all of them. A value that is the same for every command that has the option
    is printed once.
    """
    if command is not None and command not in COMMANDS:
        settings.refuse_unknown([command], COMMANDS, "nlpcli, as the name of a command")
    rows = _settings(profile)
    rows = [row for row in rows if row.command == command] if command else _merged(rows)
    if command and not rows:
        raise UsageError(f"{command} has no settings; see: nlpcli {command} --help")
    rows += _places()
    if json:
        say(encode_json([row._asdict() for row in rows]).decode() + "\n")
    else:
        say("".join(f"{_key(row)}\t{_shown(row.value)}\t{row.origin}\n" for row in rows))


@app.command()
def path() -> None:
    """Print where config.toml is, or would be."""
    say(f"{settings.config_file()}\n")


def _settings(profile: str | None) -> list[Row]:
    """Every option of every command, in the order of `--help`."""
    of_file = configured(profile, COMMANDS)
    return [row for name in COMMANDS for row in _of_command(name, of_file[name])]


def _of_command(name: str, of_file: dict[str, settings.Setting]) -> Iterator[Row]:
    known = options_of(name)
    for key, option in options_by_name(load_command(name)).items():
        if key in known:
            yield Row(name, key, *_current(name, key, option, of_file))


def _current(command: str, key: str, option: TyperOption, of_file: dict[str, settings.Setting]) -> settings.Setting:
    """The value that a run without the flag would have."""
    variable = str(option.envvar)
    if from_environment := os.environ.get(variable):
        return settings.Setting(from_environment, variable)
    if key in of_file:
        return of_file[key]
    if key in MEASURED and (measured := _measured(command, key, of_file)):
        return settings.Setting("auto", f"{DEFAULT}; nlpcli bench measured {measured}")
    if key == "model" and command in catalog().defaults:
        return settings.Setting(catalog().defaults[command], "catalogue")
    default = option.default
    return settings.Setting(default.value if isinstance(default, Enum) else default, DEFAULT)


def _measured(command: str, option: str, of_file: dict[str, settings.Setting]) -> str:
    """What `auto` is for the model that the command would take; empty where nobody measured."""
    model = os.environ.get("NLPCLI_MODEL") or (of_file["model"].value if "model" in of_file else None)
    model = model or catalog().defaults.get(command)
    found = [m for m in measurements() if (m.task, m.model) == (command, model)]
    return ", ".join(f"{getattr(measurement, option)} on {measurement.device}" for measurement in found)


def _merged(rows: list[Row]) -> list[Row]:
    """One row for an option that several commands have alike, at its first place."""
    by_option: dict[str, list[Row]] = {}
    for row in rows:
        by_option.setdefault(row.option, []).append(row)
    merged: list[Row] = []
    for same in by_option.values():
        alike = len(same) > 1 and len({(repr(row.value), row.origin) for row in same}) == 1
        merged += [same[0]._replace(command="")] if alike else same
    return sorted(merged, key=lambda row: row.command)


def _places() -> list[Row]:
    """The files and folders that are no options."""
    config = _origin("NLPCLI_CONFIG")
    return [
        Row("", "config file", str(settings.config_file()), config),
        Row("", "catalogue file", str(user_file()), config),
        Row("", "measurements file", str(measurements_file()), _origin("NLPCLI_CACHE_DIR")),
        Row("", "cache folder", str(settings.cache_folder()), _origin("NLPCLI_CACHE_DIR")),
    ]


def _origin(variable: str) -> str:
    return variable if os.environ.get(variable) else DEFAULT


def _key(row: Row) -> str:
    return f"{row.command}.{row.option}" if row.command else row.option


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
