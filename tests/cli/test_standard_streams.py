"""Every kind of standard stream with every format: all results arrive, or the status says otherwise."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

if os.name != "posix":
    pytest.skip("these are descriptors of POSIX", allow_module_level=True)

import pty
import tty

from nlpcli.records.formats import BINARY_FORMATS, OUTPUT_FORMATS
from tests.forked import forking_runs
from tests.tiny import save_classifier

WORDS = random.Random(0)
TEXTS = [" ".join(WORDS.choices("abcdefghijklmnopqrstuvwxyz水", k=number % 9)) for number in range(600)]
# Word documents are what translate alone writes.
FORMATS = tuple(name for name in OUTPUT_FORMATS if name != "docx")
LINES = "".join(f"{text}\n" for text in TEXTS).encode()
INPUTS = {
    "txt": LINES,
    "jsonl": b"".join(b'{"text": "%s"}\n' % text.encode() for text in TEXTS),
    "csv": b"text,n\n" + b"".join(b'"%s",1\n' % text.encode() for text in TEXTS),
}
OUTPUTS = ("pipe", "slow non-blocking pipe", "file", "socket", "non-blocking socket")
REFUSING = ("closed", "full", "small disk")
SMALL_DISK = 20_000


@pytest.fixture(scope="module")
def runs():
    with forking_runs() as runs:
        yield runs


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("model") / "bert", "bert")


@pytest.fixture(scope="module")
def expected(runs, model, tmp_path_factory):
    """What a run writes into a file of its own, by format."""
    folder = tmp_path_factory.mktemp("expected")
    (folder / "in.txt").write_bytes(LINES)
    found = {}
    for format_ in FORMATS:
        out = folder / f"out.{format_}"
        command = ["embed", "-m", str(model), "-i", str(folder / "in.txt"), "-F", format_, "-o", str(out)]
        with Path(os.devnull).open("r+b") as nothing:
            runs.start(command, [nothing.fileno(), nothing.fileno(), 2])
            assert runs.status() == 0
        found[format_] = out.read_bytes()
        assert len(found[format_]) > 2 * SMALL_DISK
    return found


class Reader(threading.Thread):
    """Takes everything out of a descriptor; slowly, and little at a time, where that is asked for."""

    def __init__(self, descriptor: int, slow: bool = False) -> None:
        super().__init__(daemon=True)
        self._descriptor, self._slow = descriptor, slow
        self.content = b""
        self.start()

    def run(self) -> None:
        while True:
            try:
                part = os.read(self._descriptor, 5_000 if self._slow else 1 << 16)
            except OSError:  # a pseudo-terminal whose other side is gone
                part = b""
            if not part:
                return
            self.content += part
            time.sleep(0.002 if self._slow else 0)


def sink(kind: str, folder: Path):
    """A descriptor to write to, and a function that gives what arrived once the writer is gone."""
    if kind == "closed":
        return None, lambda: b""
    if kind == "full":
        return os.open("/dev/full", os.O_WRONLY), lambda: b""
    if kind in ("file", "small disk"):
        return os.open(folder / "sink", os.O_RDWR | os.O_CREAT), (folder / "sink").read_bytes
    if kind == "terminal":
        reading, writing = pty.openpty()
        tty.setraw(writing)
    elif "socket" in kind:
        ends = socket.socketpair()
        reading, writing = (end.detach() for end in ends)
    else:
        reading, writing = os.pipe()
    os.set_blocking(writing, "non-blocking" not in kind)
    reader = Reader(reading, "slow" in kind)

    def arrived() -> bytes:
        reader.join(30)
        os.close(reading)
        return reader.content

    return writing, arrived


def source(kind: str, content: bytes, folder: Path) -> int | None:
    """A descriptor that `content` can be read from."""
    if kind == "closed":
        return None
    if kind == "file":
        (folder / "source").write_bytes(content)
        return os.open(folder / "source", os.O_RDONLY)
    if "socket" in kind:
        reading, writing = (end.detach() for end in socket.socketpair())
    else:
        reading, writing = os.pipe()
    os.set_blocking(reading, "non-blocking" not in kind)

    def feed() -> None:
        with suppress(BrokenPipeError):  # the run may end before its input does
            for start in range(0, len(content), 3_000):
                os.write(writing, content[start : start + 3_000])
                time.sleep(0.002)
        os.close(writing)

    threading.Thread(target=feed, daemon=True).start()
    return reading


@pytest.fixture
def run(runs, tmp_path):
    """A run on streams of these kinds: status, standard output, standard error."""

    def run(arguments, stdin="pipe", stdout="pipe", stderr="pipe", content=LINES):
        for name in ("out", "err"):
            (tmp_path / name).mkdir()
        given = source(stdin, content, tmp_path)
        out, results = sink(stdout, tmp_path / "out")
        err, complaints = sink(stderr, tmp_path / "err")
        runs.start(arguments, [given, out, err], SMALL_DISK if stdout == "small disk" else None)
        for descriptor in (given, out, err):
            if descriptor is not None:
                os.close(descriptor)
        return runs.status(), results(), complaints().decode()

    return run


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("kind", OUTPUTS)
def test_all_results_arrive(run, model, expected, kind, format_):
    assert run(["embed", "-m", str(model), "-F", format_], stdout=kind) == (0, expected[format_], "")


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("kind", REFUSING)
def test_results_that_do_not_arrive_are_a_failure_that_is_said(run, model, kind, format_):
    status, _, complaints = run(["embed", "-m", str(model), "-F", format_], stdout=kind)
    assert status == 1
    # The rows of an array wait in a temporary file, which has no room on a small disk either.
    assert "standard output" in complaints or (kind, format_) == ("small disk", "npy")
    assert complaints.count("\n") == 1


@pytest.mark.parametrize("format_", FORMATS)
def test_a_terminal_gets_text_and_no_binary_format(run, model, expected, format_):
    status, shown, complaints = run(["embed", "-m", str(model), "-F", format_], stdout="terminal")
    if format_ in BINARY_FORMATS:
        assert (status, shown) == (2, b"")
        assert f"{format_} is binary" in complaints
    else:
        assert (status, shown) == (0, expected[format_])


@pytest.mark.parametrize("input_format", INPUTS)
@pytest.mark.parametrize("kind", ["pipe", "file", "socket", "non-blocking pipe", "non-blocking socket"])
def test_all_of_standard_input_is_read(run, model, expected, kind, input_format):
    arguments = ["embed", "-m", str(model), "--input-format", input_format, "-F", "npy"]
    assert run(arguments, stdin=kind, content=INPUTS[input_format]) == (0, expected["npy"], "")


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("kind", ["closed", "full", "non-blocking pipe", "terminal"])
def test_what_cannot_be_said_takes_no_result_away(run, model, expected, kind, format_):
    arguments = ["embed", "-m", str(model), "-F", format_, "--progress"]
    status, results, _ = run(arguments, stderr=kind, content=LINES)
    assert (status, results) == (0, expected[format_])


@pytest.mark.parametrize(
    "closed", ["stdin", "stdout", "stderr", "stdin stdout", "stdout stderr", "stdin stdout stderr"]
)
def test_a_file_is_written_whatever_is_closed(run, model, expected, tmp_path, closed):
    (tmp_path / "in.txt").write_bytes(LINES)
    out = tmp_path / "out.jsonl"
    arguments = ["embed", "-m", str(model), "-i", str(tmp_path / "in.txt"), "-o", str(out)]
    status, results, complaints = run(arguments, **dict.fromkeys(closed.split(), "closed"))
    assert (status, results, complaints) == (0, b"", "")
    assert out.read_bytes() == expected["jsonl"]


@pytest.mark.parametrize(
    "command", [["--help"], ["--version"], ["embed", "--help"], ["models", "list"], ["config", "show"]]
)
@pytest.mark.parametrize(("kind", "status"), [("closed", 1), ("full", 1), ("pipe", 0), ("terminal", 0)])
def test_other_commands_say_it_too(run, command, kind, status):
    found, _, complaints = run(command, stdout=kind)
    assert found == status
    assert ("standard output" in complaints) is bool(status)


@pytest.mark.parametrize("format_", ["text", "parquet"])
def test_an_unbuffered_interpreter_loses_nothing(model, expected, format_):
    command = [sys.executable, "-m", "nlpcli", "embed", "-m", str(model), "-F", format_]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(command, input=LINES, capture_output=True, check=False, timeout=120, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, expected[format_], b"")


def test_a_reader_that_goes_away_is_141_behind_a_socket_too(runs, model):
    ours, theirs = socket.socketpair()
    given = source("pipe", LINES * 20, Path())
    runs.start(["embed", "-m", str(model)], [given, theirs.fileno(), 2])
    theirs.close()
    os.close(given)
    ours.recv(10)
    ours.close()
    assert runs.status() == 141
