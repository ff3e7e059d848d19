"""Tab in real shells, on a pseudo-terminal."""

import shutil
import subprocess

import pytest

from .conftest import COMPLETIONS

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
