"""Jobs that are killed at random moments; `python -m tests.kills` does it 200 times, over more records and formats."""

import subprocess
import sys


def test_what_is_killed_goes_on_and_ends_as_if_nothing_had_been():
    command = [sys.executable, "-m", "tests.kills", "6", "3000", "1", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
