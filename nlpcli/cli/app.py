"""The app over the table of commands, with settings from the environment and `config.toml` as defaults."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from copy import copy
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from nlpcli import __version__, settings
from nlpcli.cli.commands import COMMANDS
from nlpcli.cli.help import command_app, narrow_width, width_of_names
from nlpcli.cli.profile import Profile
from nlpcli.errors import NlpcliError

if TYPE_CHECKING:
    from nlpcli.cli.syntax import CommandSyntax
    from nlpcli.cli.vendored import Command, Context, HelpFormatter

COMPLETION_OPTIONS = frozenset({"--install-completion", "--show-completion"})
THIS_SHELL = "auto"


class LazyGroup(TyperGroup):
    """Knows every command by name and short help, and imports only the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]

    def make_context(self, *arguments: Any, **options: Any) -> Context:
        """With the width of a narrow terminal, which every command below takes over."""
        return super().make_context(*arguments, **{"terminal_width": narrow_width(), **options})

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """The shell of --install-completion and --show-completion may be left out: Typer knows no such options."""
        for place, word in enumerate(args):
            if not word.startswith("-"):
                break
            if word in COMPLETION_OPTIONS and (place + 1 == len(args) or args[place + 1].startswith("-")):
                args.insert(place + 1, THIS_SHELL)
        return super().parse_args(ctx, args)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """The command, its settings from the environment and `config.toml` in place."""
        if cmd_name not in COMMANDS:
            return None
        from nlpcli.cli.configured import commands_of, configured_defaults, load_command

        command = load_command(cmd_name)
        # Another group has no settings of its own, and serves to look at them where they are wrong.
        if ctx.resilient_parsing or (isinstance(command, TyperGroup) and not commands_of(command)):
            return command
        misspelled = settings.unknown_variables(_option_variables)
        problem: NlpcliError | None = None
        try:
            ctx.default_map = ctx.default_map or configured_defaults(ctx.params.get(settings.PROFILE), cmd_name)
        except NlpcliError as error:
            problem = error  # said when the command runs: its --help must show all the same
        return _checked(command, misspelled, problem) if misspelled or problem else command

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The options, and the list of commands, without importing any."""
        options = [record for option in self.get_params(ctx) if (record := option.get_help_record(ctx))]
        commands = [(name, command.summary) for name, command in COMMANDS.items()]
        for heading, rows in (("Options", options), ("Commands", commands)):
            with formatter.section(heading):
                formatter.write_dl(rows, col_max=width_of_names(formatter))


def _checked(command: Command, misspelled: Iterable[str], problem: NlpcliError | None) -> Command:
    """A command, or all below a task that is a group, behind what is wrong with the environment and `config.toml`."""
    checked = copy(command)
    if isinstance(checked, TyperGroup):
        checked.commands = {name: _checked(one, misspelled, problem) for name, one in checked.commands.items()}
    elif (run := command.callback) is not None:

        @wraps(run)
        def check_and_run(**values: Any) -> Any:
            if problem:
                raise problem
            if not values.get("quiet"):
                from nlpcli.cli.console import complain

                for message in misspelled:
                    complain(message)
            return run(**values)

        checked.callback = check_and_run
    return checked


def _option_variables() -> set[str]:
    """The variables of all options of all commands."""
    from nlpcli.cli.configured import names_of_options

    return {settings.environment_name(option) for name in COMMANDS for option in names_of_options(name)}


def _install_completion(shell: str | None) -> None:
    if shell is not None:
        from nlpcli.cli.completion.install import install

        raise typer.Exit(install(shell, app_syntax()))


def _show_completion(shell: str | None) -> None:
    if shell is not None:
        from nlpcli.cli.completion.install import show

        raise typer.Exit(show(shell, app_syntax()))


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"nlpcli {__version__}\n")
        raise typer.Exit


app = command_app(
    name="nlpcli",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback(epilog="Examples and details: nlpcli COMMAND --help")
def nlpcli(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version and exit."),
    ] = False,
    profile: Profile = None,
    install_completion: Annotated[
        str | None,
        typer.Option(
            metavar="[SHELL]",
            callback=_install_completion,
            is_eager=True,
            help="Set up Tab in your shell; asks before it changes a file.",
        ),
    ] = None,
    show_completion: Annotated[
        str | None,
        typer.Option(
            metavar="[SHELL]",
            callback=_show_completion,
            is_eager=True,
            help="Print the completion script of a shell: bash, zsh, fish or powershell.",
        ),
    ] = None,
) -> None:
    """The command-line Swiss-army knife for natural language.

    Records come from arguments, files or standard input; results go to standard output.
    """


def app_syntax() -> CommandSyntax:
    """The whole app as data. Imports the modules of all commands."""
    from nlpcli.cli.syntax import read_syntax

    return read_syntax(typer.main.get_command(app))
