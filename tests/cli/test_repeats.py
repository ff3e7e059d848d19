"""`--no-dedupe` and `--cache`: what is computed once in a run, and once in all runs."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nlpcli.engines.result_cache import ResultCache
from tests.tiny import save_classifier


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("model") / "bert")


@pytest.fixture
def computed(call, model, tmp_path, monkeypatch):
    """Runs over 400 records of 4 texts; how many were computed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "in.jsonl").write_text(
        "".join(json.dumps({"text": text}) + "\n" for text in ["a b", "c", "", "d e f"] * 100)
    )

    def run(*options, task="sentiment"):
        (tmp_path / "out.jsonl").unlink(missing_ok=True)
        done = call(task, "-m", model, "-i", "in.jsonl", "-o", "out.jsonl", "--summary", "s.json", *options)
        assert done.status == 0, done.complaints
        run.output = (tmp_path / "out.jsonl").read_text()
        return json.loads((tmp_path / "s.json").read_text())["computed"]

    return run


def test_identical_texts_of_a_run_are_computed_once_unless_each_is_asked_for(computed):
    assert computed() == 4
    once = computed.output
    assert computed("--no-dedupe") == 400
    assert [json.loads(line)["label"] for line in computed.output.splitlines()] == [
        json.loads(line)["label"] for line in once.splitlines()
    ]


@pytest.mark.parametrize("task", ["sentiment", "embed"])
def test_what_one_run_has_computed_another_need_not(computed, call, task):
    assert computed("--cache", task=task) == 4
    first = computed.output
    assert computed("--cache", task=task) == 0
    assert computed.output == first
    assert computed(task=task) == 4
    assert json.loads(call("jobs", "cache", "--json").output)["results"] == 4
    assert computed("--cache", "--resume", task=task) == 0
    assert computed.output == first
    assert b"0 results" in call("jobs", "cache", "--clear").output
    assert computed("--cache", task=task) == 4


def test_what_is_more_than_a_result_of_its_text_is_computed_each_time(call, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path / "cache"))

    def output(*command):
        done = call(*command, "--cache")
        assert (done.status, done.complaints) == (0, b"")
        return done.output

    assert output("attention-inspect", "-m", model, "a b") == output("attention-inspect", "-m", model, "a b")
    output("extract", "--mask", "--map", "map.json", "ada@example.org")
    assert output("extract", "--unmask", "--map", "map.json", "<EMAIL_1>") == b"ada@example.org\n"
    Path("map.json").unlink()
    output("extract", "--mask", "--map", "map.json", "bob@example.org")
    assert output("extract", "--unmask", "--map", "map.json", "<EMAIL_1>") == b"bob@example.org\n"


def test_other_options_are_other_results(computed):
    assert computed("--cache") == 4
    assert computed("--cache", "--all-scores") == 4
    assert computed("--cache", "--dtype", "float32") == 4


def test_a_cache_that_is_broken_is_said_and_done_without(computed, call, model, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "results.sqlite").write_text("this is no database, however long it is" * 100)
    done = call("sentiment", "-m", model, "-i", "in.jsonl", "-o", "out.jsonl", "--cache")
    assert (done.status, b"jobs cache --clear" in done.complaints) == (0, True)
    assert call("jobs", "cache").status == 1
    assert call("jobs", "cache", "--clear").status == 0
    assert computed("--cache") == 4


def test_what_was_used_longest_ago_leaves_a_full_cache(tmp_path):
    path = tmp_path / "results.sqlite"
    cache = ResultCache(path, b"", most_bytes=10_000)
    for number in range(100):
        cache.keep(b"%d" % number, {"text": "x" * 200})
    cache.close()
    with sqlite3.connect(path) as file:
        (size,) = file.execute("SELECT sum(length(result)) FROM results").fetchone()
    assert 5_000 < size <= 7_500


@pytest.mark.parametrize(
    "change",
    [lambda kept: kept[:-1] + b"\xff", lambda kept: kept[:3], lambda kept: b"", lambda kept: 7, lambda kept: None],
)
def test_a_kept_result_that_was_damaged_is_computed_again(change, tmp_path):
    cache = ResultCache(tmp_path / "results.sqlite", b"model")
    cache.keep(b"one", {"score": 0.5})
    cache.keep(b"two", {"score": 0.25})
    cache.close()
    with closing(sqlite3.connect(tmp_path / "results.sqlite")) as file:
        ((key, kept),) = file.execute("SELECT key, result FROM results ORDER BY length(key), key LIMIT 1").fetchall()
        file.execute("UPDATE results SET result = ? WHERE key = ?", (change(kept), key))
        file.commit()
    cache = ResultCache(tmp_path / "results.sqlite", b"model")
    assert len(cache.find([b"one", b"two"])) == 1
    cache.close()
