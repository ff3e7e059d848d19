"""What the words of a command mean where Typer alone would not do: files behind -i, empty values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from nlpcli.cli.help import format_options
from nlpcli.cli.vendored import (
    BadOptionUsage,
    HelpFormatter,
    NoSuchOption,
    OptionParser,
    ParameterSource,
    ParserOption,
    ParsingState,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nlpcli.cli.vendored import Context

INPUT = "--input"
# Of -i and -o: the standard stream.
STANDARD = "-"
_HOW_TO_READ = ("input_format", "field", "delimiter", "quote", "no_header", "per")
# An empty text is a text, and a column can have an empty name; elsewhere "" is a variable that was not set.
_MAY_BE_EMPTY = frozenset({"TEXT", "NAME|TEXT"})


def matched(names: list[str]) -> list[str]:
    """The names behind -i; a pattern that no shell expanded (quoted, or on Windows) as what it matches, sorted.

    A file of that very name goes before what its name would match. What matches nothing stays, to be missed by name.
    """
    return [path for name in names for path in _matches(name) or [name]]


def _matches(name: str) -> list[str]:
    if not set("*?[") & set(name) or "://" in name or os.path.lexists(name):
        return []
    from glob import glob

    return sorted(glob(os.path.expanduser(name), recursive=True))  # noqa: PTH111, PTH207 - names stay as they are written


class TaskCommand(TyperCommand):
    """A command with -i: what stands behind it is a file, up to the next option; behind `--` everything is."""

    def make_parser(self, ctx: Context) -> OptionParser:
        parser = _FilesParser(ctx)
        for parameter in self.get_params(ctx):
            parameter.add_to_parser(parser, ctx)
        parser.arguments_before = sum(parameter.required for parameter in self.params)
        return parser

    def invoke(self, ctx: Context) -> Any:
        _refuse_idle(ctx)
        return super().invoke(ctx)

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        format_options(self, ctx, formatter)


def _refuse_idle(ctx: Context) -> None:
    """Refuse an option on the command line that says how to read what is not there: texts are given as they are."""
    texts = ctx.params.get("texts") or [STANDARD]
    if STANDARD in texts or ctx.params.get("input"):
        return
    for name in _HOW_TO_READ:
        if ctx.params.get(name) is not None and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = f"--{name.replace('_', '-')}"
            raise BadOptionUsage(
                option, f'{option} is for files and pipes, and "{texts[0]}" is a text; leave one of them out', ctx
            )


class _FilesParser(OptionParser):
    arguments_before = 0
    """How many arguments the command needs, whether -i is given or not."""

    def _process_args_for_options(self, state: ParsingState) -> None:
        while state.rargs:
            word = state.rargs.pop(0)
            if word == "--":
                break
            if len(word) > 1 and word[:1] in self._opt_prefixes:
                self._option(word, state)
            else:
                self._place(word, state)
        if self._files(state) is not None:
            while state.rargs:
                self._place(state.rargs.pop(0), state)

    def _option(self, word: str, state: ParsingState) -> None:
        try:
            self._process_opts(word, state)
        except BadOptionUsage as error:
            error.ctx = error.ctx or self.ctx
            raise
        except NoSuchOption as error:
            if not os.path.lexists(word):
                raise
            raise BadOptionUsage(
                word, f'"{word}" is read as an option; the file of that name is ./{word}, or stands behind --'
            ) from error

    def _place(self, word: str, state: ParsingState) -> None:
        files = self._files(state)
        if files is None or len(state.largs) < self.arguments_before:
            state.largs.append(word)
        else:
            files.append(word)

    def _files(self, state: ParsingState) -> list[str] | None:
        """The files of -i so far; None where it was not given."""
        files: list[str] | None = state.opts.get(self._long_opt[INPUT].dest or "")
        return files

    def _get_value_from_state(self, option_name: str, option: ParserOption, state: ParsingState) -> str | Sequence[str]:
        if INPUT not in option._long_opts:
            value = super()._get_value_from_state(option_name, option, state)
            return _not_empty(option_name, option, value)
        if state.rargs[:1] == ["--"] and len(state.rargs) > 1:
            # What stands behind it is no option, however it begins; the loop has to know.
            state.rargs[:2] = [state.rargs[1], "--"]
            return state.rargs.pop(0)
        return _path(option_name, super()._get_value_from_state(option_name, option, state))


def _path(option_name: str, value: str | Sequence[str]) -> str:
    path = str(value)
    if path.startswith("=") and len(option_name) == 2 and not os.path.lexists(path):
        path = path[1:]
    if not path:
        raise BadOptionUsage(option_name, f'{option_name} "" names no file; a variable of the shell may be empty')
    if path.startswith("-") and path != "-" and not os.path.lexists(path):
        raise BadOptionUsage(
            option_name, f'{option_name} needs a file behind it, not "{path}"; a file of such a name is ./{path}'
        )
    return path


def _not_empty(option_name: str, option: ParserOption, value: str | Sequence[str]) -> str | Sequence[str]:
    if value == "" and option.obj.metavar not in _MAY_BE_EMPTY and option.dest != "field":
        raise BadOptionUsage(option_name, f'{option_name} "" is empty; a variable of the shell may be, or leave it out')
    return value
