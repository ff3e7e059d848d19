"""What is asked of a model's insides (`--compare`, `--ablate`, `--why` …) over odd texts and models: never a traceback."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.tiny import save_causal_lm, save_classifier
from tests.tiny_attention import save_attention_model
from tests.tiny_translation import save_m2m100

TEXTS = [
    "a b c", "a", "!", "", " \t", "\u00a0\u200b\ufeff", "a שלום b مرحبا", "👩‍👩‍👧‍👦 a 🇵🇹", "e\u0301\u0301 q\u0327", "猫", "[CLS] [SEP] </s> a",
    "a\x1b[31m\x00\x07b\x9b c\u202ed", "a\r\nb\u2028c", "a \ud83d b", "a b c d " * 150,
]  # fmt: skip


def spoiled(folder):
    weights = load_file(folder / "model.safetensors")
    broken = {name: torch.full_like(one, float("nan")) if one.ndim > 1 else one for name, one in weights.items()}
    save_file(broken, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with models of each kind, and a file with all texts."""
    folder = tmp_path_factory.mktemp("odd")
    made = {
        "bert": save_classifier, "gpt2": save_causal_lm, "m2m": save_m2m100, "encoder": save_attention_model,
        "decoder": lambda folder: save_attention_model(folder, "gpt2"), "both": lambda folder: save_attention_model(folder, "bart"),
        "nan": lambda folder: spoiled(save_attention_model(folder)), "nanbert": lambda folder: spoiled(save_classifier(folder)),
    }  # fmt: skip
    for name, save in made.items():
        (folder / name).mkdir()
        save(folder / name)
    (folder / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    return folder


INSPECT = ("attention-inspect", "-m")


@pytest.mark.parametrize(
    "command",
    [
        *((*INSPECT, model, *more) for model in ("encoder", "decoder", "nan") for more in (
            ("--compare", "a c"), ("--compare-model", "encoder"), ("--ablate", "0.0", "--ablate", "1.3"), ("--verify",),
            ("--method", "integrated-gradients"), ("--method", "rollout"), ("--method", "gradient"),
        )),
        (*INSPECT, "encoder", "--compare", ""), (*INSPECT, "encoder", "--compare-model", "decoder", "--compare", "שלום"),
        (*INSPECT, "encoder", "--pair", ""),
        ("sentiment", "-m", "bert", "--why"), ("sentiment", "-m", "nanbert", "--why"),
        ("generate", "-m", "gpt2", "--why", "--raw", "--greedy", "--max-tokens", "2"),
        ("translate", "-m", "m2m", "--why", "--from", "en", "--to", "fr"),
        ("embed", "-m", "encoder", "--search", "a", "--why"),
        ("embed", "-m", "nan", "--search", "a", "--why"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_odd_text_has_a_result_or_an_error_in_words(call, place, command, monkeypatch):
    monkeypatch.chdir(place)
    done = call(*command, "-i", "in.jsonl", "-F", "jsonl", "--dtype", "float32", "--quiet")
    check(done, (0, 1, 3))
    rows = [json.loads(line, parse_constant=pytest.fail) for line in done.output.splitlines()]
    if done.status != 1 and command[0] != "embed":
        assert len(rows) == len(TEXTS)
    assert all("unexpected" not in (row.get("error") or "") for row in rows)


@pytest.mark.parametrize(
    "command",
    [
        *((*INSPECT, "encoder", *more, "a b") for more in (
            ("--layer", "9"), ("--head", "9"), ("--ablate", "9.0"), ("--ablate", "0.9"), ("--ablate", "cross:0.0"), ("--ablate", "-3.0"),
            ("--part", "vision"), ("--compare", "a", "--head", "9"), ("--compare-model", "nowhere"), ("--compare-model", "in.jsonl"),
            ("--compare", "", "--layer", "9"), ("--compare-model", "both", "--layer", "7"),
        )),
        (*INSPECT, "encoder", "--compare", "", "--html", "no/where.html", "a"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_is_not_there_is_refused_in_one_line(call, place, command, monkeypatch):
    monkeypatch.chdir(place)
    done = call(*command)
    check(done, (1, 2, 3))
    assert done.complaints or done.status == 3


@pytest.mark.parametrize("name", ["encoder", "both", "nan"])
@pytest.mark.parametrize(
    "more", [("--compare", "b 😀"), ("--compare", ""), ("--compare-model", "decoder"), ("--ablate", "0.1")]
)
def test_a_page_of_an_odd_text_is_whole_or_not_written(call, place, name, more, monkeypatch, tmp_path):
    monkeypatch.chdir(place)
    page = tmp_path / "page.html"
    done = call(*INSPECT, name, *more, "--html", page, "a </script><b>שלום 👩‍👩‍👧‍👦 e\u0301")
    check(done, (0, 1, 2, 3))
    assert page.exists() == (done.status == 0)
    if page.exists():
        text = page.read_text(encoding="utf-8")
        assert text.rstrip().endswith("</html>")
        assert "</script><b>" not in text


def check(done, statuses):
    complaints = done.complaints.decode()
    assert done.status in statuses, complaints
    assert all(line.startswith("nlpcli: ") for line in complaints.splitlines()), complaints
    assert "unexpected" not in complaints
    assert "\x1b" not in complaints
