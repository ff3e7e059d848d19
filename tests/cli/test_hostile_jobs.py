"""A folder of a job may have come from anywhere: what its manifest says is checked, and nothing outside is touched."""

import copy
import json
import os

import msgspec
import pytest
import zstandard

from nlpcli.engines.job import Job, ModelSpec
from nlpcli.engines.shards.folder import Compute, InputFacts, JobFolder, Manifest, ShardReport, folder_of
from nlpcli.engines.shards.identity import identity_of
from nlpcli.engines.shards.parts import Outcome, PartBroken, decoded, encoded
from nlpcli.errors import OutputError
from nlpcli.records.inputs import InputSpec
from nlpcli.records.ranges import InputRange, Shard
from nlpcli.tasks.sentiment import SentimentOptions

EXTREMES = [0, -1, 1e308, 10**30, None, "../../x", [], {}, [[]], {"a": 1}, True, "a\nb\x1b[31m", [1] * 3]


@pytest.fixture
def job(tmp_path):
    """The folder of a job of two shards, of which one is done."""
    place = tmp_path / "here"
    place.mkdir()
    folder = JobFolder(folder_of(place / "out.jsonl"))
    folder.make()
    asked = Job("sentiment", SentimentOptions(), InputSpec(), ModelSpec("tiny"))
    shards = [Shard(number, (InputRange(0, number * 9, number * 9 + 9, number, 2),)) for number in (0, 1)]
    command = ["sentiment", "-m", "tiny", "-i", "in.jsonl", "-o", "out.jsonl", "--offline"]
    compute = Compute("cpu", "float32", 1, 64, "float32")
    facts = [InputFacts("in.jsonl", 9, 1, [1], "0" * 64)]
    folder.create(
        Manifest(1, 0, 1.0, command, str(place), identity_of(asked, {}), facts, compute, None, {}, 4, shards=shards)
    )
    folder.mark(ShardReport(0, 0, 2, 0, folder.write_part(0, 0, encoded([Outcome(b"a")])), 0.1))
    folder.close()
    return folder


def places(value, path=()):
    """The way to every value in JSON."""
    yield path
    for key in value if isinstance(value, dict) else range(min(2, len(value))) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def with_value(value, path, new):
    if not path:
        return new
    changed = inside = copy.deepcopy(value)
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = new
    return changed


@pytest.mark.parametrize("file", ["manifest", "shard", "mark"])
def test_whatever_is_written_of_a_job_is_shown_or_refused_in_words(job, file, capsys):
    from nlpcli.cli import jobs
    from nlpcli.errors import NlpcliError

    (log,) = job.path.glob("done-*.jsonl")
    name, line = (log, 0) if file == "mark" else (job.path / "manifest.jsonl", file == "shard")
    lines = name.read_text().splitlines()
    stated = json.loads(lines[line])
    for path in places(stated):
        for new in EXTREMES:
            lines[line] = json.dumps(with_value(stated, path, new))
            name.write_text("\n".join(lines) + "\n")
            try:
                jobs.status(str(job.path.parent / "out.jsonl"), json=True)
                jobs.status(str(job.path.parent / "out.jsonl"), json=False)
                assert capsys.readouterr().out.count("\n") == 4
            except NlpcliError:
                pass
            jobs.list_jobs(str(job.path.parent), json=False)
            assert capsys.readouterr().out.count("\n") == 1


def test_a_broken_job_hides_no_other(call, job, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "here" / ".b\nad.csv.nlpcli-job").mkdir()
    (tmp_path / "here" / ".b\nad.csv.nlpcli-job" / "manifest.jsonl").write_text("{}\n")
    done = call("jobs", "list", tmp_path)
    assert done.status == 0
    assert [line.split("\t")[1] for line in done.output.decode().splitlines()] == ["broken", "unfinished"]
    assert b"is no manifest" in done.complaints


def change(job, **changes):
    path = job.path / "manifest.jsonl"
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps(json.loads(first) | changes), *rest]) + "\n")


@pytest.mark.parametrize(
    "command",
    [
        ["models", "prune", "--yes", "sentiment"], ["jobs", "rm", "--yes", "sentiment"], ["--install-completion", "bash"],
        ["--profile", "x", "models", "prune"], ["embed", "a", "-o", "out.jsonl"], [], ["words"],
        ["sentiment", "-i", "in.jsonl", "-o", "../other.jsonl"], ["sentiment", "-i", "in.jsonl"],
        ["sentiment", "-i", "in.jsonl", "-o", "out.jsonl", "--summary", "../summary.json"],
        ["sentiment", "-i", "in.jsonl", "-o", "out.jsonl", "--why", "--html", "link/page.html"],
    ],
)  # fmt: skip
def test_merge_calls_no_other_command_and_writes_nowhere_else(call, job, command, tmp_path, monkeypatch):
    (tmp_path / "here" / "in.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "here" / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    change(job, command=command)
    before = sorted(tmp_path.rglob("*"))
    done = call("jobs", "merge", "here/out.jsonl")
    assert done.status in (1, 2), done
    assert b"unexpected" not in done.complaints
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_is_a_link_is_neither_written_nor_emptied(job, tmp_path):
    outside = tmp_path / "outside"
    job.path.rename(outside)
    (outside / ".mine.tmp").touch()
    (outside / "notes.part").touch()
    job.path.symlink_to(outside)
    before = sorted(outside.iterdir())
    with pytest.raises(OutputError, match="is a link"):
        job.remove()
    with pytest.raises(OutputError, match="is a link"), job.at_work():
        pass
    assert sorted(outside.iterdir()) == before


def test_a_lock_that_is_a_link_makes_no_file_elsewhere(job, tmp_path):
    (job.path / "lock").symlink_to(tmp_path / "made")
    with pytest.raises(OutputError, match="cannot write"), job.at_work():
        pass
    assert not (tmp_path / "made").exists()


def test_links_and_pipes_in_the_folder_are_neither_followed_nor_waited_for(call, job, tmp_path):
    os.mkfifo(job.path / "done-0.jsonl")
    os.mkfifo(job.path / "0-000001.part")
    (job.path / "broken").symlink_to(tmp_path / "nowhere")
    (job.path / "x.part").touch()
    kept = tmp_path / "kept"
    kept.write_text("mine")
    (job.path / "1-000000.part").symlink_to(kept)
    assert job.read_part(ShardReport(1, 0, 1, 0, "", 0.1)) is None
    job.forget_generations(2)
    assert call("jobs", "list", tmp_path).status == 0
    assert call("jobs", "rm", "--yes", tmp_path / "here" / "out.jsonl").status == 0
    assert not job.path.exists()
    assert kept.read_text() == "mine"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"x", zstandard.compress(b""), zstandard.compress(b"\x91\x01"), zstandard.compress(b"\x91" * 5000),
        zstandard.compress(msgspec.msgpack.encode([[b"k", msgspec.msgpack.Ext(4, b"\x93\xa3abc\x91\x01\xc4\x00")]])),
        zstandard.compress(msgspec.msgpack.encode([[b"k", msgspec.msgpack.Ext(5, b"\x92\x80\x81\xa0\xa2os")]])),
        zstandard.compress(msgspec.msgpack.encode([[b"k", msgspec.msgpack.Ext(3, b"x")]])),
        zstandard.compress(msgspec.msgpack.encode([[b"k", msgspec.msgpack.Ext(9, b"x")]])),
        bytes.fromhex("28b52ffde0") + (1 << 50).to_bytes(8, "little") + bytes(40),
    ],
)  # fmt: skip
def test_a_part_that_is_none_is_broken(data):
    with pytest.raises(PartBroken):
        decoded(data)


def test_a_worker_reads_no_command_that_deletes(job, tmp_path, monkeypatch):
    from nlpcli.cli.planning import plan_of

    monkeypatch.chdir(tmp_path / "here")
    job.path.rename(folder_of(tmp_path / "here" / "embed"))
    assert plan_of(["jobs", "rm", "--yes", "embed"]) is None
    assert plan_of(["--profile", "embed", "jobs", "rm", "--yes", "embed"]) is None
    assert (tmp_path / "here" / ".embed.nlpcli-job" / "manifest.jsonl").exists()
