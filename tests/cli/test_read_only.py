"""A filled cache, settings and a home that cannot be written stop no command."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlpcli.settings import cache_folder
from tests.read_only import can_mount, run_read_only

if not can_mount():
    pytest.skip("mounting needs root on Linux", allow_module_level=True)


@pytest.mark.parametrize("environment", [{}, {"PYTHONHASHSEED": "1"}], ids=["prepared", "started anew"])
def test_it_is_so_that_they_cannot_be_written(environment):
    out = cache_folder() / "out.txt"
    done = run_read_only(
        "extract", "--mask", "-o", out, "a", folders=[cache_folder(), Path.home()], often=True, **environment
    )
    assert done.returncode == 1
    assert b"Read-only file system" in done.stderr


@pytest.mark.starter
@pytest.mark.parametrize(
    "arguments",
    [
        ["embed", "a"],
        ["embed", "--search", "a", "b", "c"],
        ["embed", "--plot", "plot.png", "a", "b"],
        ["sentiment", "a"],
        ["summarize", "A text of one sentence."],
        ["translate", "--to", "pt", "A cat."],
        ["generate", "--max-tokens", "2", "a"],
        ["attention-inspect", "--png", "heads.png", "a b"],
        ["models", "list"],
        ["models", "path", "starter/minilm"],
        ["models", "pull", "starter/minilm"],
        ["models", "verify", "starter/minilm"],
        ["config", "show"],
        ["devices"],
    ],
    ids=" ".join,
)
def test_a_command_runs_on_a_cache_that_cannot_be_written(starter, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    done = run_read_only(*arguments, folders=[cache_folder(), Path.home()], often=True)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.starter
def test_what_was_measured_is_shown_where_it_cannot_be_kept(starter, tmp_path, monkeypatch):
    (tmp_path / "in.txt").write_text("a\nb\n")
    done = run_read_only(
        "bench", "embed", "-q", "-i", tmp_path / "in.txt", folders=[cache_folder(), Path.home()], often=True
    )
    assert done.returncode == 0
    assert done.stdout.startswith(b"dtype\t")
