"""The one door to the copy of Click inside Typer, which Typer (0.29) exports only in part.

`tests/cli/test_vendored.py` says when a name moves.
"""

from typer._click import Command, Context, HelpFormatter
from typer._click.core import ParameterSource
from typer._click.exceptions import BadOptionUsage, ClickException, NoArgsIsHelpError, NoSuchOption
from typer._click.parser import _Option as ParserOption
from typer._click.parser import _OptionParser as OptionParser
from typer._click.parser import _ParsingState as ParsingState

__all__ = [
    "BadOptionUsage",
    "ClickException",
    "Command",
    "Context",
    "HelpFormatter",
    "NoArgsIsHelpError",
    "NoSuchOption",
    "OptionParser",
    "ParameterSource",
    "ParserOption",
    "ParsingState",
]
