"""`nlpcli attention-inspect` as a user runs it."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from tiny_attention import save_attention_model

from nlpcli.pipelines.attention import pipeline as pipeline_module

TEXT = "The cat sat on the mat because it was tired."


@pytest.fixture
def inspect(call):
    def run(*arguments, **more):
        return call("attention-inspect", *arguments, **more)

    return run


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return {
        family: save_attention_model(tmp_path_factory.mktemp(family), family)
        for family in ("bert", "llama", "marian", "bergamot")
    }


@pytest.fixture
def wrong_scale(monkeypatch):
    """Every model computes with a scale that its configuration does not say."""
    load = pipeline_module.load_attention_model

    def load_wrongly(*arguments):
        model = load(*arguments)
        for module in model.modules():
            if hasattr(module, "scaling"):
                module.scaling *= 1.05
        return model

    monkeypatch.setattr(pipeline_module, "load_attention_model", load_wrongly)


def eager(folder, text, auto_class):
    import torch
    from transformers import AutoTokenizer

    model = auto_class.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    with torch.no_grad():
        outputs = model(**AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt"), output_attentions=True)
    return torch.stack(outputs.attentions)[:, 0].numpy()


@pytest.mark.starter
def test_the_arrays_of_minilm_are_those_of_transformers(starter, inspect, tmp_path):
    from transformers import AutoModel

    done = inspect(TEXT, "--npz", tmp_path / "a.npz")
    assert (done.status, done.output) == (0, b"")
    arrays = np.load(tmp_path / "a.npz")
    assert arrays["tokens"].tolist()[:3] == ["[CLS]", "the", "cat"]
    assert arrays["attention"].shape == (6, 12, 13, 13)
    assert arrays["attention"].dtype == np.float32
    np.testing.assert_allclose(arrays["attention"], eager(starter, TEXT, AutoModel), atol=1e-6)
    np.testing.assert_allclose(arrays["attention"].sum(-1), 1, atol=1e-5)


@pytest.mark.starter
@pytest.mark.parametrize("model", ["starter/minilm", "starter/smollm2"])
def test_the_starter_models_compute_the_formula(model, pull_starter, inspect):
    pull_starter(model)
    done = inspect("-m", model, "--verify", TEXT)
    assert done.status == 0, done.complaints
    lines = done.output.decode().splitlines()
    assert lines[0].split() == ["attention", "layer", "softmax", "×", "V", "×", "W^O"]
    assert len(lines) == {"starter/minilm": 6, "starter/smollm2": 30}[model] + 2
    assert lines[-1].endswith("the layers compute the formula")


@pytest.mark.starter
def test_the_arrays_of_smollm2_are_those_of_transformers(pull_starter, inspect, tmp_path):
    from transformers import AutoModelForCausalLM

    folder = pull_starter("starter/smollm2")
    assert inspect("-m", "starter/smollm2", "今天天气很好。", "--npz", tmp_path / "a.npz").status == 0
    arrays = np.load(tmp_path / "a.npz")
    expected = eager(folder, "今天天气很好。", AutoModelForCausalLM)
    np.testing.assert_allclose(arrays["attention"], expected, atol=1e-6)
    assert "".join(arrays["tokens"])[:4] == "今¹今²"


def test_a_translation_has_its_arrays_and_an_alignment(tiny, inspect, tmp_path):
    done = inspect("-m", tiny["marian"], "a b c", "--pair", "x y", "--npz", tmp_path / "a.npz", "-F", "text")
    assert done.status == 0
    arrays = np.load(tmp_path / "a.npz")
    assert arrays["output_tokens"].tolist() == ["[CLS]", "x", "y", "[SEP]"]
    assert arrays["cross_attention"].shape == (2, 4, 4, 5)
    assert arrays["decoder_attention"].shape == (2, 4, 4, 4)
    assert arrays["attention"].shape == (2, 4, 5, 5)
    report = done.output.decode()
    assert "\nx     ← " in report
    assert report.index("cross-attention") < report.index("alignment: ")


def test_a_model_without_decoder_attention_has_no_such_array(tiny, inspect, tmp_path):
    assert inspect("-m", tiny["bergamot"], "a b c", "--pair", "x y", "--npz", tmp_path / "a.npz").status == 0
    assert set(np.load(tmp_path / "a.npz").files) == {
        "tokens", "output_tokens", "attention", "layers", "heads", "cross_attention", "cross_layers", "cross_heads",
    }  # fmt: skip


def test_rollout_and_gradient_have_their_arrays(tiny, inspect, tmp_path):
    for method, name, shape in (("rollout", "rollout", (5, 5)), ("gradient", "gradient", (1, 2, 5, 5))):
        options = ("--method", method, "--layer", "-1", "--head", "0,2", "--npz", tmp_path / "a.npz")
        assert inspect("-m", tiny["bert"], "a b c", *options).status == 0
        arrays = np.load(tmp_path / "a.npz")
        assert arrays[name].shape == shape
        assert (arrays["layers"].tolist(), arrays["heads"].tolist()) == ([1], [0, 2])


def test_a_wrong_scale_ends_the_run_with_1(tiny, inspect, wrong_scale):
    done = inspect("-m", tiny["llama"], "--verify", "a b c d")
    assert done.status == 1
    assert done.complaints.startswith(b"nlpcli: largest difference ")
    assert done.complaints.count(b"\n") == 1
    assert "differs" in done.output.decode()
    assert done.output.decode().endswith("the layers do not compute the formula\n")


def test_verify_also_fails_where_its_outcome_is_not_shown(tiny, inspect, wrong_scale, tmp_path):
    arguments = ("--verify", "a b c d", "-o", tmp_path / "a.jsonl", "--html", tmp_path / "a.html")
    assert inspect("-m", tiny["bert"], *arguments).status == 1
    (row,) = map(json.loads, (tmp_path / "a.jsonl").read_text().splitlines())
    assert max(check["weights"] for check in row["verification"]) > 1e-4
    assert inspect("-m", tiny["bert"], *arguments[1:]).status == 0


@pytest.mark.parametrize("part", ["query", "value", "output.dense"])
@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_model_with_nan_fails_its_record_and_its_verification(part, number, inspect, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = save_attention_model(tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    name = next(
        name for name in weights if f"layer.1.attention.{'self.' if '.' not in part else ''}{part}.weight" in name
    )
    weights[name][1, 1] = number
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    done = inspect("-m", folder, "--verify", "a b c")
    assert (done.status, done.complaints.count(b"\n")) == (1, 1)
    assert b"NaN or infinite" in done.complaints
    assert b"the layers compute the formula" not in done.output
    files = [tmp_path / "a.html", tmp_path / "a.npz"]
    for method in ("raw", "rollout", "gradient"):
        done = inspect("-m", folder, "a b c", "--method", method, "--html", files[0], "--npz", files[1])
        assert done.status != 0
        assert b"not a number" in done.complaints
        assert not any(file.exists() for file in files)


def test_jsonl_has_a_summary_for_each_head_and_its_links(tiny, inspect):
    done = inspect("-m", tiny["bert"], "-F", "jsonl", "--top", "2", "a b c")
    row = json.loads(done.output)
    assert list(row) == ["text", "tokens", "heads"]
    assert row["tokens"] == ["[CLS]", "a", "b", "c", "[SEP]"]
    assert [(head["layer"], head["head"]) for head in row["heads"]] == [
        (layer, head) for layer in (0, 1) for head in range(4)
    ]
    for head in row["heads"]:
        first, second = head["links"]
        assert first["weight"] >= second["weight"]
        assert row["tokens"][first["key"]] == first["key_token"]
        assert 0 <= head["entropy"] <= np.log2(5)


def test_parquet_keeps_the_summaries(tiny, inspect, tmp_path):
    assert inspect("-m", tiny["bert"], "-o", tmp_path / "a.parquet", "a b", "c").status == 0
    rows = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert [len(row["heads"]) for row in rows] == [8, 8]
    assert rows[1]["tokens"] == ["[CLS]", "c", "[SEP]"]


def test_layers_and_heads_are_lists_ranges_and_from_the_end(tiny, inspect):
    done = inspect("-m", tiny["bert"], "-F", "jsonl", "--layer", "-1", "--head", "0,2-3", "a b")
    places = [(head["layer"], head["head"]) for head in json.loads(done.output)["heads"]]
    assert places == [(1, 0), (1, 2), (1, 3)]


def test_each_file_is_a_document_and_each_is_reported(tiny, inspect, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("a b\nc d\n")
    done = inspect("-m", tiny["bert"], "-i", tmp_path, "-F", "jsonl")
    assert [json.loads(line)["tokens"][1:-1] for line in done.output.splitlines()] == [["a", "b", "c", "d"]] * 2
    assert inspect("-m", tiny["bert"], stdin=b"a b\nc").output.decode().startswith(str(tiny["bert"])[:20])


def test_a_text_that_is_too_long_keeps_its_place_and_says_why(tiny, inspect):
    done = inspect("-m", tiny["bert"], "-F", "jsonl", "a b", "a " * 30, "c")
    rows = [json.loads(line) for line in done.output.splitlines()]
    assert done.status == 3
    assert [row["heads"] is None for row in rows] == [False, True, False]
    assert rows[1]["error"].startswith("32 tokens, and the model takes 24 at a time")


def test_an_empty_text_keeps_its_place(tiny, inspect, tmp_path):
    done = inspect("-m", tiny["llama"], "-F", "jsonl", "", "a")
    assert [json.loads(line)["tokens"] for line in done.output.splitlines()] == [[], ["a"]]
    assert inspect("-m", tiny["llama"], "").output == b"(no tokens)\n"
    done = inspect("-m", tiny["llama"], "", "--npz", tmp_path / "a.npz")
    assert done.status == 1
    assert b"is not written: the text has no tokens" in done.complaints


def test_what_is_written_to_files_is_not_printed_too_unless_asked_for(tiny, inspect, tmp_path):
    files = ("--html", tmp_path / "a.html", "--png", tmp_path / "a.svg", "--npz", tmp_path / "a.npz")
    assert inspect("-m", tiny["llama"], "a b c", *files).output == b""
    assert {path.name for path in tmp_path.iterdir()} == {"a.html", "a.svg", "a.npz"}
    assert json.loads(inspect("-m", tiny["llama"], "a b c", *files, "-F", "jsonl").output)["tokens"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--layer", "x"], '--layer takes numbers below 10,000, such as 3 or 0,2 or 4-7, not "x"'),
        (["--head", "7-4"], '--head takes numbers below 10,000, such as 3 or 0,2 or 4-7, not "7-4"'),
        (["--layer", "9"], "--layer 9 is not there; the model has 0 to 1"),
        (["--html", "a.html", "second"], "--html, --png and --npz hold one text; give one TEXT, and run once for each"),
        (["--part", "text"], "--part chooses between two, and "),
        (["--png", "a.pdf"], "--png draws .png or .svg, not a.pdf"),
        (
            ["--verify", "--dtype", "bfloat16"],
            "--verify compares float32 with the formula, not bfloat16; leave --dtype",
        ),
        (
            ["--method", "gradient", "--dtype", "int8"],
            "--method gradient cannot go through int8 weights; leave --dtype",
        ),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_to_do(arguments, complaint, tiny, inspect):
    done = inspect("-m", tiny["bert"], "a b", *arguments)
    assert done.status == 2
    assert complaint in done.complaints.decode()
    assert done.complaints.count(b"\n") == 1


def test_a_second_text_from_a_file_is_refused_where_files_hold_one(tiny, inspect, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n{"text": "b"}\n')
    done = inspect("-m", tiny["bert"], "-i", tmp_path / "a.jsonl", "--npz", tmp_path / "a.npz")
    assert done.status == 1
    assert b"a.jsonl:2 is another; run once for each" in done.complaints


def test_float32_is_the_default_whatever_the_machine_has(tiny, inspect):
    spoken = inspect("-m", tiny["bert"], "-v", "a b").complaints.decode()
    assert "computes in float32: " in spoken


def test_the_answer_without_heads_is_a_table_and_a_field(inspect, tiny):
    done = inspect("-m", tiny["llama"], "--ablate", "0.1", "--ablate", "-1.0", "a b c")
    assert done.status == 0, done.complaints
    lines = done.output.decode().splitlines()
    assert "the next token without heads" in " ".join(lines)
    for name in ("(as it is)", "without 0.1", "without 1.0", "without 0.1 + 1.0"):
        assert any(line.startswith(name) for line in lines), lines
    rows = [line for line in lines if line.startswith(("(as it is)", "without "))]
    assert {line[len(rows[0]) - 5] for line in rows} == {"."}, "the numbers stand below each other"
    done = inspect("-m", tiny["bergamot"], "--ablate", "cross:0.1", "-F", "jsonl", "a b c")
    found = json.loads(done.output)["ablation"]
    assert found["answer"] == "output"
    (without,) = found["without"]
    assert without["without"] == [{"attention": "cross", "layer": 0, "head": 1}]
    assert without["difference"] == pytest.approx(without["log_probability"] - found["log_probability"], abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ablate", "9.0"], "--ablate 9.0 is not there; the model has the layers and heads self: 0 to 1"),
        (["--ablate", "one"], '--ablate takes a layer and a head, such as 2.7 or cross:2.7, not "one"'),
        (["--ablate", "0.0", "--verify"], "leave it out, or --ablate"),
        (["--method", "integrated-gradients", "--verify"], "leave it out, or --method integrated-gradients"),
    ],
)
def test_what_cannot_be_ablated_is_refused(inspect, tiny, arguments, said):
    done = inspect("-m", tiny["bert"], *arguments, "a b c")
    assert done.status == 2
    assert said in done.complaints.decode()


def test_integrated_gradients_are_shown_with_their_error(inspect, tiny):
    done = inspect("-m", tiny["bert"], "--method", "integrated-gradients", "a b c")
    assert done.status == 0, done.complaints
    assert "completeness error" in " ".join(done.output.decode().split())
    done = inspect("-m", tiny["bert"], "--method", "integrated-gradients", "-F", "jsonl", "a b c")
    found = json.loads(done.output)["attribution"]
    assert sum(token["score"] for token in found["tokens"]) == pytest.approx(
        found["value"] - found["baseline"] - found["error"], abs=1e-4
    )


def test_two_texts_stand_side_by_side(inspect, tiny, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    done = inspect("-m", tiny["bert"], "--compare", "a x c", "a b c")
    assert done.status == 0, done.complaints
    lines = done.output.decode().splitlines()
    assert lines[0].startswith("difference of heads")
    assert any("first: " in line and "second: " in line for line in lines)
    assert max(map(len, lines)) <= 100
    done = inspect("-m", tiny["bert"], "--compare", "a x c", "-F", "jsonl", "a b c")
    found = json.loads(done.output)["comparison"]
    assert found["tokens"] == ["[CLS]", "a", "x", "c", "[SEP]"]
    assert len(found["heads"]) == 8
    assert all(0 < head["distance"] <= 1 for head in found["heads"])


def test_a_text_beside_itself_differs_nowhere(inspect, tiny):
    done = inspect("-m", tiny["bergamot"], "--compare", "a b c", "-F", "jsonl", "a b c")
    assert {head["distance"] for head in json.loads(done.output)["comparison"]["heads"]} == {0.0}


def test_two_models_stand_side_by_side(inspect, tiny, tmp_path):
    other = save_attention_model(tmp_path / "other", "bert", num_hidden_layers=1)
    done = inspect("-m", tiny["bert"], "--compare-model", other, "-F", "jsonl", "a b c")
    assert done.status == 0, done.complaints
    found = json.loads(done.output)["comparison"]
    assert found["model"] == str(other)
    assert {head["layer"] for head in found["heads"]} == {0}
    done = inspect("-m", tiny["bert"], "--compare-model", other, "--html", tmp_path / "both.html", "a b c")
    assert done.status == 0, done.complaints
    assert "Self: difference" in (tmp_path / "both.html").read_text()


def test_what_cannot_be_compared_is_refused(inspect, tiny):
    done = inspect("-m", tiny["bert"], "--compare", "a", "--verify", "b")
    assert done.status == 2
    assert b"which --verify has none of" in done.complaints
