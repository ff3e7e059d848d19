"""`nlpcli bench` on a tiny model: what it prints, keeps, and what `auto` makes of it."""

import json

import pytest

from nlpcli.engines import local
from nlpcli.engines.bench import Trial, agree, best
from nlpcli.engines.job import ComputeSpec, Job, ModelSpec
from nlpcli.kernels.linear import libraries
from nlpcli.records.inputs import InputSpec
from nlpcli.records.record import Origin, Record
from nlpcli.runtime import device
from nlpcli.runtime.bench_results import measurements
from nlpcli.runtime.device import describe_hardware
from nlpcli.tasks.sentiment import SentimentOptions
from nlpcli.tasks.translate import TranslateOptions
from tests.tiny import save_classifier, save_token_classifier
from tests.tiny_translation import save_bergamot


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("model"))


@pytest.fixture
def quick(quick_bench, monkeypatch, tmp_path):
    """Runs of a few texts, and a cache and settings of its own."""
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "config.toml").touch()
    monkeypatch.setenv("NLPCLI_CONFIG", str(tmp_path / "config.toml"))


def rows_of(done):
    assert done.status == 0, done.complaints
    return [line.split("\t") for line in done.output.decode().splitlines()]


def test_every_setting_is_a_row_and_one_of_them_the_fastest(call, model, quick):
    head, *rows = rows_of(call("bench", "sentiment", "-m", str(model), "--device", "cpu"))
    assert head == ["dtype", "batch", "threads", "texts/s", "tokens/s", "results"]
    assert [row[-1].endswith("fastest") for row in rows].count(True) == 1
    assert {row[0] for row in rows} == {"float32", "bfloat16"}
    assert len({row[1] for row in rows}) > 1
    assert all(float(row[3].replace(",", "")) > 0 for row in rows)


@pytest.fixture
def without_bfloat16(monkeypatch):
    monkeypatch.setattr(device, "_cpu_flags", lambda: frozenset({"sse2", "avx2"}))


@pytest.mark.skipif("fbgemm" not in libraries(), reason="this build of torch has no FBGEMM")
@pytest.mark.usefixtures("without_bfloat16")
def test_float32_is_float32_and_what_auto_takes_is_called_by_its_name(call, quick, tmp_path):
    student = save_bergamot(tmp_path)
    # What a tiny model translates is searched for anew, with more beams, as long as the text is.
    (tmp_path / "x.txt").write_text("a\n")
    arguments = ["-m", str(student), "--device", "cpu", "-i", str(tmp_path / "x.txt"), "--json"]
    rows = json.loads(call("bench", "translate", *arguments).output)
    assert next(row["dtype"] for row in rows if not row["automatic"]) == "float32"
    assert {row["dtype"] for row in rows if row["automatic"]} == {"int8"}
    (fastest,) = [row for row in rows if row["best"]]
    assert fastest["same_results"] or fastest["automatic"]
    job = Job("translate", TranslateOptions(), InputSpec(), ModelSpec(str(student)), ComputeSpec("cpu"))
    assert local.place(job, describe_hardware())[0].asked == fastest["dtype"]


def test_what_auto_takes_anyway_may_be_the_best_whatever_its_results():
    first, int8 = trial(100), Trial("int8", 1024, 2, 200, None, False, automatic=True)
    assert best([first, int8]) is int8
    assert best([first, int8, trial(500, same=False)]) is int8


@pytest.mark.usefixtures("without_bfloat16")
def test_devices_tells_what_auto_takes_for_each_task(call):
    shown = call("devices", "--device", "cpu").output.decode()
    for task in ("embed", "sentiment", "summarize"):
        assert f"{task}\tint8 with dynamic activation scales" in shown
    assert "translate\tint8 with the published activation scales" in shown
    assert "generate\tint8 in blocks of 64, by ONNX Runtime" in shown
    assert "extract\tfloat32 (it is computed in one way" in shown
    assert "warning\tthis CPU emulates float16" in call("devices", "--dtype", "float16").output.decode()


@pytest.mark.usefixtures("without_bfloat16")
def test_a_run_in_an_emulated_dtype_says_once_that_it_is_slow(call, model):
    spoken = call(
        "sentiment", "-m", str(model), "--dtype", "bfloat16", "--device", "cpu", "a b", "c"
    ).complaints.decode()
    assert spoken.count("this CPU emulates bfloat16") == 1


def test_what_was_measured_is_kept_shown_and_used(call, model, quick):
    rows = json.loads(call("bench", "sentiment", "-m", str(model), "--device", "cpu", "--json").output)
    (fastest,) = [row for row in rows if row["best"]]
    (kept,) = measurements()
    assert (kept.dtype, kept.batch_tokens, kept.threads) == (
        fastest["dtype"],
        fastest["batch_tokens"],
        fastest["threads"],
    )
    shown = call("devices", "--device", "cpu").output.decode()
    assert f"measured\tsentiment with {model} on cpu: {kept.dtype}, {kept.batch_tokens:,} padded tokens" in shown
    (job,) = [Job("sentiment", SentimentOptions(), InputSpec(), ModelSpec(str(model)), ComputeSpec("cpu"))]
    placement, found = local.place(job, describe_hardware())
    assert (found, placement.dtype) == (kept, kept.dtype)
    assert "nlpcli bench" in placement.dtype_reason


def test_config_show_says_what_auto_is(call, model, quick, monkeypatch):
    call("bench", "sentiment", "-m", str(model), "--device", "cpu")
    (kept,) = measurements()
    monkeypatch.setenv("NLPCLI_MODEL", str(model))
    rows = {row[0]: row[1:] for row in rows_of(call("config", "show", "sentiment"))}
    assert rows["sentiment.batch_tokens"] == ["auto", f"default; nlpcli bench measured {kept.batch_tokens} on cpu"]


def test_a_flag_stands_over_what_was_measured(call, model, quick):
    call("bench", "sentiment", "-m", str(model), "--device", "cpu")
    compute = ComputeSpec("cpu", "float16")
    job = Job("sentiment", SentimentOptions(), InputSpec(), ModelSpec(str(model)), compute)
    assert local.place(job, describe_hardware())[0].dtype == "float16"


def test_a_dry_run_keeps_nothing_and_texts_can_be_given(call, model, quick, tmp_path):
    (tmp_path / "x.csv").write_text("review\na b c.\nd e.\n")
    arguments = ["-i", str(tmp_path / "x.csv"), "--field", "review"]
    rows_of(call("bench", "sentiment", "-m", str(model), "--device", "cpu", "--dry-run", *arguments))
    assert measurements() == []


def test_a_task_that_fills_its_rows_itself_is_measured_in_texts(call, quick, decoder, tmp_path):
    (tmp_path / "x.jsonl").write_text('{"text": "a b c"}\n{"text": "d e"}\n')
    arguments = ["-i", str(tmp_path / "x.jsonl"), "--device", "cpu", "--dry-run"]
    _, *rows = rows_of(call("bench", "generate", "-m", str(decoder), *arguments))
    assert {row[4] for row in rows} == {"-"}


@pytest.fixture(scope="module")
def decoder(tmp_path_factory):
    from tests import tiny

    return tiny.save_causal_lm(tmp_path_factory.mktemp("decoder"))


def test_a_broken_file_of_measurements_and_those_of_another_machine_count_as_none(quick, tmp_path, call, model):
    (tmp_path / "cache").mkdir()
    for content in ("{oops", "[1]", '[{"task": "embed"}]'):
        (tmp_path / "cache" / "measurements.json").write_text(content)
        assert measurements() == []
    call("bench", "sentiment", "-m", str(model), "--device", "cpu")
    text = (tmp_path / "cache" / "measurements.json").read_text()
    (tmp_path / "cache" / "measurements.json").write_text(text.replace(" cores, torch ", " cores, torch 1."))
    assert measurements() == []


def test_texts_that_fail_are_no_speed(call, quick, decoder, tmp_path):
    done = call("bench", "generate", "-m", str(decoder), "--device", "cpu")
    assert (done.status, b"give texts that the model takes: -i FILE" in done.complaints) == (1, True)


def test_an_empty_file_is_said(call, quick, tmp_path):
    (tmp_path / "x.txt").write_text("")
    done = call("bench", "embed", "-i", str(tmp_path / "x.txt"))
    assert (done.status, b"no text in" in done.complaints) == (1, True)


def trial(speed, same=True, budget=1024):
    return Trial("float32", budget, 2, speed, None, same)


def test_other_results_are_never_the_best_and_noise_changes_nothing():
    first = trial(100)
    assert best([first, trial(500, same=False)]) is first
    assert best([first, trial(104)]) is first
    assert best([first, trial(110, budget=2048)]).batch_tokens == 2048


def records(*results):
    return [Record("", {}, Origin("x", number), result=result) for number, result in enumerate(results)]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"label": "a", "score": 0.91}, {"label": "a", "score": 0.92}, True),
        ({"label": "a", "score": 0.91}, {"label": "b", "score": 0.91}, False),
        ({"label": "a", "score": 0.91}, {"label": "a", "score": 0.81}, False),
        ({"embedding": [1.0, 0.0]}, {"embedding": [0.9999, 0.0001]}, True),
        ({"embedding": [1.0, 0.0]}, {"embedding": [0.7, 0.7]}, False),
        ({"completion": "a cat"}, {"completion": "a dog"}, False),
        ({"completions": ["a", "b"]}, {"completions": ["a", "b"]}, True),
        (None, None, True),
        ({"label": "a"}, None, False),
    ],
)
def test_results_are_the_same_where_words_are_and_numbers_nearly(one, other, same):
    assert agree(records(one), records(other)) == same


def test_extract_is_measured_in_what_its_classifier_of_tokens_computes_in(call, quick, tmp_path):
    folder = save_token_classifier(tmp_path / "tokens")
    done = call("bench", "extract", "-m", str(folder), "--device", "cpu", "--json", "--dry-run")
    rows = json.loads(done.output)
    assert "float32" in {row["dtype"] for row in rows}
    assert all(row["tokens_per_second"] for row in rows)


@pytest.mark.parametrize("dtype", ["float32", "auto", "bfloat16", "int8"])
def test_a_pipeline_of_spacys_has_one_way_to_be_computed(call, tmp_path, dtype):
    tasks = json.loads(call("devices", "--json", "--device", "cpu", "--dtype", dtype).output)["tasks"]
    assert {tasks[task]["dtype"] for task in ("extract", "words", "bias")} == {"float32"}
    assert tasks["extract"]["kernel"] == "as torch does"
