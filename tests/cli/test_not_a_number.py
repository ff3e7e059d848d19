"""Models whose weights hold NaN, as a training that went wrong leaves them: an error of each record, in every task."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from nlpcli.records.finite import NOT_A_NUMBER
from tests.tiny import save_causal_lm, save_classifier


def spoiled(folder):
    """The model in `folder` with NaN in every matrix."""
    weights = load_file(folder / "model.safetensors")
    broken = {
        name: torch.full_like(tensor, float("nan")) if tensor.ndim > 1 else tensor for name, tensor in weights.items()
    }
    save_file(broken, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return spoiled(save_classifier(tmp_path_factory.mktemp("nan") / "bert"))


@pytest.fixture(scope="module")
def decoder(tmp_path_factory):
    return spoiled(save_causal_lm(tmp_path_factory.mktemp("nan") / "gpt2"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("sentiment",),
        ("sentiment", "--all-scores"),
        ("embed",),
        ("embed", "--precision", "float16"),
        ("embed", "--search", "a"),
        ("attention-inspect",),
    ],
)
def test_a_record_of_an_encoder_has_an_error(call, classifier, arguments):
    command, *options = arguments
    done = call(command, "-m", classifier, *options, "-F", "jsonl", "--dtype", "float32", "a b", "c")
    rows = [json.loads(line) for line in done.output.splitlines()]
    assert done.status == 3
    assert [row["error"] for row in rows] == [NOT_A_NUMBER] * 2
    assert b"NaN" not in done.output.replace(NOT_A_NUMBER.encode(), b"")


@pytest.mark.parametrize("options", [("--greedy",), ("--seed", "1")])
def test_a_record_of_a_decoder_has_an_error(call, decoder, options):
    done = call("generate", "-m", decoder, *options, "-F", "jsonl", "a b", "c")
    rows = [json.loads(line) for line in done.output.splitlines()]
    assert done.status == 3
    assert [(row["completion"], row["error"]) for row in rows] == [(None, NOT_A_NUMBER)] * 2


def test_a_record_of_a_prompted_summary_has_an_error(call, decoder):
    done = call("summarize", "-m", decoder, "--length", "short", "-F", "jsonl", "a b c d e. " * 3, "c d e f. " * 3)
    rows = [json.loads(line) for line in done.output.splitlines()]
    assert done.status == 3
    assert [row["error"] for row in rows] == [NOT_A_NUMBER] * 2
