"""The texts of --help are those in snapshots/: python tests/cli/test_help.py writes them anew."""

import json
import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

SNAPSHOTS = Path(__file__).parent / "snapshots"
MODELS = ("list", "pull", "path", "rm", "prune", "verify")
COMMANDS = ["", "embed", "generate", "sentiment", "devices", "models", *(f"models {name}" for name in MODELS)]

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 40}, "born": {"type": "integer"}},
    "required": ["name", "born"],
    "additionalProperties": False,
}


def help_text(command: str) -> str:
    arguments = [sys.executable, "-m", "nlpcli", *command.split(), "--help"]
    # Settings of the machine are no part of the text.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NLPCLI_")}
    done = subprocess.run(
        arguments, capture_output=True, check=True, timeout=60, env={**environment, "COLUMNS": "100", "NO_COLOR": "1"}
    )
    return done.stdout.decode()


def snapshot(command: str) -> Path:
    return SNAPSHOTS / f"{'-'.join(['nlpcli', *command.split()])}.txt"


def typer_is_the_pinned_one() -> bool:
    constraints = Path(__file__).parents[2] / "constraints.txt"
    return f"typer=={version('typer')}" in constraints.read_text(encoding="utf-8").splitlines()


@pytest.mark.skipif(not typer_is_the_pinned_one(), reason="every Typer words its help differently")
@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_is_that_of_the_snapshot(command):
    assert help_text(command) == snapshot(command).read_text(encoding="utf-8")


def test_every_command_has_a_snapshot():
    from nlpcli.cli.app import COMMANDS as KNOWN

    assert set(KNOWN) <= set(COMMANDS)
    assert {path.name for path in SNAPSHOTS.iterdir()} == {snapshot(command).name for command in COMMANDS}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files that the examples name."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "passport.md").write_text("Passports are renewed at the town hall.\n\nBring a photograph.\n")
    (tmp_path / "reviews.csv").write_text("id,review\n1,A good film.\n2,I slept through it.\n")
    (tmp_path / "app.log").write_text("Everything works.\nThe disk is broken.\n")
    (tmp_path / "lines.txt").write_text("The cat sleeps.\nIt rains.\n一只猫在睡觉。\n", encoding="utf-8")
    (tmp_path / "question.txt").write_text("Answer yes or no. Did they like it? {{ review }}\n")
    (tmp_path / "person.json").write_text(json.dumps(PERSON))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def outputs_of_examples(command, call):
    """What each example in the help of a command prints."""
    examples = re.findall(
        rf"^    (.*\bnlpcli {command} .*)$", snapshot(command).read_text(encoding="utf-8"), re.MULTILINE
    )
    return {example: run_example(example, call) for example in examples}


def run_example(example, call):
    """In this process where the shell has nothing to do."""
    if not set("|<>") & set(example):
        done = call(*shlex.split(example)[1:])
        assert done.status == 0, done.complaints
        return done.output.decode()
    # A log that is followed has no end.
    endless = example.replace("tail -f", "tail")
    return subprocess.run(["sh", "-c", endless], capture_output=True, check=True, timeout=120).stdout.decode()


@pytest.mark.starter
def test_every_example_of_embed_runs_as_it_stands(starter, call, folder):
    outputs = outputs_of_examples("embed", call)
    assert len(outputs) == 6
    first = next(output for example, output in outputs.items() if "--search" in example)
    assert first.splitlines()[0].split("\t")[1] == "notes/passport.md:1"
    assert pq.read_table("reviews.parquet").column_names == ["id", "review", "embedding", "error"]
    assert np.load("lines.npy").shape == (3, 384)
    assert (folder / "map.svg").stat().st_size


@pytest.mark.starter
def test_every_example_of_generate_runs_as_it_stands(starter, call, folder):
    outputs = outputs_of_examples("generate", call)
    assert len(outputs) == 6
    person = next(output for example, output in outputs.items() if "--schema" in example)
    assert json.loads(person)["born"] == 1815
    titles = next(output for example, output in outputs.items() if "--n 3" in example)
    assert len(json.loads(titles)["completions"]) == 3
    assert (folder / "answers.csv").read_text().splitlines()[0] == "id,review,completion,error"


@pytest.mark.starter
def test_every_example_of_sentiment_runs_as_it_stands(starter, call, folder):
    outputs = outputs_of_examples("sentiment", call)
    assert len(outputs) == 6
    assert (folder / "labelled.csv").read_text().splitlines()[0] == "id,review,label,score,error"
    assert next(output for example, output in outputs.items() if "--labels" in example).startswith("bug\t")


if __name__ == "__main__":
    SNAPSHOTS.mkdir(exist_ok=True)
    for command in COMMANDS:
        snapshot(command).write_text(help_text(command), encoding="utf-8")
