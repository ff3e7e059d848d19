"""Tab in real shells, on a pseudo-terminal."""

import csv
import shutil
import subprocess

import pytest

from .conftest import COMPLETIONS
from .shells import PROMPT

# What is typed before Tab, and the line that it becomes.
COMPLETED = {
    "nlpcli em": "nlpcli embed ",
    "nlpcli models pr": "nlpcli models prune ",
    "nlpcli embed --prec": "nlpcli embed --precision",
    "nlpcli embed A.text --prec": "nlpcli embed A.text --precision",
    "nlpcli sentiment embed --lab": "nlpcli sentiment embed --labels",
    "nlpcli embed --precision b": "nlpcli embed --precision binary",
    "nlpcli embed --precision=b": "nlpcli embed --precision=binary",
    "nlpcli embed -F pa": "nlpcli embed -F parquet",
    "nlpcli embed -i rev": "nlpcli embed -i reviews.csv",
    "nlpcli embed -i reviews.csv --field rev": "nlpcli embed -i reviews.csv --field review ",
    "nlpcli embed --input=reviews.csv --field 评": "nlpcli embed --input=reviews.csv --field 评论",
    "nlpcli embed -i 'a b.jsonl' --field ti": "nlpcli embed -i 'a b.jsonl' --field title",
    "nlpcli embed -m own": "nlpcli embed -m owner/tiny",
    "nlpcli models rm own": "nlpcli models rm owner/tiny",
    "nlpcli devices --device c": "nlpcli devices --device cpu",
    "nlpcli --profile g": "nlpcli --profile gpu",
    "nlpcli --profile gpu em": "nlpcli --profile gpu embed",
}
# What is typed before Tab, and what is offered with which description.
DESCRIBED = {
    "nlpcli mod": ("nlpcli models ", ""),
    "nlpcli ": ("models", "List, fetch, remove and check the models on this machine."),
    "nlpcli embed --pro": ("--progress", "Show what is going on."),
    "nlpcli models rm ": ("starter/minilm", "sentence-transformers/all-MiniLM-L6-v2"),
}


def shown_after(shell, keys, wanted):
    shell.press(f"{keys}\t")
    shown = shell.read_until(wanted)
    shell.clear()
    return shown


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_a_tab_completes_commands_options_and_values(name, request):
    shell = request.getfixturevalue(name)
    for keys, line in COMPLETED.items():
        # All but the first letters of the program, which zsh draws twice.
        shown_after(shell, keys, line.removeprefix("n"))


# Names that a shell would take apart, expand or run.
NAMES = [
    "full name", "$(touch pwned)", "`touch pwned`", "a'b", 'a"b', "a:b", "a=b", "a@b", "a\\b", "a\\\\ b", "*", "?x", "[x]",
    "~", "#x", "a!b", "!!", "a;touch pwned", "a&b", "a|b", "a>pwned", "{a,b}", "$HOME", "%s", "评 论", "-x", "(x)", "a  b",
    "a^b", "<x>", "a,b", "'", '"', "\\", "it's \"$x\" \\ `y`!",
]  # fmt: skip


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_a_name_is_inserted_so_that_the_shell_gives_it_back(name, request, home):
    shell = request.getfixturevalue(name)
    shell.press("set -gx SHOW 1\r" if name == "fish" else "export SHOW=1\r")
    shell.clear()
    wrong = {}
    for number, column in enumerate(NAMES):
        if name == "fish" and column == "~":
            continue  # fish would insert it bare, so it is not offered
        with (home / f"names{number}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow([column])
        for typed in ("", "'", '"', *([column[0]] if column[0].isalpha() else [])):
            shell.press(f"nlpcli embed -i names{number}.csv --field {typed}\t\r")
            shown = shell.read_until(">.")
            given = shown.rpartition("<--field>")[2]
            if given != f"<{column}>.":
                wrong[column, typed] = given
            shell.read_until(PROMPT)
    assert not wrong
    assert not (home / "pwned").exists()


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_a_name_goes_on_where_it_was_begun(name, request, home):
    shell = request.getfixturevalue(name)
    shell.press("set -gx SHOW 1\r" if name == "fish" else "export SHOW=1\r")
    shell.clear()
    (home / "begun.csv").write_text('full name,full text,"it\'s $x"\n')
    for typed, column in {
        "full\\ n": "full name",
        "'full n": "full name",
        '"full t': "full text",
        "fu\tn": "full name",
        "'fu\tt": "full text",
        "it\\'": "it's $x",
        "\"it's \\$": "it's $x",
    }.items():
        shell.press(f"nlpcli embed -i reviews.csv begun.csv --field {typed}\t\r")
        assert shell.read_until(">.").rpartition("<--field>")[2] == f"<{column}>.", typed
        shell.read_until(PROMPT)


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_every_word_behind_i_is_completed_as_a_file(name, request):
    shell = request.getfixturevalue(name)
    for keys in ("-i begun.csv rev", "-i rev", "--input=begun.csv rev", "-i begun.csv -F jsonl rev"):
        shown_after(shell, f"nlpcli embed {keys}", "reviews.csv")


def test_a_device_behind_a_colon_is_one_word_to_bash(bash):
    # The offers themselves depend on the machine: what counts is that nothing is offered in place of the number.
    assert "cuda:cuda" not in shown_after(bash, "nlpcli devices --device cuda:", "cuda:")


def test_bash_shows_what_there_is(bash):
    shown = shown_after(bash, "nlpcli models \t", "verify")
    assert shown.split("\n", 1)[1].split() == ["list", "path", "prune", "pull", "rm", "verify"]


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_descriptions_stand_beside_what_is_offered(name, request):
    shell = request.getfixturevalue(name)
    for keys, (offered, description) in DESCRIBED.items():
        assert offered.removeprefix("n") in shown_after(shell, keys, description or offered.removeprefix("n"))


def test_powershell_completes_too(environment, home):
    if (shell := shutil.which("pwsh")) is None:
        pytest.skip("pwsh is not installed")
    for keys in ("nlpcli em", "nlpcli embed --prec", "nlpcli embed -i reviews.csv --field rev", "nlpcli embed -F pa"):
        script = f'(TabExpansion2 -inputScript "{keys}" -cursorColumn {len(keys)}).CompletionMatches | % CompletionText'
        command = [shell, "-NoProfile", "-Command", f". '{COMPLETIONS}/nlpcli.ps1'; {script}"]
        done = subprocess.run(
            command, env=environment, cwd=home, capture_output=True, text=True, check=True, timeout=60
        )
        assert COMPLETED[keys].strip().endswith(done.stdout.strip())
