"""The script for fish, from 3.0 on."""

from __future__ import annotations

from collections.abc import Iterator

from nlpcli.cli.syntax import ArgumentSyntax, CommandSyntax, OptionSyntax, Values

_HEAD = """# fish completion for nlpcli: nlpcli --show-completion fish
# Written by nlpcli itself; install it as nlpcli.fish in a folder of $fish_complete_path.

function __nlpcli_at --description 'Whether the words so far name this command, and no command below it'
    set -l words (commandline -opc)
    set -l path
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case {value_options}
                set -e words[1]
            case '-*'
            case '*'
                if not contains -- "$path $words[1]" {commands}
                    break
                end
                set path "$path $words[1]"
        end
        set -e words[1]
    end
    test "$path" = "$argv[1]"
end

function __nlpcli_reads --description 'Whether -i stands before: every word behind it is a file'
    string match -qr -- '^(-i.*|--input(=.*)?)$' (commandline -opc)
end

function __nlpcli_ask --description 'What nlpcli itself knows: models, devices, languages, fields, profiles'
    set -l words (commandline -opc)
    set -l command (string replace -r '^~' $HOME -- $words[1])
    set -e words[1]
    # fish inserts a tilde as it is, and would take it for a home.
    env _NLPCLI_COMPLETE=$argv[1] $command $words 2>/dev/null | string match -v '~*'
end

complete -c nlpcli -f
"""


def script(app: CommandSyntax) -> str:
    """The script as text."""
    commands = list(app.walk())
    value_options = [flag for option in app.options if option.takes_value for flag in option.flags]
    paths = [_quoted(_key(command)) for command in commands if command.path]
    head = _HEAD.replace("{value_options}", " ".join(value_options)).replace("{commands}", " ".join(paths))
    return head + "".join(f"{line}\n" for command in commands for line in _lines(command))


def _key(command: CommandSyntax) -> str:
    return "".join(f" {word}" for word in command.path)


def _lines(command: CommandSyntax) -> Iterator[str]:
    start = f'complete -c nlpcli -n "__nlpcli_at {_quoted(_key(command))}"'
    yield ""
    for child in command.commands:
        yield f"{start} -a {child.name} -d {_quoted(child.summary)}"
    for argument in command.arguments:
        if argument.values is Values.TEXTS:
            yield f'complete -c nlpcli -n "__nlpcli_at {_quoted(_key(command))}; and __nlpcli_reads" -F'
        elif values := _values(argument):
            yield f"{start} {values}"
    for option in command.options:
        value = f" {_value(option)}" if option.takes_value else ""
        yield f"{start} {_names(option.flags)} -d {_quoted(option.help)}{value}"
        if option.against:
            yield f"{start} {_names(option.against)} -d {_quoted(option.help)}"


def _names(flags: tuple[str, ...]) -> str:
    """`-s m -l model`"""
    return " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in flags)


def _value(option: OptionSyntax) -> str:
    values = _values(option)
    takes_files = option.values in {Values.FILES, Values.MODELS}
    return " ".join(["-r -F" if takes_files else "-x", *([values] if values else [])])


def _values(values: OptionSyntax | ArgumentSyntax) -> str:
    if values.values is Values.CHOICES:
        return f"-a {_quoted(' '.join(values.choices))}"
    if values.values in {Values.ANYTHING, Values.FILES}:
        return ""
    return f"-a '(__nlpcli_ask {values.values.value})'"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
