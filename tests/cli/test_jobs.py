"""`--resume` and its like, and `nlpcli jobs`: what is done is never computed twice, and what is not is never missed."""

from __future__ import annotations

import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nlpcli.engines.shards.driver import ShardedJob
from nlpcli.engines.shards.folder import JobFolder, folder_of
from nlpcli.engines.shards.runner import ShardRunner
from tests.tiny import save_causal_lm, save_classifier

COUNT = 2500


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("model") / "bert")


@pytest.fixture(scope="module")
def rows():
    chance = random.Random(0)
    return [{"text": " ".join(chance.choices("abcdefghij", k=9)), "n": n} for n in range(COUNT)]


@pytest.fixture
def computed(monkeypatch):
    """How many records the model was given, run by run."""
    counts = []
    done = ShardRunner._done

    def counted(self, number, records):
        counts.append(len(records))
        return done(self, number, records)

    monkeypatch.setattr(ShardRunner, "_done", counted)
    return counts


@pytest.fixture
def job(call, model, rows, tmp_path, monkeypatch):
    """A command over a file of `COUNT` records."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in.jsonl", rows)
    return lambda *options: call("sentiment", "-m", model, "-i", "in.jsonl", *options)


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet", "out.json.gz", "out.txt"])
def test_parts_that_were_computed_apart_make_the_same_file(job, call, tmp_path, name):
    assert job("-o", name, "--resume").status == 0
    whole = (tmp_path / name).read_bytes()
    assert call("jobs", "rm", "--yes", name).status == 0
    (tmp_path / name).unlink()
    assert job("-o", name, "--shard", "2/2").status == 0
    refused = call("jobs", "merge", name)
    assert (refused.status, b"1 of 3 shards are missing" in refused.complaints) == (1, True)
    assert not (tmp_path / name).exists()
    assert job("-o", name, "--shard", "1/2").status == 0
    assert call("jobs", "merge", name).status == 0
    assert (tmp_path / name).read_bytes() == whole


def test_a_run_goes_on_where_it_ended(job, computed, tmp_path):
    assert job("-o", "out.jsonl", "--shard", "1/3").status == 0
    del computed[:]
    assert job("-o", "out.jsonl", "--resume").status == 0
    assert sum(computed) < COUNT
    assert [row["n"] for row in read(tmp_path / "out.jsonl")] == list(range(COUNT))
    del computed[:]
    assert b"nothing to do" in job("-o", "out.jsonl", "--resume").complaints
    (tmp_path / "out.jsonl").unlink()
    assert job("-o", "out.jsonl", "--resume").status == 0
    assert len(read(tmp_path / "out.jsonl")) == COUNT
    assert computed == []


@pytest.mark.parametrize(
    "harm", ["part gone", "part cut", "part of others", "mark cut", "mark of bytes", "mark gone", "half a file"]
)
def test_what_is_not_marked_or_not_as_marked_is_computed_again(job, tmp_path, harm):
    assert job("-o", "out.jsonl", "--resume").status == 0
    whole = (tmp_path / "out.jsonl").read_bytes()
    folder = folder_of(tmp_path / "out.jsonl")
    first, second, *_ = sorted(folder.glob("*.part"))
    (log,) = folder.glob("done-*.jsonl")
    if harm == "part gone":
        first.unlink()
    elif harm == "part cut":
        first.write_bytes(first.read_bytes()[:-9])
    elif harm == "part of others":
        first.write_bytes(second.read_bytes())
    elif harm == "mark cut":
        log.write_bytes(log.read_bytes()[:-40])
    elif harm == "mark of bytes":
        log.write_bytes(log.read_bytes()[:-40] + b'\n{"done": {"sha256": "\xff"}}\n')
    elif harm == "mark gone":
        log.unlink()
    else:
        (tmp_path / "out.jsonl").write_bytes(whole[:100])
    assert job("-o", "out.jsonl", "--resume").status == 0
    (tmp_path / "out.jsonl").unlink()
    assert job("-o", "out.jsonl", "--resume").status == 0
    assert (tmp_path / "out.jsonl").read_bytes() == whole


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--all-scores",), "all-scores was false and is true"),
        (("--threshold", "0.5"), "threshold was null and is 0.5"),
        (("--field", "n"), 'field was "text" and is "n"'),
        (("--dtype", "float32"), 'dtype was "auto" and is "float32"'),
        (("-m", "other"), "--model was"),
    ],
)
def test_another_option_or_model_is_named_and_refused(job, tmp_path, options, named):
    save_classifier(tmp_path / "other")
    assert job("-o", "out.jsonl", "--shard", "1/3").status == 0
    for more in ((), ("--update",)):
        done = job("-o", "out.jsonl", "--resume", *more, *options)
        assert (done.status, named in done.complaints.decode()) == (2, True), done.complaints


def test_a_model_whose_files_changed_is_refused(job, model, tmp_path, call):
    own = save_classifier(tmp_path / "own")
    command = ("sentiment", "-m", own, "-i", "in.jsonl", "-o", "out.jsonl", "--resume")
    assert call(*command).status == 0
    save_classifier(own, "bert", labels=("negative", "neither", "positive"))
    done = call(*command)
    assert (done.status, b"own has changed (config.json)" in done.complaints) == (2, True), done.complaints


def test_changed_input_is_refused_and_alone_computed_with_update(job, rows, computed, tmp_path):
    assert job("-o", "out.jsonl", "--resume").status == 0
    before = read(tmp_path / "out.jsonl")
    new = {"text": "z y x", "n": -1}
    write(tmp_path / "in.jsonl", [new, *rows[:700], *rows[800:], {"text": "x z", "n": -2}])
    done = job("-o", "out.jsonl", "--resume")
    assert (done.status, b"in.jsonl has changed" in done.complaints) == (2, True)
    assert read(tmp_path / "out.jsonl") == before
    del computed[:]
    assert job("-o", "out.jsonl", "--update").status == 0
    assert sum(computed) == 2
    after = read(tmp_path / "out.jsonl")
    assert after[1:-1] == before[:700] + before[800:]
    assert [after[0]["n"], after[-1]["n"]] == [-1, -2]
    assert len({path.name[:2] for path in folder_of(tmp_path / "out.jsonl").glob("*.part")}) == 1


def test_results_are_written_again_where_they_are_asked_for_otherwise(job, rows, computed, tmp_path):
    """Nothing is computed for that."""
    write(tmp_path / "in.jsonl", [{"n": 0}, *rows[:20]])
    assert job("-o", "out", "-F", "jsonl", "--resume").status == 3
    del computed[:]
    for options, status in (
        (("-F", "jsonl", "--on-error", "skip"), 3),
        (("-F", "jsonl"), 3),
        (("-F", "csv"), 3),
        (("-F", "text"), 3),
        (("-F", "text", "--on-error", "fail"), 1),
        (("-F", "text", "--max-errors", "0"), 4),
    ):
        assert job("-o", "plain", *options).status == status
        assert job("-o", "out", *options, "--resume").status == status
        assert (tmp_path / "out").read_bytes() == (tmp_path / "plain").read_bytes(), options
    assert job("-o", "out", "-F", "text", "--resume").complaints.count(b"nothing to do") == 1
    assert computed == []


def test_a_page_beside_results_that_are_there_is_made(job, rows, tmp_path):
    write(tmp_path / "in.jsonl", rows[:2])
    assert job("-o", "out.jsonl", "--why", "--resume").status == 0
    assert job("-o", "out.jsonl", "--why", "--html", "why.html", "--resume").status == 0
    assert (tmp_path / "why.html").stat().st_size > 0


def test_the_output_of_an_input_that_is_gone_is_named(call, model, rows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        write(tmp_path / "in" / name, rows[:5])
    command = ("sentiment", "-m", model, "-i", "in", "-o", "out/", "-F", "csv")
    assert call(*command, "--resume").status == 0
    (tmp_path / "in" / "b.jsonl").unlink()
    done = call(*command, "--update")
    assert (done.status, b"b.csv is of an input that is gone" in done.complaints) == (0, True), done.complaints
    assert b"is gone" not in call(*command, "--update").complaints


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("-o", "in.jsonl", "--resume"), 2, "put no results in its place"),
        (("-o", "no/out.jsonl", "--resume"), 1, "there is no folder"),
        (("-o", "out.jsonl", "--summary", "out.jsonl"), 2, "would be written twice"),
        (("-o", "out.jsonl", "--summary", "./in.jsonl"), 2, "read by this run"),
        (("-o", "out.jsonl", "--summary", "no/s.json"), 1, "its folder is not there"),
        (("-o", "out.jsonl", "--summary", "."), 1, "it is a folder"),
    ],
)
def test_what_would_lose_something_or_come_to_nothing_is_refused_before_it_begins(job, tmp_path, options, status, said):
    before = (tmp_path / "in.jsonl").read_bytes()
    done = job(*options)
    assert (done.status, said in done.complaints.decode()) == (status, True), done.complaints
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"in.jsonl": before}


def test_another_command_is_named_and_its_options_are_not(call, job, model, rows, tmp_path):
    write(tmp_path / "in.jsonl", rows[:2])
    assert job("-o", "out.jsonl", "--resume").status == 0
    done = call("embed", "-m", model, "-i", "in.jsonl", "-o", "out.jsonl", "--resume")
    assert (done.status, b'was "sentiment" and is "embed"; go on' in done.complaints) == (2, True), done.complaints


def test_input_that_was_only_touched_is_the_same(job, computed, tmp_path):
    assert job("-o", "out.jsonl", "--shard", "1/3").status == 0
    content = (tmp_path / "in.jsonl").read_bytes()
    (tmp_path / "in.jsonl").unlink()
    (tmp_path / "in.jsonl").write_bytes(content)
    assert job("-o", "out.jsonl", "--resume").status == 0


def test_only_what_failed_is_computed_again_and_takes_its_place(call, job, rows, computed, tmp_path, monkeypatch):
    assert job("-o", "good.jsonl", "--resume").status == 0
    done = ShardRunner._done

    def failing(self, number, records):
        found = done(self, number, records)
        for record in found:
            if record.fields["n"] % 1000 == 7:
                record.result, record.error = None, "the device is busy"
        return found

    with monkeypatch.context() as patched:
        patched.setattr(ShardRunner, "_done", failing)
        assert job("-o", "out.jsonl", "--resume").status == 3
    assert [row["n"] for row in read(tmp_path / "out.jsonl") if "error" in row] == [7, 1007, 2007]
    assert job("-o", "out.jsonl", "--resume").status == 3  # nothing to do, and still some failed
    del computed[:]
    assert job("-o", "out.jsonl", "--retry-errors").status == 0
    assert sum(computed) == 3
    found, good = read(tmp_path / "out.jsonl"), read(tmp_path / "good.jsonl")
    assert [row["label"] for row in found] == [row["label"] for row in good]
    state = json.loads(call("jobs", "status", "out.jsonl", "--json").output)
    assert (state["failed"], state["done"], state["state"]) == (0, COUNT, "finished")


@pytest.mark.parametrize(
    ("most", "status"), [("0", 4), ("2", 4), ("3", 3), ("0.1%", 4), ("1%", 3), ("x", 2), ("-1", 2), ("101%", 2)]
)
def test_a_run_that_goes_wrong_ends_with_a_status_of_its_own(job, rows, tmp_path, most, status):
    write(tmp_path / "in.jsonl", [row if row["n"] % 1000 != 5 else {"n": row["n"]} for row in rows])
    done = job("-o", "out.jsonl", "--max-errors", most)
    assert done.status == status, done.complaints
    assert (tmp_path / "out.jsonl").exists() == (status == 3)


def test_identical_texts_of_a_shard_are_computed_once(job, computed, tmp_path):
    write(tmp_path / "in.jsonl", [{"text": "a b"}, {"text": "c"}] * 400)
    assert job("-o", "out.jsonl", "--resume").status == 0
    assert computed == [2]
    assert len({json.dumps(row) for row in read(tmp_path / "out.jsonl")}) == 2


def test_sampled_texts_are_drawn_apart_and_the_same_after_a_resume(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = save_causal_lm(tmp_path / "gpt2")
    write(tmp_path / "in.jsonl", [{"text": "a b c"}] * 600)
    command = ("generate", "-m", model, "-i", "in.jsonl", "--max-tokens", "3", "--temperature", "2", "--seed", "5")
    assert call(*command, "-o", "out.jsonl", "--resume").status == 0
    texts = [row["completion"] for row in read(tmp_path / "out.jsonl")]
    assert len(set(texts)) > 50
    assert texts[:256] != texts[256:512]
    assert call(*command, "-o", "other.jsonl", "--shard", "2/3").status == 0
    assert call(*command, "-o", "other.jsonl", "--resume").status == 0
    assert (tmp_path / "other.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes()


def test_what_needs_no_model_is_kept_too_and_what_is_numbered_through_is_not(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in.jsonl", [{"text": "The solar panels of the solar farm are new."}] * 2)
    assert (
        call("extract", "--keyphrases", "--method", "yake", "-i", "in.jsonl", "-o", "o.jsonl", "--resume").status == 0
    )
    assert read(tmp_path / "o.jsonl")[1]["keyphrases"]
    for way in (("--mask", "--map", "map.json"), ("--unmask", "--map", "map.json")):
        assert call("extract", *way, "-i", "in.jsonl", "-o", "m.jsonl").status == 0
        done = call("extract", *way, "-i", "in.jsonl", "-o", "n.jsonl", "--resume")
        assert (done.status, b"of all records together" in done.complaints) == (2, True)


def test_a_folder_keeps_one_output_per_input(call, model, rows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in" / "sub").mkdir(parents=True)
    write(tmp_path / "in" / "a.jsonl", rows[:1500])
    pq.write_table(pa.Table.from_pylist(rows[1500:]), tmp_path / "in" / "sub" / "b.parquet")
    command = ("sentiment", "-m", model, "-i", "in", "-F", "jsonl", "-o")
    assert call(*command, "plain/").status == 0
    assert call(*command, "out/", "--shard", "2/2").status == 0
    assert call(*command, "out/", "--resume").status == 0
    for name, part in (("a.jsonl", rows[:1500]), ("sub/b.jsonl", rows[1500:])):
        found = read(tmp_path / "out" / name)
        assert [row["n"] for row in found] == [row["n"] for row in part]
        assert [row["label"] for row in found] == [row["label"] for row in read(tmp_path / "plain" / name)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a text", "-o", "o.jsonl"), "need files"),
        (("-i", "in.jsonl"), "kept beside the output"),
        (("-i", "-", "-o", "o.jsonl"), "need files"),
        (("-i", "in.jsonl", "-o", "/dev/null"), "no file"),
        (("-i", "in.jsonl", "-o", "o.jsonl", "--aggregate"), "of all records together"),
        (("-i", "in.jsonl", "-o", "o.jsonl", "--shard", "0/3"), "--shard takes I/N"),
        (("-i", "in.jsonl", "-o", "o.jsonl", "--shard", "4/3"), "--shard takes I/N"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_anything_is_done(call, model, job, tmp_path, arguments, said):
    done = call("sentiment", "-m", model, "--resume", *arguments)
    assert (done.status, said in done.complaints.decode()) == (2, True), done.complaints
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl"}


def test_a_setting_keeps_what_can_be_kept_and_nothing_else(call, model, job, tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_text("resume = true\n")
    monkeypatch.setenv("NLPCLI_CONFIG", str(tmp_path / "config.toml"))
    assert call("sentiment", "-m", model, stdin=b"a\n").status == 0
    assert job("-o", "tally.jsonl", "--aggregate").status == 0
    assert call("jobs", "list").output == b""
    assert job("-o", "out.jsonl").status == 0
    assert b"out.jsonl\tfinished" in call("jobs", "list").output


def test_two_runs_of_one_job_are_not_at_work_at_a_time(job, tmp_path):
    assert job("-o", "out.jsonl", "--shard", "1/3").status == 0
    with JobFolder(folder_of(tmp_path / "out.jsonl")).at_work((1, 3)):
        assert job("-o", "out.jsonl", "--shard", "2/3").status == 0
        for options in (("--resume",), ("--shard", "1/3")):
            done = job("-o", "out.jsonl", *options)
            assert (done.status, b"another run is at work on" in done.complaints) == (1, True)


def test_without_being_asked_nothing_is_kept(job, tmp_path):
    assert job("-o", "out.jsonl").status == 0
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "out.jsonl"}


def test_jobs_are_listed_shown_and_removed(call, job, tmp_path):
    assert job("-o", "out.jsonl", "--shard", "1/3").status == 0
    (listed,) = json.loads(call("jobs", "list", "--json").output)
    assert (listed["state"], listed["done"], listed["records"], listed["task"]) == (
        "unfinished",
        1024,
        COUNT,
        "sentiment",
    )
    assert b"1,024 of 2,500 records" in call("jobs", "list").output
    shards = json.loads(call("jobs", "status", "out.jsonl", "--json").output)["shards"]
    assert [shard["state"] for shard in shards] == ["done", "missing", "missing"]
    assert [shard["ranges"][0]["start"] for shard in shards][1] == shards[0]["ranges"][0]["stop"]
    assert call("jobs", "rm", "out.jsonl").status == 2  # nobody was there to say yes
    assert call("jobs", "rm", "--dry-run", "out.jsonl").status == 0
    assert call("jobs", "rm", "--yes", "out.jsonl").status == 0
    assert call("jobs", "list").output == b""
    assert call("jobs", "status", "out.jsonl").status == 2
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl"}


def test_shards_that_several_runners_compute_make_the_same_file(job, tmp_path, monkeypatch):
    """As on several GPUs, of which there are none here."""
    assert job("-o", "one.jsonl", "--resume").status == 0
    begun = []

    def runners(self, shards, retry_errors):
        begun.extend(self._runners_on(["cpu", "cpu", "cpu"]))
        return begun

    monkeypatch.setattr(ShardedJob, "_runners", runners)
    assert job("-o", "three.jsonl", "--resume").status == 0
    assert (tmp_path / "three.jsonl").read_bytes() == (tmp_path / "one.jsonl").read_bytes()
    assert len({*map(id, begun)}) == 3
