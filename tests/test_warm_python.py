"""A fork of a Python that has imported torch is, to whoever runs a command, what a process of its own is."""

import os
import shlex
import subprocess
import sys

import pytest

from tests.warm_python import nlpcli_command

OF_ITS_OWN = [sys.executable, "-m", "nlpcli"]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks")


def both(line, **options):
    """What bash makes of a line in which `nlpcli` is the one and the other."""
    for command in (nlpcli_command(), OF_ITS_OWN):
        script = f'nlpcli() {{ {shlex.join(command)} "$@"; }}; {line}'
        done = subprocess.run(["bash", "-c", script], capture_output=True, check=False, timeout=120, **options)
        yield done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "NLPCLI_DIM=3 nlpcli config show embed",
        "nlpcli embed <&-",
        "nlpcli models list >&-",
        "cat <(nlpcli config show) | head -n 1",
        "nlpcli embed --nonsense",
        "umask 077; nlpcli embed -i empty.json -o out.json; stat -c %a out.json",
    ],
)
def test_arguments_environment_descriptors_and_status_are_those_of_the_command(tmp_path, line):
    (tmp_path / "empty.json").write_text("[]")
    fork, process = both(line, cwd=tmp_path)
    assert fork == process


def test_modules_that_stand_for_others_are_seen(tmp_path):
    (tmp_path / "typer.py").write_text("raise SystemExit('another typer')")
    fork, process = both("nlpcli models list", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert fork == process
    assert b"another typer" in fork[2]


def test_a_signal_reaches_the_fork():
    with subprocess.Popen(
        [*nlpcli_command(), "extract", "--mask"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as run:
        run.stdin.write(b"a text\n")
        run.stdin.flush()
        assert run.stdout.readline() == b"a text\n"
        run.terminate()
        assert run.wait(30) == 143
