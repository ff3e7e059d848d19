import subprocess
import sys

import pytest

from nlpcli.cli.app import COMMANDS


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["models", "list"], *([name, "--help"] for name in COMMANDS)], ids=" ".join
)
def test_the_light_path_imports_neither_torch_nor_transformers(arguments):
    command = [sys.executable, "-X", "importtime", "-m", "nlpcli", *arguments]
    imported = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr
    names = {line.rpartition("|")[2].strip() for line in imported.splitlines()}
    assert "nlpcli.cli.app" in names
    assert not names & {"torch", "transformers", "numpy"}


def test_wrong_usage_and_missing_input_have_their_statuses(nlpcli):
    assert nlpcli("embed", "--nonsense").returncode == 2
    missing = nlpcli("embed", "-i", "missing.txt")
    assert missing.returncode == 1
    assert missing.stderr.count(b"\n") == 1
