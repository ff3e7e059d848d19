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

from nlpcli.cli.app import app_syntax
from nlpcli.runtime import bench_results as measured

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.warm_python import nlpcli_command

SNAPSHOTS = Path(__file__).parent / "snapshots"
# Every command of the app, and every command below it.
COMMANDS = [" ".join(command.path) for command in app_syntax().walk()]


def help_text(command: str) -> str:
    arguments = [*nlpcli_command(), *command.split(), "--help"]
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


def test_every_command_has_a_snapshot_and_no_other_is_there():
    assert {path.name for path in SNAPSHOTS.iterdir()} == {snapshot(command).name for command in COMMANDS}


def examples_of(command):
    """The lines of the help that are calls of the command."""
    text = snapshot(command).read_text(encoding="utf-8") if snapshot(command).is_file() else ""
    return re.findall(rf"^    (.*\bnlpcli {command} .*)$", text.partition("\n  Examples:\n")[2], re.MULTILINE)


def run_example(example, runner):
    if " serve run " in example:
        return run_server(example)
    ran = runner.run(example)
    assert ran.status == 0, ran.complaints
    return ran.output


def run_server(example):
    """Until it says where it answers; on a port that is free."""
    free = shlex.split(example.replace(":8080", ":0"))
    with subprocess.Popen(free, stderr=subprocess.PIPE, text=True) as server:
        said = server.stderr.readline() + server.stderr.readline()
        server.terminate()
    assert "http://127.0.0.1:" in said, said
    assert server.returncode == 143
    return said


@pytest.mark.starter
@pytest.mark.parametrize("command", [name for name in COMMANDS if examples_of(name)])
def test_every_example_runs_as_it_stands(starter, loading_once, runner, command, tmp_path, monkeypatch):
    # What an example measures is kept here.
    monkeypatch.setattr(measured, "FILE", str(tmp_path / "measurements.json"))
    outputs = {example: run_example(example, runner) for example in examples_of(command)}
    CHECKS.get(command, lambda outputs: None)(outputs)


def check_embed(outputs):
    first = next(output for example, output in outputs.items() if "--search" in example)
    assert first.splitlines()[0].split("\t")[1] == "notes/passport.md:1"
    assert pq.read_table("reviews.parquet").column_names == ["id", "review", "embedding", "error"]
    assert np.load("lines.npy").shape == (4, 384)
    assert Path("map.svg").stat().st_size


def check_generate(outputs):
    person = next(output for example, output in outputs.items() if "--schema" in example)
    assert json.loads(person)["born"] == 1815
    titles = next(output for example, output in outputs.items() if "--n 3" in example)
    assert len(json.loads(titles)["completions"]) == 3
    assert Path("answers.csv").read_text().splitlines()[0] == "id,review,completion,error"


def check_sentiment(outputs):
    assert Path("labelled.csv").read_text().splitlines()[0] == "id,review,label,score,error"
    assert next(output for example, output in outputs.items() if "--labels" in example).startswith("bug\t")


def check_attention_inspect(outputs):
    assert {path.name for path in Path().iterdir()} >= {"heads.html", "rollout.npz", "rollout.png"}
    assert np.load("rollout.npz")["rollout"].shape == (6, 6)


def check_translate(outputs):
    assert Path("letter.txt").read_text().splitlines()[1] == "Yes."
    assert Path("pagina.html").read_text() == "<p>O <b>carro vermelho</b>.</p>\n"
    assert Path("filme.srt").read_text() == "1\n00:00:01,000 --> 00:00:02,000\nSim.\n"


def check_summarize(outputs):
    assert all(output.strip() for example, output in outputs.items() if " -o " not in example)
    assert Path("summaries.jsonl").read_text().count('"summary":') == 2


# What the examples of a command must leave behind, beyond running.
CHECKS = {
    "generate": check_generate,
    "summarize": check_summarize,
    "sentiment": check_sentiment,
    "embed": check_embed,
    "attention-inspect": check_attention_inspect,
    "translate": check_translate,
}


def test_every_option_that_tasks_share_has_its_heading():
    from dataclasses import fields

    from nlpcli.cli.help import SHARED
    from nlpcli.cli.options import SharedOptions

    named = [option for options in SHARED.values() for option in options]
    assert sorted(named) == sorted([field.name for field in fields(SharedOptions)] + ["help"])


@pytest.mark.parametrize("command", [[], ["embed"], ["translate"]])
def test_help_keeps_its_texts_within_a_narrow_terminal(command, nlpcli):
    lines = nlpcli(*command, "--help", COLUMNS="30").stdout.decode().partition("Examples:")[0].splitlines()
    assert [line for line in lines if len(line) > 30 and not line.startswith(("  -", "Usage:"))] == []


def test_every_task_has_examples():
    from nlpcli.tasks.base import TASKS

    assert [task for task in TASKS if len(examples_of(task)) < 3] == []


if __name__ == "__main__":
    SNAPSHOTS.mkdir(exist_ok=True)
    for path in SNAPSHOTS.iterdir():
        path.unlink()
    for command in COMMANDS:
        snapshot(command).write_text(help_text(command), encoding="utf-8")
