"""--install-completion asks before it touches anything, and --show-completion prints."""

import os
import subprocess
import sys

import pytest

from nlpcli.cli.app import app_syntax
from nlpcli.cli.completion.install import MARK, PLANS, carry_out
from nlpcli.cli.completion.scripts import SCRIPTS, completion_script
from nlpcli.errors import OutputError

from .shells import needs


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def files_below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("shell", SCRIPTS)
def test_show_completion_prints_the_script(call, shell):
    assert call("--show-completion", shell).output.decode() == completion_script(shell, app_syntax())


def test_a_shell_that_has_none_is_named(call):
    done = call("--show-completion", "tcsh")
    assert done.status == 2
    assert b"bash, zsh, fish, powershell" in done.complaints


def test_where_nobody_can_be_asked_it_says_what_to_do_and_does_nothing(call, home):
    done = call("--install-completion", "zsh")
    assert done.status == 1
    assert str(home / ".zshrc").encode() in done.output
    assert b"nlpcli --show-completion zsh > " in done.output
    assert files_below(home) == []


def test_without_a_name_it_is_the_shell_that_called(call, home, monkeypatch):
    import shellingham

    monkeypatch.setattr(shellingham, "detect_shell", lambda: ("fish", "/usr/bin/fish"))
    assert b"nlpcli.fish" in call("--install-completion").output


@pytest.mark.skipif(needs("sh") != "", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("answer", "files"), [("n", []), ("y", [".bashrc", ".local/share/bash-completion/completions/nlpcli"])]
)
def test_on_a_terminal_the_answer_decides(home, answer, files):
    terminal, keyboard = os.openpty()
    os.write(terminal, f"{answer}\n".encode())
    command = [sys.executable, "-m", "nlpcli", "--install-completion", "bash"]
    done = subprocess.run(command, stdin=keyboard, capture_output=True, check=False, timeout=60)
    os.close(keyboard)
    os.close(terminal)
    assert done.returncode == (0 if files else 1)
    assert files_below(home) == files


@pytest.mark.parametrize("shell", PLANS)
def test_a_start_up_file_gets_its_lines_once_and_keeps_its_own(home, shell):
    plan = PLANS[shell](home)
    if plan.start_up:
        plan.start_up.parent.mkdir(parents=True, exist_ok=True)
        plan.start_up.write_text("mine")
    carry_out(plan, app_syntax())
    carry_out(plan, app_syntax())
    assert plan.script.read_text(encoding="utf-8") == completion_script(shell, app_syntax())
    if plan.start_up:
        assert plan.start_up.read_text().splitlines() == ["mine", MARK, *plan.lines]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_reads_what_was_added(home, shell):
    if reason := needs(shell):
        pytest.skip(reason)
    carry_out(PLANS[shell](home), app_syntax())
    question = "complete -p nlpcli" if shell == "bash" else "print $_comps[nlpcli]"
    done = subprocess.run([shell, "-ic", question], capture_output=True, text=True, check=False, timeout=60)
    assert "_nlpcli" in done.stdout


def test_a_folder_that_cannot_be_written_is_one_line(home):
    (home / ".local").write_text("a file")
    with pytest.raises(OutputError, match="nlpcli --show-completion bash"):
        carry_out(PLANS["bash"](home), app_syntax())
