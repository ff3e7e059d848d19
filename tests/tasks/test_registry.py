"""The registry: what comes from it, what is checked against it, and a seventh task through one line."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from nlpcli.cli.commands import COMMANDS
from nlpcli.models.catalog import catalog
from nlpcli.tasks.registry import TASKS
from tests.tiny import save_classifier

ROOT = Path(__file__).parent.parent.parent
SEVENTH = """
import io, json, sys
from nlpcli.tasks.registry import TASKS, TaskSpec
TASKS["shout"] = TaskSpec("shout", "shout", "Put texts in capitals.", "embed")
from nlpcli.__main__ import run
said = sys.stdout
for line in sys.stdin.buffer:
    arguments, given = json.loads(line)
    sys.stdin, sys.stdout, sys.stderr = (io.TextIOWrapper(io.BytesIO(text.encode())) for text in (given, "", ""))
    status = run(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    outputs = [stream.buffer.getvalue().decode() for stream in (sys.stdout, sys.stderr)]
    print(json.dumps([status, *outputs]), file=said, flush=True)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("tiny"))


class Shouted(NamedTuple):
    """What a command line left behind."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def shout():
    """Runs a command line in a process that has a seventh task."""
    path = os.pathsep.join([str(ROOT / "tests/data/seventh_task"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-c", SEVENTH]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:

        def shouted(*arguments, stdin=""):
            process.stdin.write(json.dumps([[*map(str, arguments)], stdin]) + "\n")
            process.stdin.flush()
            return Shouted(*json.loads(process.stdout.readline()))

        yield shouted
        process.stdin.close()
        process.wait(30)


def test_a_seventh_task_prints_text(shout, model):
    done = shout("shout", "-m", model, "--mark", "!!", stdin="hello\nwho?\n\nbye\n")
    assert (done.returncode, done.stdout) == (0, "HELLO!!\nWHO?\n!!\nBYE!!\n"), done.stderr


def test_a_seventh_task_writes_jsonl_and_reads_it(shout, model, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"id":1,"text":"a"}\n{"id":2,"text":"b?"}\n')
    done = shout("shout", "-m", model, "-i", tmp_path / "in.jsonl", "-o", tmp_path / "out.jsonl")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert rows == [{"id": 1, "text": "a", "shout": "A!"}, {"id": 2, "text": "b?", "shout": "B?"}]


@pytest.mark.parametrize(
    ("on_error", "status", "lines"), [("keep", 3, ["A!", "", "B!"]), ("skip", 3, ["A!", "B!"]), ("fail", 1, ["A!"])]
)
def test_a_seventh_task_fails_record_by_record(shout, model, on_error, status, lines):
    done = shout("shout", "-m", model, "--on-error", on_error, "a", "hush", "b")
    assert (done.returncode, done.stdout.splitlines()) == (status, lines), done.stderr
    assert "nobody shouts that" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_a_seventh_task_is_completed(shout, shell):
    script = shout("--show-completion", shell).stdout
    assert "shout" in script
    assert "mark" in script


def test_a_seventh_task_has_its_help(shout):
    assert re.search(r"^ +shout +Put texts in capitals\.$", shout("--help").stdout, re.MULTILINE)
    assert "--mark MARK" in shout("shout", "--help").stdout


def test_every_task_is_a_command_with_a_default_model():
    assert list(COMMANDS)[: len(TASKS)] == list(TASKS)
    assert {task.model_role for task in TASKS.values()} <= catalog().defaults.keys()


@pytest.mark.parametrize("name", TASKS)
def test_a_module_has_what_the_contract_names(name):
    module = TASKS[name].load_module()
    assert callable(module.loader)
    assert callable(module.make_task)
    assert module.OPTIONS(**(TASKS[name].bench or {})).fields


def test_the_contract_of_independence_names_every_task():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (independent,) = (contract["modules"] for contract in contracts if contract["type"] == "independence")
    assert sorted(independent) == sorted(task.module for task in TASKS.values())


def test_the_tables_of_the_readme_and_the_docs_name_every_task():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for name in TASKS:
        assert f"| [`nlpcli {name}`](docs/{name}.md) |" in readme
        assert f"({name}.md)" in index
