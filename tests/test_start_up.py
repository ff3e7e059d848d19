import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from nlpcli.__main__ import let_threads_wait
from nlpcli.cli.commands import COMMANDS
from nlpcli.models.cache import ready_to_load, resolve
from nlpcli.pipelines.generation.loading import load_completer
from nlpcli.runtime.device import choose, describe_hardware, describe_without_torch
from tests.tiny import save_causal_lm


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["models", "list"], *([name, "--help"] for name in COMMANDS)], ids=" ".join
)
def test_the_light_path_imports_neither_torch_nor_transformers(arguments):
    command = [sys.executable, "-X", "importtime", "-m", "nlpcli", *arguments]
    imported = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr
    names = {line.rpartition("|")[2].strip() for line in imported.splitlines()}
    assert "nlpcli.cli.app" in names
    assert not names & {"torch", "transformers", "numpy"}
    # What only a run needs: a third of the time of `embed --help`.
    assert "nlpcli.cli.run" not in names


def test_wrong_usage_and_missing_input_have_their_statuses(nlpcli):
    assert nlpcli("embed", "--nonsense").returncode == 2
    missing = nlpcli("embed", "-i", "missing.txt")
    assert missing.returncode == 1
    assert missing.stderr.count(b"\n") == 1


def test_a_short_answer_waits_for_no_modelling_code_of_transformers(tmp_path):
    folder = save_causal_lm(tmp_path / "llama", "llama")
    command = [sys.executable, "-X", "importtime", "-m", "nlpcli", "generate", "-m", str(folder), "--greedy", "a b c"]
    run = subprocess.run([*command, "--max-tokens", "2"], capture_output=True, text=True, check=True, timeout=120)
    names = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines()}
    assert run.stdout.strip()
    assert {"torch", "transformers", "nlpcli.models.llama.weights"} <= names
    # Together they take longer to import than everything else that such an answer needs.
    assert not names & {"transformers.modeling_utils", "torch._dynamo", "torch.distributed.tensor", "sympy", "scipy"}
    # That package reads the heads of all of its models where it is imported.
    assert "transformers.models" not in names


# What each task can do without, by its starter model: together it takes longer to import than everything else.
_MODELING = {"transformers.modeling_utils", "torch._dynamo", "torch.distributed.tensor", "sympy", "scipy", "pyarrow"}
_WITHOUT_TRANSFORMERS = _MODELING | {"transformers", "huggingface_hub", "accelerate", "jinja2", "httpx2", "PIL"}


@pytest.mark.starter
@pytest.mark.parametrize(
    ("line", "without"),
    [
        ("sentiment -m starter/sentiment", _WITHOUT_TRANSFORMERS),
        ("embed -m starter/minilm", _WITHOUT_TRANSFORMERS),
        ("summarize -m starter/minilm", _WITHOUT_TRANSFORMERS),
        ("translate -m starter/en-pt", _WITHOUT_TRANSFORMERS),
    ],
    ids=lambda value: value.split()[0] if isinstance(value, str) else "",
)
def test_a_task_imports_only_what_its_model_needs(pull_starter, line, without):
    pull_starter(line.split()[2])
    command = [sys.executable, "-X", "importtime", "-m", "nlpcli", *line.split(), "--no-server", "I love it."]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    names = {name.rpartition("|")[2].strip() for name in run.stderr.splitlines()}
    assert "torch" in names
    assert not names & without


@pytest.mark.starter
@pytest.mark.skipif(describe_without_torch() is None, reason="torch looks for a GPU here")
@pytest.mark.skipif(not find_spec("onnxruntime"), reason="torch computes where there is no ONNX Runtime")
def test_a_text_that_a_decoder_draws_needs_neither_torch_nor_transformers(starter):
    """With `starter/smollm2` that means half of the time until the first character."""
    tell = lambda text, fraction=None: None  # noqa: E731
    load_completer(ready_to_load(resolve("starter/smollm2", None, True, tell), tell), choose(describe_hardware()))
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-m",
        "nlpcli",
        "generate",
        "--no-server",
        "--seed=1",
        "--max-tokens",
    ]
    run = subprocess.run([*command, "2", "Hello!"], capture_output=True, text=True, check=True, timeout=240)
    names = {name.rpartition("|")[2].strip() for name in run.stderr.splitlines()}
    assert "onnxruntime" in names
    assert not names & {"torch", "transformers", "huggingface_hub", "scipy", "sympy", "pyarrow"}


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}),
        ({"GOMP_SPINCOUNT": "7"}, {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "7"}),
        # The count would win over the policy.
        ({"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "ACTIVE"}),
    ],
)
def test_how_threads_wait_is_the_users_to_say(monkeypatch, own, expected):
    monkeypatch.setattr(os, "environ", dict(own))
    let_threads_wait()
    assert os.environ == expected


def test_no_module_is_taken_from_the_folder_that_the_user_is_in(tmp_path):
    for name in ("typer", "rich", "click", "msgspec", "zstandard", "torch", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not ours')\n")
    command = [sys.executable, "-m", "nlpcli", "config", "show"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)
    assert (done.returncode, "not ours" in done.stderr) == (0, False), done.stderr
