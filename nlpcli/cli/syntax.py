"""The command line as data: every command with its options and arguments, as Typer has them.

Completion scripts and manual pages are written from it, so that a new command or option is in them by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from typer.core import TyperArgument, TyperGroup, TyperOption

from nlpcli.cli.commands import COMMANDS
from nlpcli.cli.help import heading_of
from nlpcli.records.formats import INPUT_FORMATS
from nlpcli.runtime.device import DTYPES, QUANTIZATIONS

if TYPE_CHECKING:
    from nlpcli.cli.vendored import Command, Context

SHELLS = ("bash", "zsh", "fish", "powershell")


class Values(StrEnum):
    """Where the possible values of an option or argument come from; those in lower case are asked for at each Tab."""

    ANYTHING = "ANYTHING"
    CHOICES = "CHOICES"
    FILES = "FILES"
    TEXTS = "TEXTS"
    """Files behind -i, and else anything."""
    MODELS = "models"
    CACHED_MODELS = "cached"
    DEVICES = "devices"
    LANGUAGES = "languages"
    FIELDS = "fields"
    PROFILES = "profiles"


@dataclass(frozen=True, slots=True)
class OptionSyntax:
    """`flags` as they are typed, `against` those that say the opposite; `metavar` is empty where no value follows.

    `details` are what `--help` adds in brackets: the default and the range of a number; `heading` as in `--help`.
    """

    name: str
    flags: tuple[str, ...]
    against: tuple[str, ...]
    help: str
    details: str
    metavar: str
    values: Values
    choices: tuple[str, ...]
    repeatable: bool
    heading: str

    @property
    def takes_value(self) -> bool:
        return bool(self.metavar)


@dataclass(frozen=True, slots=True)
class ArgumentSyntax:
    """What stands behind the options; `metavar` without the brackets of the usage line."""

    metavar: str
    help: str
    values: Values
    choices: tuple[str, ...]
    required: bool
    repeatable: bool


@dataclass(frozen=True, slots=True)
class CommandSyntax:
    """`path` are the words behind `nlpcli`; a group has `commands`; `summary` is one line, `description` the whole."""

    path: tuple[str, ...]
    summary: str
    description: str
    epilog: str
    options: tuple[OptionSyntax, ...]
    arguments: tuple[ArgumentSyntax, ...]
    commands: tuple[CommandSyntax, ...]

    @property
    def name(self) -> str:
        return self.path[-1] if self.path else "nlpcli"

    def walk(self) -> Iterator[CommandSyntax]:
        """This command and all below it."""
        yield self
        for command in self.commands:
            yield from command.walk()


_VALUES_BY_METAVAR = {
    "PATH": Values.FILES,
    "PATH...": Values.FILES,
    "FILE": Values.FILES,
    "LANG": Values.LANGUAGES,
    "DEVICE": Values.DEVICES,
}
_VALUES_BY_OPTION = {"model": Values.MODELS, "field": Values.FIELDS, "profile": Values.PROFILES}
_VALUES_BY_ARGUMENT: dict[tuple[str, ...], Values] = {
    ("models", "pull"): Values.MODELS,
    ("models", "path"): Values.CACHED_MODELS,
    ("models", "rm"): Values.CACHED_MODELS,
    ("models", "verify"): Values.CACHED_MODELS,
}
# Values of options that take more than these, or whose type does not tell.
_SUGGESTIONS = {
    "dtype": ("auto", *DTYPES, *QUANTIZATIONS),
    "batch_tokens": ("auto",),
    "input_format": INPUT_FORMATS,
    "encoding": ("utf-8", "utf-16", "gb18030", "big5", "shift_jis", "latin-1", "cp1252"),
    "install_completion": SHELLS,
    "show_completion": SHELLS,
}


def read_syntax(root: Command) -> CommandSyntax:
    """A command and all below it; of the app itself, imports the modules of all commands."""
    return _command(root, (), None)


def _command(command: Command, path: tuple[str, ...], parent: Context | None) -> CommandSyntax:
    with command.make_context(path[-1] if path else "nlpcli", [], parent, resilient_parsing=True) as ctx:
        parameters = [parameter for parameter in command.get_params(ctx) if not getattr(parameter, "hidden", False)]
        description = _plain(command.help)
        return CommandSyntax(
            path=path,
            summary=COMMANDS[path[0]].summary if len(path) == 1 else description.partition("\n\n")[0],
            description=description,
            epilog=_plain(command.epilog),
            options=tuple(_option(p, ctx) for p in parameters if isinstance(p, TyperOption)),
            arguments=tuple(_argument(p, path) for p in parameters if isinstance(p, TyperArgument)),
            commands=tuple(_subcommands(command, path, ctx)),
        )


def _subcommands(command: Command, path: tuple[str, ...], ctx: Context) -> Iterator[CommandSyntax]:
    if isinstance(command, TyperGroup):
        for name in command.list_commands(ctx):
            subcommand = command.get_command(ctx, name)
            if subcommand is not None and not subcommand.hidden:
                yield _command(subcommand, (*path, name), ctx)


def _option(parameter: TyperOption, ctx: Context) -> OptionSyntax:
    help_ = _plain(parameter.help)
    _, shown = parameter.get_help_record(ctx) or ("", "")
    values, choices = _values(parameter, _VALUES_BY_OPTION.get(parameter.name, Values.ANYTHING))
    return OptionSyntax(
        name=parameter.name,
        # Click keeps those of --help in a set, whose order is never the same.
        flags=tuple(sorted(parameter.opts, key=lambda flag: flag.startswith("--"))),
        against=tuple(parameter.secondary_opts),
        help=help_,
        details=_plain(shown).removeprefix(help_).strip(" []"),
        metavar="" if parameter.is_flag or parameter.count else parameter.display_type_rich(ctx=ctx) or "VALUE",
        values=values,
        choices=choices,
        repeatable=parameter.multiple,
        heading=heading_of(parameter.name),
    )


def _argument(parameter: TyperArgument, path: tuple[str, ...]) -> ArgumentSyntax:
    otherwise = Values.TEXTS if parameter.name == "texts" else Values.ANYTHING
    values, choices = _values(parameter, _VALUES_BY_ARGUMENT.get(path, otherwise))
    return ArgumentSyntax(
        metavar=(parameter.metavar or parameter.name.upper()).strip("[].…"),
        help=_plain(parameter.help),
        values=values,
        choices=choices,
        required=parameter.required,
        repeatable=parameter.nargs == -1,
    )


def _values(parameter: TyperArgument | TyperOption, otherwise: Values) -> tuple[Values, tuple[str, ...]]:
    of_type = parameter.type_descriptor.choices
    choices = tuple(str(getattr(choice, "value", choice)) for choice in of_type or ())
    choices = choices or _SUGGESTIONS.get(parameter.name, ())
    if parameter.metavar == "COMMAND":
        choices = tuple(COMMANDS)
    if choices:
        return Values.CHOICES, choices
    return _VALUES_BY_METAVAR.get(parameter.metavar or "", otherwise), ()


def _plain(text: str | None) -> str:
    """Paragraphs without Click's mark for what must not be wrapped."""
    return (text or "").replace("\b\n", "").strip()
