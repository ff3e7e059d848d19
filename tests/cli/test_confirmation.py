"""What is deleted after a yes (`confirm_deletion` of nlpcli/cli/console.py)."""

import io
import sys

import pytest
import typer

from nlpcli.cli.console import confirm_deletion
from nlpcli.errors import UsageError


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [None, io.StringIO("y\n")], ids=["closed", "a pipe"])
def test_nothing_is_deleted_where_nobody_can_be_asked(monkeypatch, stream):
    monkeypatch.setattr(sys, "stdin", stream)
    with pytest.raises(UsageError, match="give --yes"):
        confirm_deletion("Delete these?")


@pytest.mark.parametrize("answer", ["y\n", "YES\n", " yes \n"])
def test_a_yes_on_a_terminal_deletes(monkeypatch, capsys, answer):
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    confirm_deletion("Delete these?")
    assert capsys.readouterr().err == "Delete these? [y/N] "


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yess\n"])
def test_any_other_answer_ends_the_command(monkeypatch, answer):
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    with pytest.raises(typer.Exit) as end:
        confirm_deletion("Delete these?")
    assert end.value.exit_code == 1
