"""Files that are not on this machine, as input, as output, and where a job is kept: the same bytes as of files here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from itertools import count

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nlpcli.engines.shards import driver, storage
from nlpcli.engines.shards.folder import JobFolder, ShardReport
from nlpcli.errors import InputError
from nlpcli.records import compression
from nlpcli.records.remote import failures
from nlpcli.records.remote.address import Address
from nlpcli.records.remote.buckets import Buckets
from nlpcli.records.remote.protocol import Facts
from tests.faulty_server import faulty_server
from tests.tiny import save_classifier

COUNT = 30
_numbers = count()
NAMES = ["txt", "jsonl", "json", "csv", "tsv", "parquet", "jsonl.gz", "csv.zst", "tsv.bz2", "txt.xz"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("model") / "bert")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(failures, "PAUSES", (0, 0, 0))


@pytest.fixture
def bucket(s3):
    """A folder of its own for each test."""
    return f"bucket/{next(_numbers)}"


def write(path, name, number=7):
    """The same records in the format of that name."""
    rows = [{"text": f"a b {'c d ' * (n % 3)}{n}", "n": n} for n in range(number)]
    format_, _, packed = name.partition(".")
    if format_ == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
        return
    separator = {"csv": ",", "tsv": "\t"}.get(format_, "")
    lines = {
        "txt": [row["text"] for row in rows],
        "jsonl": [json.dumps(row) for row in rows],
        "json": [json.dumps(rows)],
    }.get(format_) or [f"text{separator}n", *(f"{row['text']}{separator}{row['n']}" for row in rows)]
    with path.open("wb") as file:
        stream = compression.compressed(file, f".{packed}") if packed else file
        stream.write("".join(f"{line}\n" for line in lines).encode())
        if packed:
            stream.close()


def test_every_format_goes_from_bucket_to_bucket_as_from_file_to_file(call, model, s3, bucket, tmp_path):
    here = tmp_path / "in"
    here.mkdir()
    for name in NAMES:
        write(here / f"{name.replace('.', '-')}.{name}", name)
        s3.put_file(str(next(here.glob(f"{name.replace('.', '-')}.*"))), f"{bucket}/in/{name.replace('.', '-')}.{name}")
    run = ("sentiment", "-m", model, "-i")
    assert call(*run, here, "-o", f"{tmp_path}/out/").status == 0
    done = call(*run, f"s3://{bucket}/in", "-o", f"s3://{bucket}/out/")
    assert (done.status, done.output, done.complaints) == (0, b"", b"")
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert {name.rpartition("/")[2]: s3.cat_file(name) for name in s3.find(f"{bucket}/out")} == written
    assert len(written) == len(NAMES)


def test_folders_and_patterns_keep_their_tree(call, model, s3, bucket, tmp_path):
    names = ["a.csv", "x/b.csv", "x/.hidden.csv", ".d/c.csv", "x/picture.png", "x/y/"]
    for name in names:
        s3.pipe_file(f"{bucket}/{name}", b"text\na b\n")
    done = call("sentiment", "-m", model, "-i", f"s3://{bucket}/", "-o", f"s3://{bucket}/out/", "-F", "jsonl")
    assert (done.status, done.complaints.count(b"\n")) == (0, 1)
    assert b"1 file of no known format (.png) and 2 hidden are passed over" in done.complaints
    found = [name.removeprefix(f"{bucket}/out/") for name in s3.find(f"{bucket}/out")]
    assert found == ["a.jsonl", "x/b.jsonl"]
    for pattern, expected in [("*.csv", ["a.csv"]), ("**/*.csv", ["a.csv", "x/b.csv"]), ("[!a]*/?.csv", ["x/b.csv"])]:
        assert call("sentiment", "-m", model, "-i", f"s3://{bucket}/{pattern}", "-o", f"{tmp_path}/here/").status == 0
        here = tmp_path / "here"
        assert sorted(path.relative_to(here).as_posix() for path in here.rglob("*.*")) == expected
        for name in expected:
            (here / name).unlink()


def test_a_key_cannot_lead_out_of_the_folder_of_the_outputs(call, model, s3, bucket, tmp_path):
    s3.pipe_file(f"{bucket}/in/../../out.txt", b"a b\n")
    done = call("sentiment", "-m", model, "-i", f"s3://{bucket}/in/", "-o", f"{tmp_path}/d/e/")
    assert (done.status, done.complaints.count(b"\n")) == (2, 1)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_name_that_looks_like_a_pattern_is_a_name_where_there_is_such_a_file(call, model, s3, bucket):
    s3.pipe_file(f"{bucket}/a[1]?.txt", b"a b\n")
    assert call("sentiment", "-m", model, "-i", f"s3://{bucket}/a[1]?.txt").output.count(b"\n") == 1


def test_no_name_of_an_address_is_obeyed_by_a_terminal(call, s3):
    done = call("sentiment", "-m", "no/such-model", "-i", "s3://bucket/a\x1b[31m.jsonl")
    assert (done.status, b"\x1b" in done.complaints, b"\\x1b" in done.complaints) == (1, False, True)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("-i", "s3://bucket/none.txt"), 1, b"no such file or folder: s3://bucket/none.txt"),
        (("-i", "s3://bucket/none/"), 1, b"no such file or folder: s3://bucket/none/"),
        (("-i", "s3://no-bucket/a.txt"), 1, b"no such bucket: no-bucket"),
        (("-i", "s3://no-bucket/*.txt"), 1, b"no such bucket: no-bucket"),
        (("-o", "s3://no-bucket/a.txt", "a b"), 1, b"no such bucket: no-bucket"),
        (("-o", "https://127.0.0.1/a.txt", "a b"), 2, b"read only"),
        (("-i", "ftp://h/a.txt"), 2, b"use one of s3://"),
        (("--summary", "s3://bucket/a.json", "a b"), 2, b"only -i and -o take one"),
        (("-o", "s3://bucket", "a b"), 1, b"names no file"),
        (("-i", "gs://b/a.txt"), 1, b"pip install 'nlpcli[gcs]'"),
        (("-o", "az://b/a.txt", "a b"), 1, b"pip install 'nlpcli[azure]'"),
        (("-i", "s3://bucket/a.txt", "--offline"), 2, b"--offline opens no connection"),
        (("-o", "s3://bucket/a.txt", "--offline", "a"), 2, b"--offline opens no connection"),
        (("-i", "https://h/a.txt", "-o", "hf://datasets/a/b/c.txt", "--resume", "--offline"), 2, b"--offline"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_in_a_line_before_the_work(call, s3, arguments, status, words, monkeypatch):
    for library in ("gcsfs", "adlfs"):
        monkeypatch.setitem(sys.modules, library, None)
    done = call("sentiment", "-m", "no/such-model", *arguments)
    assert (done.status, done.output, done.complaints.count(b"\n")) == (status, b"", 1)
    assert words in done.complaints


@pytest.fixture(scope="module")
def faulty_s3(s3):
    """A server, and a store that asks it."""
    with faulty_server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_S3", server.address)
        store = Buckets("s3")
        store._files.connect()
        yield server, store


def test_what_s3_refuses_is_said_in_a_line(faulty_s3):
    server, store = faulty_s3
    for fault, words in [("403", "access is denied"), ("500", "Error")]:
        server.faults["/b/a.txt"] = [fault] * 99
        with pytest.raises(InputError, match=words) as refused:
            store.facts(Address.of("s3://b/a.txt"))
        assert str(refused.value).isprintable()


def test_a_store_that_breaks_off_is_asked_again_and_what_is_short_is_never_whole(faulty_s3):
    server, store = faulty_s3
    server.files["/b/a.txt"] = data = b"abc" * 1000
    server.faults["/b/a.txt"] = ["break 10", "503"]
    facts = Facts(Address.of("s3://b/a.txt"), len(data), None)
    assert store.read(facts, 0, len(data)) == data
    with pytest.raises(InputError, match="broke off"):
        store.read(facts, 0, len(data) + 1)


def test_without_credentials_it_is_said_how_to_give_some(s3, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(InputError, match="no credentials; set AWS_PROFILE"):
        Buckets("s3").facts(Address.of("s3://bucket/a.txt"))


def test_what_cannot_be_sent_at_the_end_is_kept_here(call, model, s3, bucket, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    def refuse(*_):
        raise PermissionError("403")

    monkeypatch.setattr(s3, "put_file", refuse)
    done = call("sentiment", "-m", model, "a b", "-o", f"s3://{bucket}/o.jsonl")
    assert done.status == 1
    (kept,) = tmp_path.glob("nlpcli-*")
    assert str(kept).encode() in done.complaints
    assert json.loads(kept.read_bytes())["label"]
    assert s3.find(bucket) == []


class PowerCut(BaseException):
    """The process is gone at once."""


def test_a_job_in_a_bucket_goes_on_wherever_it_ended(call, model, s3, bucket, tmp_path, monkeypatch):
    write(tmp_path / "in.jsonl", "jsonl", COUNT)
    s3.put_file(str(tmp_path / "in.jsonl"), f"{bucket}/in.jsonl")
    monkeypatch.setattr(driver, "_SHARD_SIZE", 500)
    here = ("-i", tmp_path / "in.jsonl", "-o", tmp_path / "out.csv.gz")
    assert call("sentiment", "-m", model, *here, "--resume").status == 0
    run = ("sentiment", "-m", model, "-i", f"s3://{bucket}/in.jsonl", "-o", f"s3://{bucket}/out.csv.gz", "--resume")
    put, left = Buckets.put, [0]

    def cut(self, *arguments, **options):
        left[0] -= 1
        if left[0] <= 0:
            raise PowerCut
        return put(self, *arguments, **options)

    monkeypatch.setattr(Buckets, "put", cut)
    for before in (1, 2, 3):  # of the manifest, then of parts and marks
        left[0] = before
        with pytest.raises(PowerCut):
            call(*run)
        for thread in threading.enumerate():
            if thread.name.startswith("nlpcli-shard"):
                thread.join()  # nothing of a process outlives it
        assert not s3.exists(f"{bucket}/out.csv.gz")
    monkeypatch.setattr(Buckets, "put", put)
    assert call(*run).status == 0
    assert s3.cat_file(f"{bucket}/out.csv.gz") == (tmp_path / "out.csv.gz").read_bytes()
    assert b"nothing to do" in call(*run).complaints


def test_jobs_of_a_bucket_are_shown_merged_and_removed(call, model, s3, bucket, monkeypatch):
    monkeypatch.setattr(driver, "_SHARD_SIZE", 70)
    s3.pipe_file(f"{bucket}/in.txt", b"".join(b"a b %02d\n" % n for n in range(COUNT)))
    output = f"s3://{bucket}/out.txt"
    run = ("sentiment", "-m", model, "-i", f"s3://{bucket}/in.txt", "-o", output)
    assert call(*run, "--shard", "1/2").status == 0
    assert b"2 of 3 shards are missing" in call("jobs", "merge", output).complaints
    assert call(*run, "--shard", "2/2").status == 0
    assert call("jobs", "merge", output).status == 0
    assert s3.cat_file(f"{bucket}/out.txt").count(b"\n") == COUNT
    (state,) = json.loads(call("jobs", "list", f"s3://{bucket}/", "--json").output)
    assert (state["output"], state["state"], state["done"]) == (output, "finished", COUNT)
    s3.pipe_file(f"{bucket}/in.txt", b"a b\n")
    assert b"in.txt has changed" in call(*run, "--resume").complaints
    assert call(*run, "--update").status == 0
    assert s3.cat_file(f"{bucket}/out.txt").count(b"\n") == 1
    assert call("jobs", "rm", "--yes", output).status == 0
    assert b"there is no job" in call("jobs", "status", output).complaints
    assert len(s3.find(bucket)) == 2


def test_a_log_of_many_lines_is_kept_in_some_objects(s3, bucket, monkeypatch):
    monkeypatch.setattr(storage, "_LINES", 4)
    folder = JobFolder(Address.of(f"s3://{bucket}/.o.nlpcli-job"))
    for number in range(10):
        folder.mark(ShardReport(number, 0, 1, 0, "", 0.0))
    assert len(s3.find(bucket)) == 3
    assert [*JobFolder(folder.path).marks(0)[0]] == list(range(10))


def test_files_of_this_machine_and_pipes_import_nothing_of_it(tmp_path):
    (tmp_path / "a.txt").write_text("a\n")
    code = (
        "import sys; from nlpcli.records.inputs import *; from nlpcli.records.readers import *; import nlpcli.cli.run;"
        "from nlpcli.records.output_folder import *;"
        f"spec = InputSpec(paths=({str(tmp_path / 'a.txt')!r},)); assert list(read_records(spec, input_files(spec)));"
        "assert list(read_records(s := InputSpec(), input_files(s)));"
        "print(*sys.modules)"
    )
    imported = subprocess.run(
        [sys.executable, "-c", code], input=b"b\n", capture_output=True, check=True
    ).stdout.split()
    assert b"nlpcli.records.remote.address" in imported
    heavy = rb"(fsspec|s3fs|aiohttp|botocore|urllib\.request|http\.client|ssl|nlpcli\.records\.remote\.(?!address)).*"
    assert [name for name in imported if re.fullmatch(heavy, name)] == []
