"""The script for bash, from 3.2 (macOS) on; it needs no package of completions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nlpcli.cli.syntax import ArgumentSyntax, CommandSyntax, OptionSyntax, Values

_HEAD = r"""# bash completion for nlpcli: nlpcli --show-completion bash
# Written by nlpcli itself; source it from ~/.bashrc, or install it as .../share/bash-completion/completions/nlpcli.

_nlpcli_words() {
    # bash ends a word at = and : too; here white space alone does.
    local index word line=$COMP_LINE
    words=()
    for ((index = 0; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if ((index > 0)) && [[ -n $word && $line != [[:space:]]* ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words[${#words[@]}]=$word
        fi
        line=${line#*"$word"}
    done
}

_nlpcli_offer() {
    # The words among $2... that begin with $1.
    local start=$1 word
    shift
    for word in "$@"; do
        if [[ $word == "$start"* ]]; then
            COMPREPLY[${#COMPREPLY[@]}]=$word
        fi
    done
}

_nlpcli_read() {
    # What $1 means, which is typed so far: into $typed, and into $quote the quote that is open at its start. Where
    # quotes stand in the middle, readline replaces another part than the whole, and nothing is offered.
    local place=0 character
    quote="" typed=""
    if [[ $1 == [\'\"]* ]]; then
        quote=${1:0:1} place=1
    fi
    for ((; place < ${#1}; place++)); do
        character=${1:place:1}
        if [[ $character == \\ && $quote != \' ]]; then
            place=$((place + 1))
            character=${1:place:1}
            if [[ $quote == \" && $character != [\\\"\$\`] ]]; then
                character=\\$character
            fi
        elif [[ $character == "$quote" ]] || [[ -z $quote && $character == [\'\"] ]]; then
            return 1
        fi
        typed+=$character
    done
}

_nlpcli_quote() {
    # $1 as it is typed within quotes $2, or without them: into $quoted. Readline does not double the quotes.
    local place character
    quoted=$2
    if [[ -z $2 ]]; then
        printf -v quoted %q "$1"
        return
    fi
    for ((place = 0; place < ${#1}; place++)); do
        character=${1:place:1}
        case $2$character in
            "''") quoted+="'\\''" ;;
            '"!') quoted+='"\!"' ;;
            '"\' | '""' | '"$' | '"`') quoted+=\\$character ;;
            *) quoted+=$character ;;
        esac
    done
    quoted+=$2
}

_nlpcli_offer_lines() {
    # Those of the lines $2 that begin with what $1 means, without what stands behind a tab, as they are to be typed.
    local quote typed quoted line
    _nlpcli_read "$1" || return
    while IFS= read -r line; do
        line=${line%%$'\t'*}
        if [[ -n $line && $line == "$typed"* ]]; then
            _nlpcli_quote "$line" "$quote"
            COMPREPLY[${#COMPREPLY[@]}]=$quoted
        fi
    done <<< "$2"
}

_nlpcli_files() {
    # compopt is missing in bash 3.2.
    if type compopt &>/dev/null; then
        compopt -o default -o filenames
    else
        local quote typed
        _nlpcli_read "$1" && _nlpcli_offer_lines "$1" "$(compgen -f -- "$typed")"
    fi
}

_nlpcli_ask() {
    # What nlpcli itself knows: models, devices, languages, fields, profiles.
    _nlpcli_offer_lines "$2" "$(_NLPCLI_COMPLETE=$1 "${words[@]}" 2>/dev/null)"
}

_nlpcli_value() {
    # The values of kind $1 that begin with $2.
    case $1 in
        ANYTHING) ;;
        FILES) _nlpcli_files "$2" ;;
        TEXTS)
            if [[ -n $reads ]]; then
                _nlpcli_files "$2"
            fi
            ;;
        models)
            _nlpcli_ask models "$2"
            if ((${#COMPREPLY[@]} == 0)); then
                _nlpcli_files "$2"
            fi
            ;;
        CHOICES:*)
            local IFS=,
            _nlpcli_offer "$2" ${1#CHOICES:}
            ;;
        *) _nlpcli_ask "$1" "$2" ;;
    esac
    if [[ $2 != [\'\"]* ]]; then
        _nlpcli_behind_break "$2"
    fi
}

_nlpcli_behind_break() {
    # What stands before the last colon or the like in $1 is a word of its own to bash, and stays as it is.
    local index before=$1 whole=("${COMPREPLY[@]}")
    while [[ -n $before && ($before != *[:=@] || $COMP_WORDBREAKS != *"${before: -1}"*) ]]; do
        before=${before%?}
    done
    COMPREPLY=()
    for ((index = 0; index < ${#whole[@]}; index++)); do
        if [[ ${whole[index]} == "$before"* ]]; then
            COMPREPLY[${#COMPREPLY[@]}]=${whole[index]#"$before"}
        fi
    done
}
"""

_MAIN = r"""
_nlpcli() {
    local words=() path="" kind="" index word last current ended="" reads=""
    COMPREPLY=()
    _nlpcli_words
    words[0]=${words[0]/#\~/$HOME}
    last=$((${#words[@]} - 1))
    current=${words[last]}
    for ((index = 1; index < last; index++)); do
        word=${words[index]}
        if [[ $word == -- ]]; then
            ended=yes
            break
        elif [[ $word == -?* ]]; then
            if [[ $word == -i* || $word == --input || $word == --input=* ]]; then
                reads=yes
            fi
            _nlpcli_kind "$path" "$word"
            if [[ -n $kind ]]; then
                index=$((index + 1))
            fi
        elif _nlpcli_is_command "$path $word"; then
            path="$path $word"
        fi
    done
    kind=""
    if [[ -z $ended ]]; then
        if ((last > 1)); then
            _nlpcli_kind "$path" "${words[last - 1]}"
            if [[ -n $kind ]]; then
                _nlpcli_value "$kind" "$current"
                return
            fi
        fi
        if [[ $current == --*=* ]]; then
            _nlpcli_kind "$path" "${current%%=*}"
            _nlpcli_value "${kind:-ANYTHING}" "${current#*=}"
            return
        elif [[ $current == -* ]]; then
            _nlpcli_options "$path"
            return
        fi
    fi
    _nlpcli_arguments "$path"
}

complete -F _nlpcli nlpcli
"""


def script(app: CommandSyntax) -> str:
    """The script as text."""
    commands = list(app.walk())
    return "".join(
        [
            _HEAD,
            _function("_nlpcli_is_command", "The words behind nlpcli.", '"$1"', _command_cases(commands), "return 1"),
            _function("_nlpcli_kind", "What the value of option $2 is.", '"$1 $2"', _kind_cases(commands), 'kind=""'),
            _function("_nlpcli_options", "The options of $1.", '"$1"', _option_cases(commands)),
            _function("_nlpcli_arguments", "Commands and arguments.", '"$1"', _argument_cases(commands)),
            _MAIN,
        ]
    )


def _function(name: str, comment: str, subject: str, cases: Iterable[str], otherwise: str = "") -> str:
    lines = [f"        {case} ;;" for case in cases]
    lines += [f"        *) {otherwise} ;;"] if otherwise else []
    return "\n".join(["", f"{name}() {{", f"    # {comment}", f"    case {subject} in", *lines, "    esac", "}", ""])


def _key(command: CommandSyntax) -> str:
    return "".join(f" {word}" for word in command.path)


def _command_cases(commands: Iterable[CommandSyntax]) -> Iterator[str]:
    names = " | ".join(f'"{_key(command)}"' for command in commands if command.path)
    yield f"{names}) return 0"


def _kind_cases(commands: Iterable[CommandSyntax]) -> Iterator[str]:
    for command in commands:
        for option in command.options:
            if option.takes_value:
                flags = " | ".join(f'"{_key(command)} {flag}"' for flag in option.flags)
                yield f"{flags}) kind={_kind(option)}"


def _kind(values: OptionSyntax | ArgumentSyntax) -> str:
    if values.values is Values.CHOICES:
        return f"CHOICES:{','.join(values.choices)}"
    return values.values.value


def _option_cases(commands: Iterable[CommandSyntax]) -> Iterator[str]:
    for command in commands:
        flags = " ".join(flag for option in command.options for flag in (*option.flags, *option.against))
        yield f'"{_key(command)}") _nlpcli_offer "$current" {flags}'


def _argument_cases(commands: Iterable[CommandSyntax]) -> Iterator[str]:
    for command in commands:
        if command.commands:
            names = " ".join(child.name for child in command.commands)
            yield f'"{_key(command)}") _nlpcli_offer "$current" {names}'
        elif command.arguments and command.arguments[-1].values is not Values.ANYTHING:
            yield f'"{_key(command)}") _nlpcli_value {_kind(command.arguments[-1])} "$current"'
