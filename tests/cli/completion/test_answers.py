"""What the scripts ask nlpcli for at a Tab."""

import gzip
import os
import resource
import statistics
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nlpcli.cli.completion.answers import KINDS, answer
from nlpcli.cli.completion.columns import columns
from nlpcli.cli.syntax import Values

from . import shells


@pytest.fixture
def ask(capfdbinary):
    def asked(kind, *words):
        answer(kind, list(words))
        return [line.split("\t")[0] for line in capfdbinary.readouterr().out.decode().splitlines()]

    return asked


@pytest.fixture(autouse=True)
def only_this_home(environment, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)


def test_whatever_a_script_asks_for_has_an_answer():
    assert set(KINDS) == {values.value for values in Values if values.value.islower()}


def test_models_are_those_of_the_catalogue_and_of_the_caches(ask):
    assert {"starter/minilm", "starter/sentiment", "owner/tiny"} <= set(ask("models"))
    assert ask("cached") == ["owner/tiny", "starter/minilm"]


def test_devices_profiles_and_languages(ask):
    assert ask("devices")[:2] == ["auto", "cpu"]
    assert ask("profiles") == ["gpu"]
    assert "en" in ask("languages")


TABLES = {
    "x.csv": "id,review\n1,x\n",
    "x.tsv": "id\treview\n1\tx\n",
    "x.jsonl": '{"id": 1, "review": "x"}\n{"id": 2, "other": 3}\n',
    "x.json": '[{"id": 1, "review": "x"}, {"id": 2}]',
    "bom.csv": "\ufeffid,review\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_fields_are_the_columns_of_the_input(ask, tmp_path, name):
    (tmp_path / name).write_text(TABLES[name], encoding="utf-8")
    for words in (["-i", name], ["--input", name], [f"--input={name}"], ["-i", f"'{name}'"]):
        assert ask("fields", "embed", *[word.replace(name, str(tmp_path / name)) for word in words], "--field", "") == [
            "id",
            "review",
        ]


def test_fields_are_those_of_every_file_behind_i(ask, tmp_path):
    for name, header in (("a.csv", "id,a"), ("b.csv", "id,b"), ("c.csv", "c")):
        (tmp_path / name).write_text(f"{header}\n")
    files = [str(tmp_path / name) for name in ("a.csv", "b.csv", "c.csv")]
    assert ask("fields", "embed", "-i", *files[:2], "-F", files[2], "--field", "") == ["id", "a", "b"]
    assert ask("fields", "embed", f"-i{files[0]}", files[2], "--field", "") == ["id", "a", "c"]


def test_a_name_that_would_move_the_cursor_is_not_offered(ask, tmp_path):
    (tmp_path / "a.csv").write_text('"two\nlines",\x1b[2J,plain,"tab\there"\n')
    (tmp_path / "a.jsonl").write_text('{"\\ud800": 1, "\\u001b[2J": 1, "plain": 1}\n')
    for name in ("a.csv", "a.jsonl"):
        assert ask("fields", "-i", str(tmp_path / name)) == ["plain"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_fields_are_read_as_the_bytes_say(tmp_path, encoding):
    (tmp_path / "a.csv").write_bytes(gzip.compress("id,评论\n".encode(encoding)))
    assert columns(str(tmp_path / "a.csv")) == ["id", "评论"]
    pq.write_table(pa.table({"评论": ["x"]}), tmp_path / "b.csv")
    assert columns(str(tmp_path / "b.csv")) == ["评论"]


@pytest.mark.parametrize("compression", ["gz", "bz2", "xz", "zst"])
def test_fields_of_compressed_input(tmp_path, compression):
    from nlpcli.records.outputs import output_stream

    path = tmp_path / f"x.csv.{compression}"
    with output_stream(str(path), f".{compression}") as stream:
        stream.write(b"id,review\n1,x\n")
    assert columns(str(path)) == ["id", "review"]


def test_fields_of_parquet_are_read_without_pyarrow(tmp_path):
    nested = {"id": [1], "评论": ["x"], "place": [{"town": "a", "tags": [1, 2]}], "list": [["y"]], "last": [True]}
    pq.write_table(pa.table(nested), tmp_path / "x.parquet")
    assert columns(str(tmp_path / "x.parquet")) == list(nested)
    many = {f"column_{number}": [number] for number in range(40)}
    pq.write_table(pa.table(many), tmp_path / "many.parquet")
    assert columns(str(tmp_path / "many.parquet")) == list(many)


def test_plain_text_has_no_fields_and_a_format_can_be_named(ask, tmp_path):
    (tmp_path / "x.txt").write_text("id,review\n")
    assert ask("fields", "-i", str(tmp_path / "x.txt")) == []
    assert ask("fields", "-i", str(tmp_path / "x.txt"), "--input-format", "csv") == ["id", "review"]


@pytest.mark.parametrize("content", [b"", b"{oops", b"PAR1", b"\xff\xfe\x00"])
@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.parquet", "x.csv.gz", "missing/x.csv"])
def test_a_broken_file_is_answered_with_nothing(ask, tmp_path, name, content):
    if "/" not in name:
        (tmp_path / name).write_bytes(b"\x1f\x8b\x08" + content if name.endswith(".gz") else content)
    assert ask("fields", "-i", str(tmp_path / name)) == []


def test_a_broken_configuration_and_a_broken_manifest_are_answered_with_nothing(ask, tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_text("= =")
    monkeypatch.setenv("NLPCLI_CONFIG", str(tmp_path / "config.toml"))
    assert ask("profiles") == []
    (tmp_path / "models" / "starter--x").mkdir(parents=True)
    (tmp_path / "models" / "starter--x" / "nlpcli-model.json").write_text("{oops")
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path))
    assert ask("cached") == []
    assert ask("no such kind") == []


def test_an_answer_imports_nothing_heavy():
    for kind in KINDS:
        command = [sys.executable, "-X", "importtime", "-m", "nlpcli", "embed", "-i", "reviews.csv"]
        done = subprocess.run(
            command, env={**os.environ, "_NLPCLI_COMPLETE": kind}, capture_output=True, text=True, check=True
        )
        names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert not names & {"typer", "rich", "pydantic", "numpy", "torch", "pyarrow", "huggingface_hub", "orjson"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_tab_is_answered_within_a_tenth_of_a_second(kind, home):
    """On a machine with other work too: so what counts is the CPU time, beside that of Python itself, which starts in
    15 ms on an idle one."""

    def seconds(*command, **environment):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *command], env={**os.environ, **environment}, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    words = ["-m", "nlpcli", "embed", "-i", str(home / "reviews.csv")]
    pairs = [(seconds(*words, _NLPCLI_COMPLETE=kind), seconds("-c", "pass")) for _ in range(5)]
    answers, bare = zip(*pairs, strict=True)
    assert min(answers) < 0.1 or statistics.median(answers) / statistics.median(bare) < 5


def test_an_answer_of_a_process_is_a_value_a_tab_and_a_description():
    first = shells.answer("models").splitlines()[0]
    assert first.split("\t")[0] == "starter/minilm"
    assert first.count("\t") == 1
