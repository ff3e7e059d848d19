"""The names of options that stand in a file, so that no command is imported for another one's settings."""

import json
import os
import subprocess
import sys

import pytest

from nlpcli.cli.commands import COMMANDS
from nlpcli.cli.configured import options_of
from nlpcli.cli.option_names import FILE, option_names

CALL = """
import sys
from nlpcli.__main__ import run
assert run(["sentiment", "--nonsense"]) == 2
print(*sys.modules)
"""


def current():
    """What `option_names.json` has to say."""
    return {name: sorted(options_of(name)) for name in COMMANDS}


def test_the_file_says_what_the_commands_have():
    assert json.loads(FILE.read_text(encoding="utf-8")) == current(), "write it anew: make docs"


def test_a_command_that_the_file_lacks_is_looked_at():
    assert option_names("shout", lambda name: {name, "mark"}) == {"shout", "mark"}


@pytest.mark.parametrize("environment", [{}, {"NLPCLI_BACH_TOKENS": "4"}])
def test_with_a_configuration_only_the_command_that_is_called_is_imported(tmp_path, environment):
    (tmp_path / "config.toml").write_text('device = "cpu"\n[embed]\ndim = 4\n[profile.gpu.sentiment]\nthreads = 1\n')
    done = subprocess.run(
        [sys.executable, "-c", CALL],
        env={**os.environ, "NLPCLI_CONFIG": str(tmp_path / "config.toml"), **environment},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    modules = {command.module for command in COMMANDS.values()}
    assert modules & set(done.stdout.split()) == {"nlpcli.cli.sentiment"}


if __name__ == "__main__":
    FILE.write_text(json.dumps(current(), indent=1) + "\n", encoding="utf-8", newline="\n")
