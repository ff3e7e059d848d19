"""The script for zsh: an autoloaded function, or sourced after `compinit`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlpcli.cli.syntax import ArgumentSyntax, CommandSyntax, OptionSyntax, Values

_HEAD = r"""#compdef nlpcli
# zsh completion for nlpcli: nlpcli --show-completion zsh
# Written by nlpcli itself; install it as _nlpcli in a folder of $fpath, or source it behind compinit.

__nlpcli_ask() {
    # What nlpcli itself knows: models, devices, languages, fields, profiles.
    local -a lines
    lines=("${(@f)$(_NLPCLI_COMPLETE=$1 ${~nlpcli_command} "${words[@]}" 2>/dev/null)}")
    lines=("${(@)lines:#}")
    lines=("${(@)lines//\\/\\\\}")
    lines=("${(@)lines//:/\\:}")
    lines=("${(@)lines/$'\t'/:}")
    _describe -t "$1" "${2:-value}" lines
}

__nlpcli_anything() {
    # No message that says so: zsh would show it instead of completing an option.
    return 1
}

__nlpcli_text() {
    # Behind -i every word is a file.
    (( ${words[(I)(-i*|--input|--input=*)]} )) && _files
}

__nlpcli_model() {
    _alternative 'models:model: __nlpcli_ask models model' 'files:folder, .gguf file or word vectors:_files'
}
"""

_FOOT = r"""
if [[ $funcstack[1] == _nlpcli ]]; then
    _nlpcli "$@"
else
    compdef _nlpcli nlpcli
fi
"""
_ACTIONS = {
    Values.ANYTHING: " __nlpcli_anything",
    Values.FILES: "_files",
    Values.TEXTS: " __nlpcli_text",
    Values.MODELS: " __nlpcli_model",
    Values.CACHED_MODELS: " __nlpcli_ask cached model",
    Values.DEVICES: " __nlpcli_ask devices device",
    Values.LANGUAGES: " __nlpcli_ask languages language",
    Values.FIELDS: " __nlpcli_ask fields field",
    Values.PROFILES: " __nlpcli_ask profiles profile",
}


def script(app: CommandSyntax) -> str:
    """The script as text."""
    functions = [_group(command) if command.commands else _leaf(command) for command in app.walk()]
    return "".join([_HEAD, *functions, _FOOT])


def _function_name(command: CommandSyntax) -> str:
    return "_".join(["_nlpcli", *(word.replace("-", "_") for word in command.path)])


def _leaf(command: CommandSyntax) -> str:
    return _lines(
        f"{_function_name(command)}() {{",
        "    _arguments -s -S : \\",
        *(f"        {specification} \\" for specification in _specifications(command)),
        "        && return 0",
        "    return 1",
        "}",
    )


def _group(command: CommandSyntax) -> str:
    """A group finds its command, and hands the words behind it on."""
    described = [f"        {_quoted(f'{child.name}:{_colons(child.summary)}')}" for child in command.commands]
    branches = [f"                {child.name}) {_function_name(child)} && result=0 ;;" for child in command.commands]
    first = [] if command.path else ["    local nlpcli_command=$words[1]"]
    return _lines(
        f"{_function_name(command)}() {{",
        '    local curcontext="$curcontext" state state_descr line result=1',
        "    local -A opt_args",
        *first,
        "    local -a commands",
        "    commands=(",
        *described,
        "    )",
        "    _arguments -s -S -C : \\",
        *(f"        {specification} \\" for specification in _specifications(command)),
        "        '1:command:->command' \\",
        "        '*::argument:->argument' && result=0",
        "    case $state in",
        "        command) _describe -t commands command commands && result=0 ;;",
        "        argument)",
        '            curcontext="${curcontext%:*:*}:nlpcli-$words[1]:"',
        "            case $words[1] in",
        *branches,
        "            esac",
        "            ;;",
        "    esac",
        "    return result",
        "}",
    )


def _specifications(command: CommandSyntax) -> Iterator[str]:
    for option in command.options:
        yield from _option(option)
    for argument in command.arguments:
        place = "*" if argument.repeatable else "1"
        yield _quoted(f"{place}:{_colons(argument.metavar)}:{_action(argument)}")


def _option(option: OptionSyntax) -> Iterator[str]:
    explanation = f"[{_brackets(option.help)}]"
    value = f":{_colons(option.metavar)}:{_action(option)}" if option.takes_value else ""
    for flags in (option.flags, option.against):
        for flag in flags:
            others = " ".join([*option.flags, *option.against])
            start = "*" if option.repeatable else f"({others})"
            # In zsh's words: the value may follow at once, or as a word of its own.
            sign = "" if not option.takes_value else "=" if flag.startswith("--") else "+"
            yield _quoted(f"{start}{flag}{sign}{explanation}{value}")


def _action(values: OptionSyntax | ArgumentSyntax) -> str:
    if values.values is Values.CHOICES:
        return f"({' '.join(values.choices)})"
    return _ACTIONS[values.values]


def _brackets(text: str) -> str:
    return re.sub(r"([\\\[\]:])", r"\\\1", text)


def _colons(text: str) -> str:
    return re.sub(r"([\\:])", r"\\\1", text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", r"'\''") + "'"


def _lines(*lines: str) -> str:
    return "\n".join(["", *lines, ""])
