"""A command as the environment and `config.toml` set it up; no other command is imported for it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup, TyperOption

from nlpcli import settings
from nlpcli.cli.commands import COMMANDS
from nlpcli.cli.option_names import option_names
from nlpcli.errors import UsageError
from nlpcli.tasks.registry import TASKS

if TYPE_CHECKING:
    from nlpcli.cli.vendored import Command


@cache
def load_command(name: str) -> Command:
    """The Typer command of that name, made once: nobody changes it.

    Every option also reads `NLPCLI_<OPTION>`, and every flag has its opposite, which stands over that and config.toml.
    """
    module = import_module(COMMANDS[name].module)
    command = typer.main.get_command(module.app)
    command.name = name
    for parameter in _parameters(command):
        if isinstance(parameter, TyperOption) and parameter.name:
            parameter.envvar = parameter.envvar or settings.environment_name(setting_name(parameter))
            parameter.show_envvar = False
            # A variable is one value, spaces and all; Click would split it. No variable can hold a NUL.
            parameter.envvar_list_splitter = "\0"  # type: ignore[misc]
    _add_opposites(command)
    return command


def commands_of(command: Command) -> dict[str, Command]:
    """The commands below a group that is a task, which have its settings; other groups have none."""
    return dict(command.commands) if isinstance(command, TyperGroup) and command.name in TASKS else {}


def _parameters(command: Command) -> list[Any]:
    """Those of a command, or of all below a task that is a group."""
    below = commands_of(command).values()
    return [parameter for one in below for parameter in one.params] if below else list(command.params)


def setting_name(option: TyperOption) -> str:
    """An option's name in `config.toml`: `map` of `--map`, whatever Python has to call it."""
    return _long_flag(option).removeprefix("--").replace("-", "_")


def _long_flag(option: TyperOption) -> str:
    return next(flag for flag in option.opts if flag.startswith("--"))


def options_by_name(command: Command) -> dict[str, TyperOption]:
    """The options of a command by their names as settings; of several of that name below a group the first."""
    found: dict[str, TyperOption] = {}
    for parameter in _parameters(command):
        if isinstance(parameter, TyperOption) and parameter.name:
            found.setdefault(setting_name(parameter), parameter)
    return found


def _add_opposites(command: Command) -> None:
    for parameter in command.params:
        if isinstance(parameter, TyperOption) and parameter.is_bool_flag and parameter.name != "help":
            parameter.secondary_opts = parameter.secondary_opts or [_opposite(_long_flag(parameter))]
            # Off, unless its help says otherwise.
            parameter.show_default = False
    for subcommand in command.commands.values() if isinstance(command, TyperGroup) else ():
        _add_opposites(subcommand)


def _opposite(flag: str) -> str:
    name = flag.removeprefix("--")
    return f"--{name.removeprefix('no-')}" if name.startswith("no-") else f"--no-{name}"


def configured(profile: str | None, commands: Iterable[str]) -> dict[str, dict[str, settings.Setting]]:
    """What `config.toml` says for some commands, by the names of their options; only these are imported.

    Raises:
        UsageError: the file is wrong, for whatever command, or a value is none that its option takes.
    """
    if profile is None and not settings.has_config():
        return {name: {} for name in commands}
    found = settings.read_config({name: names_of_options(name) for name in COMMANDS}, profile)
    return {name: _fitting(load_command(name), found[name]) for name in commands}


def _fitting(command: Command, chosen: dict[str, settings.Setting]) -> dict[str, settings.Setting]:
    """Settings with the types of their options: TOML's own would go another way, such as true for a number.

    Raises:
        UsageError: a value is of a type that its option does not take.
    """
    options = options_by_name(command)
    fitting = {}
    for name, setting in chosen.items():
        value, flag, multiple = setting.value, options[name].is_flag, options[name].multiple
        if multiple and isinstance(value, str):
            value = [value]
        if isinstance(value, bool) != flag and not (flag and isinstance(value, str)):
            wanted = "true or false" if flag else "a value"
            raise UsageError(f"{name} in {setting.origin} takes {wanted}, not {str(value).lower()}")
        if isinstance(value, list) and not multiple:
            raise UsageError(f"{name} in {setting.origin} takes one value, not a list")
        fitting[name] = setting._replace(value=value)
    return fitting


def configured_defaults(profile: str | None, command: str) -> dict[str, dict[str, Any]]:
    """`configured` as Click's map of defaults."""
    found = configured(profile, [command])[command]
    if not found:
        return {command: {}}
    loaded = load_command(command)
    options = options_by_name(loaded)
    chosen = {str(options[name].name): setting.value for name, setting in found.items()}
    return {command: {name: dict(chosen) for name in commands_of(loaded)} or chosen}


def names_of_options(command: str) -> set[str]:
    """The names that `config.toml` may use for a command. Imports only one that is not of nlpcli itself."""
    return option_names(command, options_of)


def options_of(command: str) -> set[str]:
    """`names_of_options`, as the command itself has them."""
    return set(options_by_name(load_command(command))) - {"help", settings.PROFILE}
