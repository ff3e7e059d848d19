"""What is said of a run: how far it is, and at its end what it was."""

import json
import re

import pytest

from nlpcli.cli import progress
from tests.tiny import save_causal_lm, save_classifier


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("model") / "bert")


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [json.dumps({"text": f"a b {'c ' * (n % 5)}"} if n != 7 else {"n": 7}) for n in range(300)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    return tmp_path / "in.jsonl"


@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_a_summary_tells_a_program_what_was_done(call, model, source, tmp_path, more):
    done = call("sentiment", "-m", model, "-i", source, "-o", "out.jsonl", "--summary", "s.json", *more)
    assert done.status == 3
    found = json.loads((tmp_path / "s.json").read_text())
    assert (found["records"], found["failed"], found["model"], found["error"]) == (300, 1, str(model), None)
    assert found["device"] == "cpu"
    assert found["tokens"] > found["computed"] > 0
    assert found["seconds"] > 0
    # Both are rounded: seconds to a thousandth, which is much of a run as short as this one.
    slowest, fastest = (found["tokens"] / (found["seconds"] + part) for part in (0.0005, -0.0005))
    assert slowest - 0.05 <= found["tokens_per_second"] <= fastest + 0.05


def test_a_summary_of_texts_that_are_written_counts_their_tokens(call, tmp_path):
    model = save_causal_lm(tmp_path / "gpt2")
    summary = tmp_path / "s.json"
    assert call("generate", "-m", model, "--greedy", "--max-tokens", "4", "--summary", summary, "a b", "c").status == 0
    found = json.loads(summary.read_text())
    assert (found["records"], found["computed"]) == (2, 2)
    assert found["tokens"] > 3


@pytest.mark.parametrize("dtype", ["auto", "float32", "bfloat16", "int8"])
def test_a_summary_says_in_what_a_model_really_computed(call, tmp_path, dtype):
    model = save_causal_lm(tmp_path / "llama", "llama")
    summary = tmp_path / "s.json"
    done = call(
        "generate", "-m", model, "--greedy", "--max-tokens", "2", "--dtype", dtype, "-v", "--summary", summary, "a"
    )
    # Where ONNX Runtime cannot, torch does: the last one that is said is what computes.
    said = re.findall(r"computes in (\w+)", done.complaints.decode())
    assert json.loads(summary.read_text())["dtype"] == said[-1]


def test_what_needs_no_model_is_computed_in_nothing(call, tmp_path):
    assert call("extract", "--mask", "--summary", tmp_path / "s.json", "a@example.org").status == 0
    found = json.loads((tmp_path / "s.json").read_text())
    assert (found["dtype"], found["model"]) == (None, None)


def test_a_summary_says_why_a_run_failed(call, model, source, tmp_path):
    command = ("sentiment", "-m", model, "-i", source, "-o", "out.jsonl", "--summary", "s.json")
    assert call(*command, "--max-errors", "0").status == 4
    assert "more than --max-errors 0" in json.loads((tmp_path / "s.json").read_text())["error"]


def test_a_log_has_a_line_now_and_then_and_one_at_the_end(call, model, source, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "_LOG_SECONDS", 0.0)
    monkeypatch.setattr(progress, "_LONG_SECONDS", 0.0)
    said = call("sentiment", "-m", model, "-i", source, "-o", "out.jsonl").complaints.decode()
    assert "100 records, " in said
    assert " left, " in said
    assert "in.jsonl, cpu, " in said
    assert said.splitlines()[-1].startswith("nlpcli: 300 records, 1 failed, ")
    source.with_name("one.txt").write_text("one\n")
    one = call("sentiment", "-m", model, "-i", source.with_name("one.txt"), "-o", "one.jsonl").complaints.decode()
    assert one.splitlines()[-1].startswith("nlpcli: 1 record, 0 failed, ")
    for silent in ("--quiet", "--no-progress"):
        assert (
            " left, " not in call("sentiment", "-m", model, "-i", source, "-o", "out.jsonl", silent).complaints.decode()
        )


def test_a_pipe_hears_nothing_of_it(call, model, source, monkeypatch):
    monkeypatch.setattr(progress, "_LOG_SECONDS", 0.0)
    monkeypatch.setattr(progress, "_LONG_SECONDS", 0.0)
    assert call("sentiment", "-m", model, stdin=b"a\nb\n").complaints == b""
