"""The script for PowerShell 5 and 7."""

from __future__ import annotations

from collections.abc import Iterator

from nlpcli.cli.syntax import ArgumentSyntax, CommandSyntax, OptionSyntax, Values

_HEAD = """# PowerShell completion for nlpcli: nlpcli --show-completion powershell
# Written by nlpcli itself; dot-source it from $PROFILE.

Register-ArgumentCompleter -Native -CommandName nlpcli -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # Tables whose keys heed case: -v is not -V. Each line of a table's entry: what is typed, a tab, what it is.
    $commands = [System.Collections.Hashtable]::new()
    $options = [System.Collections.Hashtable]::new()
    # The kind of a value: FILES, a list of choices, or what nlpcli itself knows.
    $kinds = [System.Collections.Hashtable]::new()
    $arguments = [System.Collections.Hashtable]::new()
{tables}

    $words = @($commandAst.CommandElements |
        Where-Object {
            $end = $_.Extent.EndOffset
            $end -lt $cursorPosition -or ($end -eq $cursorPosition -and $wordToComplete -eq '')
        } |
        ForEach-Object { $_.Extent.Text })
    $path = ''
    $previous = ''
    foreach ($word in ($words | Select-Object -Skip 1)) {
        if ($previous -and $kinds.ContainsKey("$path $previous")) {
            $previous = ''
            continue
        }
        if (-not $word.StartsWith('-') -and $options.ContainsKey("$path $word")) { $path = "$path $word" }
        $previous = $word
    }

    $start = $wordToComplete -replace '^[''"]', ''
    $prefix = ''
    if ($previous -and $kinds.ContainsKey("$path $previous")) {
        $kind = $kinds["$path $previous"]
    } elseif ($start -match '^(--[^=]+)=(.*)$' -and $kinds.ContainsKey("$path $($Matches[1])")) {
        $kind = $kinds["$path $($Matches[1])"]
        $prefix = "$($Matches[1])="
        $start = $Matches[2] -replace '^[''"]', ''
    } elseif ($start.StartsWith('-')) {
        $kind = $options[$path]
    } elseif ($commands.ContainsKey($path)) {
        $kind = $commands[$path]
    } else {
        $kind = $arguments[$path]
    }

    # Without an answer PowerShell completes names of files by itself.
    if ($null -eq $kind -or $kind -eq 'FILES') { return }
    if ($kind -is [string]) {
        $saved = $Env:_NLPCLI_COMPLETE
        $Env:_NLPCLI_COMPLETE = $kind
        try {
            $rest = @($words | Select-Object -Skip 1)
            $kind = @(& $words[0] @rest 2>$null)
        } finally {
            $Env:_NLPCLI_COMPLETE = $saved
        }
    }
    foreach ($line in $kind) {
        $value, $description = $line -split "`t", 2
        if (-not $description) { $description = $value }
        if ($value -and $value.StartsWith($start)) {
            # Inside single quotes nothing is expanded.
            $text = $value
            if ($value -match '[^\\w./:+%-]') { $text = "'" + ($value -replace '[''\\u2018-\\u201b]', '$0$0') + "'" }
            [System.Management.Automation.CompletionResult]::new(
                "$prefix$text", $value, 'ParameterValue', $description)
        }
    }
}
"""


def script(app: CommandSyntax) -> str:
    """The script as text."""
    tables = "\n".join(line for command in app.walk() for line in _tables(command))
    return _HEAD.replace("{tables}", tables)


def _tables(command: CommandSyntax) -> Iterator[str]:
    key = "".join(f" {word}" for word in command.path)
    if command.commands:
        yield _entry("commands", key, [_line(child.name, child.summary) for child in command.commands])
    yield _entry("options", key, list(_flags(command)))
    for option in command.options:
        if option.takes_value:
            yield from (f"    $kinds[{_quoted(f'{key} {flag}')}] = {_kind(option)}" for flag in option.flags)
    if command.arguments and command.arguments[-1].values not in {Values.ANYTHING, Values.TEXTS}:
        yield f"    $arguments[{_quoted(key)}] = {_kind(command.arguments[-1])}"


def _entry(table: str, key: str, lines: list[str]) -> str:
    return "\n".join([f"    ${table}[{_quoted(key)}] = @(", *(f"        {line}" for line in lines), "    )"])


def _line(value: str, description: str) -> str:
    # A tab cannot be written in single quotes; `-f` puts it there.
    return f'("{{0}}`t{{1}}" -f {_quoted(value)}, {_quoted(description)})'


def _flags(command: CommandSyntax) -> Iterator[str]:
    for option in command.options:
        for flag in (*option.flags, *option.against):
            yield _line(flag, option.help)


def _kind(values: OptionSyntax | ArgumentSyntax) -> str:
    if values.values is Values.CHOICES:
        return f"@({', '.join(_quoted(choice) for choice in values.choices)})"
    if values.values is Values.ANYTHING:
        return "@()"
    return _quoted(values.values.value)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
