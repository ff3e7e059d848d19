"""What a person at a terminal sees, through a real pseudo-terminal."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals of this kind", allow_module_level=True)

import fcntl
import pty
import termios

from rich.cells import cell_len
from tiny import save_classifier

from nlpcli.views.bars import bar

COLUMNS = 60
SECONDS = 120
THREE_RUNS = """
from nlpcli.__main__ import run
texts = ["一只猫正在沙发上睡觉。", "A cat is sleeping on the sofa.", "Stocks fell on Monday."]
for arguments in (["--dim", "3", *texts], ["--similarity", *texts], ["--search", "kitten", *texts]):
    print("::", arguments[0], flush=True)
    assert run(["embed", "--no-progress", "--dtype", "float32", *arguments]) == 0
"""


class Terminal:
    """A terminal of `COLUMNS` columns and the program that runs in it."""

    def __init__(self, *command: str, standard_input: int | None = None) -> None:
        self._master, slave = pty.openpty()
        environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm", "NO_COLOR": "1"}
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=slave if standard_input is None else standard_input,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._seen = b""

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def end(self) -> tuple[int, str]:
        """Exit status and everything that was shown."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and self._read():
            pass
        os.close(self._master)
        return self.process.wait(SECONDS), self._seen.decode().replace("\r\n", "\n")

    def _read(self) -> bool:
        if not select.select([self._master], [], [], 1)[0]:
            return True
        try:
            shown = os.read(self._master, 65_536)
        except OSError:  # Linux says with EIO that the last program has left
            shown = b""
        self._seen += shown
        return bool(shown)


@pytest.fixture(scope="module")
def drawings(starter: str) -> dict[str, list[str]]:
    """The lines that vectors, similarities and search results are drawn as."""
    status, shown = Terminal("-c", THREE_RUNS).end()
    assert status == 0, shown
    parts = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", shown).split(":: ")[1:]
    names = ("vectors", "similarity", "search")
    # What is said of the language of the first text stands on the same terminal.
    lines = [[line for line in part.splitlines()[1:] if line and not line.startswith("nlpcli: ")] for part in parts]
    return dict(zip(names, lines, strict=True))


def test_no_text_and_a_terminal_instead_of_a_pipe_is_answered_with_the_usage():
    status, shown = Terminal("-m", "nlpcli", "embed").end()
    assert status == 2
    assert shown.startswith("nlpcli: no input: give a TEXT, a file (-i FILE), or pipe something in")
    assert shown.count("\n") == 1


def test_how_the_next_call_need_not_wait_is_said_once_a_day(tmp_path, monkeypatch):
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path))
    mark = tmp_path / "warm-hint"
    mark.touch()
    two_days_ago = time.time() - 2 * 86_400
    os.utime(mark, (two_days_ago, two_days_ago))
    command = ["-m", "nlpcli", "sentiment", "-m", str(save_classifier(tmp_path / "model")), "a b"]
    shown = [Terminal(*command).end() for _ in range(2)]
    assert [status for status, _ in shown] == [0, 0]
    assert ["nlpcli: most of this call went into starting; with --keep-warm 10m" in said for _, said in shown] == [
        True,
        False,
    ]


@pytest.mark.starter
def test_a_vector_is_drawn_as_its_text_and_its_first_numbers(drawings):
    assert [re.sub(r"[+-]0\.\d+", "±n", line).rstrip() for line in drawings["vectors"]] == [
        "一只猫正在沙发上睡觉。",
        "  ±n  ±n  ±n  (3 float32)",
        "A cat is sleeping on the sofa.",
        "  ±n  ±n  ±n  (3 float32)",
        "Stocks fell on Monday.",
        "  ±n  ±n  ±n  (3 float32)",
    ]


@pytest.mark.starter
def test_similarities_are_drawn_with_bars_and_wrapped_in_their_column(drawings):
    assert without_scores(drawings["similarity"]) == [
        "A cat is sleeping on the sofa. ↔ Stocks",
        "fell on Monday.",
        "一只猫正在沙发上睡觉。 ↔ Stocks fell on",
        "Monday.",
        "一只猫正在沙发上睡觉。 ↔ A cat is",
        "sleeping on the sofa.",
    ]


@pytest.mark.starter
def test_search_results_are_drawn_best_first_and_wrapped_in_their_column(drawings):
    assert without_scores(drawings["search"]) == [
        "argument:2  A cat is sleeping on the",
        "sofa.",
        "argument:1  一只猫正在沙发上睡觉。",
        "argument:3  Stocks fell on Monday.",
    ]


def without_scores(lines: list[str]) -> list[str]:
    """The texts, which begin in one column; scores and bars, whose last digits depend on the machine, are checked."""
    scores = []
    for line in lines:
        assert cell_len(line) <= COLUMNS
        if line[:8].strip():
            scores.append(float(line[:7]))
            assert line[8:20] == bar(scores[-1])
        else:
            assert not line[:21].strip()
    assert scores == sorted(scores, reverse=True)
    return [line[21:].rstrip() for line in lines]


@pytest.fixture
def written_so_far(starter: str, tmp_path: Path) -> Iterator[Terminal]:
    """A run in the middle of its work: a first result is in the temporary file, and its input goes on."""
    reading, writing = os.pipe()
    os.write(writing, b"a first line\n")
    terminal = Terminal(
        "-m", "nlpcli", "embed", "--progress", "-o", str(tmp_path / "out.jsonl"), standard_input=reading
    )
    os.close(reading)
    deadline = time.monotonic() + SECONDS
    while not any(part.stat().st_size for part in tmp_path.glob(".out.jsonl.*.part")):
        assert time.monotonic() < deadline
        assert terminal.process.poll() is None
        time.sleep(0.05)
    yield terminal
    os.close(writing)


@pytest.mark.starter
def test_control_c_ends_the_run_with_130_and_leaves_neither_file_nor_traceback(written_so_far, tmp_path):
    written_so_far.press(b"\x03")
    status, shown = written_so_far.end()
    assert status == 130
    assert "Traceback" not in shown
    assert shown.rfind("\x1b[?25h") >= shown.rfind("\x1b[?25l")  # the cursor is back
    assert list(tmp_path.iterdir()) == []


@pytest.mark.starter
def test_sigterm_removes_the_temporary_file(written_so_far, tmp_path):
    written_so_far.process.send_signal(signal.SIGTERM)
    status, shown = written_so_far.end()
    assert status == 143
    assert "Traceback" not in shown
    assert list(tmp_path.iterdir()) == []


def test_other_commands_show_control_characters_as_symbols_too(monkeypatch):
    monkeypatch.setenv("NLPCLI_CACHE_DIR", "/nowhere/\x1b]0;title\x07")
    status, shown = Terminal("-m", "nlpcli", "config", "show").end()
    assert status == 0
    assert "/nowhere/␛]0;title␇" in shown
    assert "\x1b" not in shown
