"""What every command has in common: opposites of flags, a broken configuration, names in messages, verbosity."""

from __future__ import annotations

import os
import sys

import pytest

from nlpcli.cli.app import app_syntax
from nlpcli.cli.commands import COMMANDS
from nlpcli.errors import quoted
from tests.tiny import save_classifier

EVERYTHING = list(app_syntax().walk())
FLAGS = [
    pytest.param(command.path, option, id=f"{command.name} {option.flags[-1]}")
    for command in EVERYTHING
    for option in command.options
    if command.path and not option.takes_value and option.name != "help"
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("model") / "bert", "bert")


@pytest.mark.parametrize(("path", "option"), FLAGS)
def test_every_flag_has_its_opposite(path, option):
    assert option.against
    for flag in option.against:
        name = flag.removeprefix("--")
        assert name.removeprefix("no-") in {mine.removeprefix("--").removeprefix("no-") for mine in option.flags}


def test_an_opposite_stands_over_the_environment_and_the_configuration(call, model, tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_text("null = true\n[sentiment]\nall-scores = true\n")
    monkeypatch.setenv("NLPCLI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("NLPCLI_QUIET", "1")
    assert call("sentiment", "-m", model, "a").output.endswith(b"\0")
    done = call("sentiment", "-m", model, "--no-null", "--no-all-scores", "--no-quiet", "--no-offline", "a\ud800")
    assert done.output.endswith(b"\n")
    assert done.output.count(b"\t") == 2


BROKEN = {"not TOML": "= 1", "unknown key": "dimm = 2", "not text": "\x00", "unknown table": "[embedd]\n"}


@pytest.fixture(params=[*BROKEN, "missing"])
def broken(request, tmp_path, monkeypatch):
    path = tmp_path / "my config.toml"
    if request.param in BROKEN:
        path.write_text(BROKEN[request.param])
    monkeypatch.setenv("NLPCLI_CONFIG", str(path))
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["--show-completion", "bash"],
        ["config", "path"],
        ["models", "list"],
        *([name, "--help"] for name in COMMANDS),
    ],
    ids=" ".join,
)
def test_a_broken_configuration_stops_no_help(call, broken, arguments):
    assert call(*arguments).status == 0


@pytest.mark.parametrize("arguments", [["embed", "a"], ["devices"], ["config", "show"]], ids=" ".join)
def test_a_broken_configuration_is_an_error_that_names_the_file(call, broken, arguments):
    done = call(*arguments)
    assert done.status == 2
    assert "my config.toml" in done.complaints.decode()
    assert done.complaints.count(b"\n") == 1


def test_what_is_wrong_with_one_runs_settings_is_not_said_by_the_next(call, monkeypatch, broken):
    assert call("extract", "--mask", "a").status == 2
    monkeypatch.delenv("NLPCLI_CONFIG")
    monkeypatch.setenv("NLPCLI_MASKK", "true")
    assert b"NLPCLI_MASKK" in call("extract", "--mask", "a").complaints
    monkeypatch.delenv("NLPCLI_MASKK")
    assert call("extract", "--mask", "a") == (0, b"a\n", b"")


def test_nlpcli_alone_prints_its_help(call):
    done = call()
    assert done.status == 2
    assert done.complaints.startswith(b"Usage: nlpcli [OPTIONS] COMMAND")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("NLPCLI_QIET", "did you mean NLPCLI_QUIET?"),
        ("NLPCLI_CACHEDIR", "NLPCLI_CACHE_DIR"),
        ("NLPCLI_XYZZY", "config show"),
    ],
)
def test_a_variable_that_nobody_reads_is_named_once(call, monkeypatch, name, nearest):
    monkeypatch.setenv(name, "1")
    done = call("devices")
    assert done.status == 0
    assert done.complaints.decode().count(name) == 1
    assert nearest in done.complaints.decode()
    monkeypatch.setenv("NLPCLI_THREADS", "1")
    assert name not in call("embed", "-q", "-m", "/nowhere", "a").complaints.decode()


@pytest.mark.parametrize(
    ("flags", "shown"),
    [
        (["-v"], True),
        (["--verbose"], True),
        (["-qv"], True),
        (["-vq"], True),
        (["-v0"], True),
        (["--no-verbose"], False),
        (["-v", "--no-verbose"], False),
        ([], False),
        (["-q"], False),
        (["--prompt", "-v"], False),
        (["--", "-v"], False),
    ],
    ids=str,
)
def test_tracebacks_are_shown_where_v_was_understood(call, flags, shown):
    done = (
        call("embed", "-m", "/nowhere", *flags)
        if flags[:1] == ["--"]
        else call("embed", "-m", "/nowhere", *flags, stdin=b"a\n")
    )
    assert done.status == 1
    assert (b"Traceback" in done.complaints) is shown


def test_verbosity_may_stand_in_the_environment(call, monkeypatch):
    monkeypatch.setenv("NLPCLI_VERBOSE", "1")
    assert b"Traceback" in call("embed", "-m", "/nowhere", "a").complaints
    assert b"Traceback" not in call("embed", "-m", "/nowhere", "--no-verbose", "a").complaints


NAMES = ["two  words", "line\nbreak", "\x1b[31mred", "it's", 'quo"te', "\x9b1m", "a\u202eb", "tab\t"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("arguments", [["-i"], ["-m", "./sub", "-o"], ["a", "-m"]], ids=["input", "output", "model"])
def test_messages_quote_names_that_could_be_misread(call, tmp_path, monkeypatch, name, arguments):
    monkeypatch.chdir(tmp_path)
    path = f"./missing/{name}"
    texts = ["a"] if "-o" in arguments else []
    done = call("embed", *texts, *arguments, path)
    assert done.status == 1
    message = done.complaints.decode()
    assert quoted(path) in message
    assert message.count("\n") == 1
    assert not set(message) & set("\x1b\x9b\u202e")


def test_errors_that_are_alike_are_capped_and_counted(call, tmp_path, model):
    lines = b"".join(b'{"text": %d, "x": \n' % number for number in range(500))
    (tmp_path / "in.jsonl").write_bytes(lines)
    done = call("embed", "-m", model, "-i", tmp_path / "in.jsonl", "-o", tmp_path / "out.jsonl")
    assert done.status == 3
    messages = done.complaints.decode().splitlines()
    assert len(messages) == 21
    assert messages[-1].startswith("nlpcli: 480 more")


def test_memory_does_not_grow_with_failures():
    import logging

    from nlpcli.cli.console import configure_logging

    configure_logging(quiet=False, verbose=False)
    (handler,) = logging.getLogger("nlpcli").handlers
    log = logging.getLogger("nlpcli.test")
    for number in range(5_000):
        log.warning("%s: %s", f"in.jsonl:{number}", "broken")
    assert sum(sys.getsizeof(held) for held in handler._said.values()) < 5_000
