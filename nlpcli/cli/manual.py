"""Manual pages out of the texts of `--help`: `nlpcli.1`, and `nlpcli-COMMAND.1` for each command.

The pages are man(7), in ASCII with escapes, so that every roff reads them whatever the locale.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from nlpcli import __version__
from nlpcli.cli.app import app_syntax
from nlpcli.cli.help import OWN, SHARED
from nlpcli.cli.syntax import ArgumentSyntax, CommandSyntax, OptionSyntax

# Of the last change that a reader would notice; a page that bore the day of its making would never be the same.
DATE = "2026-11-27"
_WIDTH = 72

_ENVIRONMENT = {
    "NLPCLI_OPTION": "Sets an option of a task: NLPCLI_BATCH_TOKENS is --batch-tokens.",
    "NLPCLI_PROFILE": "The profile of config.toml that is used.",
    "NLPCLI_CONFIG": "Another configuration file than the one below FILES.",
    "NLPCLI_CACHE_DIR": "Another folder for the models of the starter set.",
    "HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE": "What they mean to huggingface_hub.",
    "NO_COLOR, FORCE_COLOR": "Never, or always, draw in colour.",
    "CUDA_VISIBLE_DEVICES": "Which CUDA devices there are.",
}
_FILES = {
    "~/.config/nlpcli/config.toml": "Settings: keys at the top, tables of commands, profiles.",
    "~/.config/nlpcli/catalog.toml": "Models of your own, and other defaults, over the catalogue of nlpcli.",
    "~/.cache/nlpcli/": "The models of the starter set, and what nlpcli bench measured.",
    "~/.cache/huggingface/hub/": "The models of the hub, shared with every other program that uses it.",
}
_STATUS = {
    "0": "Every record was processed.",
    "1": "The run failed; one line on standard error says what, and what to do.",
    "2": "Wrong usage.",
    "3": "The run ended, some records failed; each says why.",
    "130": "Interrupted.",
    "141": "The reader went away, as in: nlpcli ... | head",
}


def pages() -> dict[str, str]:
    """Name of the file → page."""
    app = app_syntax()
    names = [f"nlpcli-{command.name}" for command in app.commands]
    written = {"nlpcli.1": _page(app, names)}
    for command in app.commands:
        written[f"nlpcli-{command.name}.1"] = _page(command, ["nlpcli", *names])
    return written


def _page(command: CommandSyntax, names: list[str]) -> str:
    name = "-".join(["nlpcli", *command.path])
    lines = [
        '.\\" Written by nlpcli out of the texts of --help; change those.',
        f'.TH {name.upper()} 1 {DATE} "nlpcli {__version__}" "User Commands"',
        ".SH NAME",
        f"{_escaped(name)} \\- {_escaped(command.summary.rstrip('.'))}",
        ".SH SYNOPSIS",
        *_synopsis(command),
        ".SH DESCRIPTION",
        *_paragraphs(command.description),
        *_arguments(command.arguments),
        ".SH OPTIONS",
        *_options(command.options),
        *_commands(command),
        *_table("ENVIRONMENT", _ENVIRONMENT, bold=True),
        *_table("FILES", _FILES, bold=False),
        *_table("EXIT STATUS", _STATUS, bold=True),
        *_examples(command),
        ".SH SEE ALSO",
        *_see_also([other for other in names if other != name]),
    ]
    return "\n".join(_short(line) for line in lines) + "\n"


def _synopsis(command: CommandSyntax) -> Iterator[str]:
    words = ["\\fBnlpcli\\fR", *(f"\\fB{_escaped(word)}\\fR" for word in command.path), "[\\fIOPTIONS\\fR]"]
    if command.commands:
        words.append("\\fICOMMAND\\fR [\\fIARGS\\fR]...")
    for argument in command.arguments:
        name = f"\\fI{_escaped(argument.metavar)}\\fR" + ("..." if argument.repeatable else "")
        words.append(name if argument.required else f"[{name}]")
    yield " ".join(words)


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ".PP"
        yield from _filled(paragraph)


def _arguments(arguments: Iterable[ArgumentSyntax]) -> Iterator[str]:
    for argument in arguments:
        yield ".TP"
        yield f"\\fI{_escaped(argument.metavar)}\\fR"
        yield from _filled(argument.help or "See above.")


def _options(options: Sequence[OptionSyntax]) -> Iterator[str]:
    """Options under their headings; those of the command itself come first, and need none."""
    by_heading = {heading: [option for option in options if option.heading == heading] for heading in (OWN, *SHARED)}
    several = sum(map(bool, by_heading.values())) > 2
    for heading, members in by_heading.items():
        if several and members and heading != OWN:
            yield f".SS {heading}"
        yield from _list(members)


def _list(options: Iterable[OptionSyntax]) -> Iterator[str]:
    for option in options:
        names = ", ".join(f"\\fB{_escaped(flag)}\\fR" for flag in (*option.flags, *option.against))
        value = f" \\fI{_escaped(option.metavar)}\\fR" if option.takes_value else ""
        details = f" ({option.details})" if option.details else ""
        yield ".TP"
        yield names + value
        yield from _filled(option.help + details)


def _commands(command: CommandSyntax) -> Iterator[str]:
    if not command.commands:
        return
    yield ".SH COMMANDS"
    for child in command.commands:
        if not command.path:
            yield ".TP"
            yield f"\\fB{_escaped(child.name)}\\fR"
            yield from _filled(child.summary)
            continue
        yield f".SS {_escaped(child.name)}"
        yield from _synopsis(child)
        yield ".PP"
        yield from _paragraphs(child.description)
        yield from _arguments(child.arguments)
        yield from _options(child.options)


def _examples(command: CommandSyntax) -> Iterator[str]:
    found = [line for part in command.walk() for line in _example_lines(part.epilog)] if command.path else []
    if found:
        yield ".SH EXAMPLES"
        yield ".EX"
        yield from (_guarded(_escaped(line)) for line in found)
        yield ".EE"


def _example_lines(epilog: str) -> Iterator[str]:
    _, heading, examples = epilog.partition("Examples:\n")
    if heading:
        yield from textwrap.dedent(examples).strip().splitlines()


def _table(title: str, rows: dict[str, str], bold: bool) -> Iterator[str]:
    yield f".SH {title}"
    font = "B" if bold else "I"
    for name, text in rows.items():
        yield ".TP"
        yield f"\\f{font}{_escaped(name)}\\fR"
        yield from _filled(text)


def _see_also(names: list[str]) -> Iterator[str]:
    for name in names:
        yield f".BR {_escaped(name)} (1)" + ("," if name != names[-1] else "")


def _filled(text: str) -> Iterator[str]:
    """Text in short lines, with what stands in back quotes in bold; the reader fills it anew."""
    for line in textwrap.wrap(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False):
        yield _guarded(re.sub(r"`([^`]+)`", r"\\fB\1\\fR", _escaped(line)))


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("^", "\\(ha")
    escaped = escaped.replace("~", "\\(ti")
    return re.sub(r"[^\x00-\x7f]", lambda match: f"\\[u{ord(match[0]):04X}]", escaped)


def _guarded(line: str) -> str:
    """A text line that begins like a request is none."""
    return f"\\&{line}" if line.startswith((".", "'")) else line


def _short(line: str) -> str:
    """Long lines go on behind an escaped end of line, which roff takes out again."""
    parts = []
    while len(line) > _WIDTH and (cut := line.rfind(" ", 0, _WIDTH)) > 0 and not line.startswith("."):
        parts.append(line[: cut + 1])
        line = line[cut + 1 :]
    return "\\\n".join([*parts, line])
