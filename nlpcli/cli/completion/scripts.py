"""The completion script of each shell, as text: commands and options stand in it, values are asked for at a Tab."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nlpcli.cli.completion import bash, fish, powershell, zsh
from nlpcli.cli.syntax import CommandSyntax


class ShellScript(NamedTuple):
    """`file` is the name that the shell, or its package of completions, looks for."""

    file: str
    write: Callable[[CommandSyntax], str]


SCRIPTS = {
    "bash": ShellScript("nlpcli.bash", bash.script),
    "zsh": ShellScript("_nlpcli", zsh.script),
    "fish": ShellScript("nlpcli.fish", fish.script),
    "powershell": ShellScript("nlpcli.ps1", powershell.script),
}


def completion_script(shell: str, app: CommandSyntax) -> str:
    """The script of a shell of `SCRIPTS`."""
    return SCRIPTS[shell].write(app)
