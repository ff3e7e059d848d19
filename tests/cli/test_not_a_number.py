"""Models whose weights hold NaN, as a training that went wrong leaves them: an error of each record, in every task."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from nlpcli.records.finite import NOT_A_NUMBER
from tests.tiny import save_causal_lm, save_classifier, save_seq2seq, save_token_classifier
from tests.tiny_attention import save_attention_model
from tests.tiny_translation import save_m2m100, save_t5


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


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a model of each kind that says NaN."""
    folder = tmp_path_factory.mktemp("nan")
    made = {
        "encoder": save_attention_model, "entities": save_token_classifier, "seq2seq": save_seq2seq, "m2m": save_m2m100,
        "t5": save_t5,
    }  # fmt: skip
    for name, save in made.items():
        (folder / name).mkdir()
        save(folder / name)
        spoiled(folder / name)
    return folder


_DOCUMENT = "a b c. d e f. " * 5


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("embed", "-m", "encoder", "--precision", "int8"), "a"),
        (("embed", "-m", "encoder", "--precision", "binary"), "a"),
        (("extract", "-m", "entities"), "a b"),
        (("summarize", "-m", "encoder", "--method", "extractive"), _DOCUMENT),
        (("summarize", "-m", "seq2seq"), _DOCUMENT),
        (("translate", "-m", "m2m", "--from", "en", "--to", "fr"), "a b"),
        (("translate", "-m", "m2m", "--from", "en", "--to", "fr", "--beams", "3", "--scores"), "a b"),
        (("translate", "-m", "t5", "--from", "en", "--to", "fr"), "a b"),
        (("words", "nearest", "-m", "encoder"), "a"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_nothing_is_chosen_by_what_is_no_number(call, place, arguments, text, monkeypatch):
    monkeypatch.chdir(place)
    done = call(*arguments, "-F", "jsonl", "--dtype", "float32", text)
    assert done.status == 3, done.complaints
    (row,) = [json.loads(line) for line in done.output.splitlines()]
    assert row["error"] == NOT_A_NUMBER


def test_an_array_of_no_vectors_at_all_is_refused_in_words(call, place, monkeypatch):
    monkeypatch.chdir(place)
    done = call("embed", "-m", "encoder", "-o", "x.npy", "a")
    assert (done.status, b"no record has a vector" in done.complaints) == (1, True)
    assert not (place / "x.npy").exists()


def test_a_vector_that_is_too_long_for_float32_is_named(call, tmp_path):
    (tmp_path / "v.txt").write_text("a 1 2\nb 3e38 3e38\n")
    done = call("words", "nearest", "-m", tmp_path / "v.txt", "a")
    assert (done.status, b"v.txt:2: the vector of b is longer than float32 can say" in done.complaints) == (1, True)
