"""The scripts in completions/ are those of the app: python tests/test_completions.py writes them anew."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "completions"
FILES = {"bash": "nlpcli.bash", "zsh": "_nlpcli", "fish": "nlpcli.fish", "powershell": "nlpcli.ps1"}


def script(shell):
    from typer.completion import get_completion_script

    return get_completion_script(prog_name="nlpcli", complete_var="_NLPCLI_COMPLETE", shell=shell) + "\n"


@pytest.mark.parametrize("shell", FILES)
def test_the_scripts_are_those_of_the_app(shell):
    assert (FOLDER / FILES[shell]).read_text(encoding="utf-8") == script(shell)


def test_a_tab_completes_commands_and_options():
    def complete(words, position):
        environment = {"_NLPCLI_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(position)}
        command = [sys.executable, "-m", "nlpcli"]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
        return done.stdout.split()

    assert complete("nlpcli em", 1) == ["embed"]
    assert complete("nlpcli embed --sim", 2) == ["--similarity"]


if __name__ == "__main__":
    for name, file in FILES.items():
        (FOLDER / file).write_text(script(name), encoding="utf-8")
