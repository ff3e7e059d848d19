"""What is read and what is not, with a model behind it."""

import gzip
import io
import json
import shlex
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.warm_python import nlpcli_command

pytestmark = pytest.mark.starter


def parquet(**columns):
    target = io.BytesIO()
    pq.write_table(pa.table(columns), target)
    return target.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_parquet_in_a_pipe_comes_out_as_parquet(embed, pack):
    done = embed("--dim", "2", stdin=pack(parquet(text=["x", "y"], n=[1, 2])))
    table = pq.read_table(io.BytesIO(done.output))
    assert (done.status, table.column("n").to_pylist()) == (0, [1, 2])
    assert b"as its first bytes say" in done.complaints
    empty = embed("--dim", "2", stdin=pack(parquet(text=pa.array([], pa.string()))))
    assert pq.read_table(io.BytesIO(empty.output)).schema.names[0] == "text"


def test_text_in_a_pipe_comes_out_as_text(embed):
    for text in (b"x\n", "x\n".encode("utf-16"), gzip.compress(b"x\n")):
        assert len(embed("--dim", "3", stdin=text).output.split()) == 3


def test_a_folder_gives_the_same_records_whenever_its_results_lie_in_it(sentiment, tmp_path):
    (tmp_path / "a.txt").write_text("I love it.\n")
    for name in ("out.jsonl", "out.csv", "out.txt"):
        for _ in range(3):
            assert sentiment("-i", tmp_path, "-o", tmp_path / name, "-F", "jsonl").status == 0
            assert len((tmp_path / name).read_text().splitlines()) == 1
        (tmp_path / name).unlink()


def test_a_file_is_replaced_by_its_results(sentiment, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "I love it."}\n' * 2000)
    assert sentiment("-i", path, "-o", path).status == 0
    assert [json.loads(line)["label"] for line in path.read_text().splitlines()] == ["positive"] * 2000


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
@pytest.mark.parametrize("line", ["-i . > out.txt", "-i . >> out.txt", "-i . | tee out.txt", "-i . 2> err.txt"])
def test_a_run_whose_results_go_into_its_folder_ends(starter, tmp_path, line):
    (tmp_path / "a.txt").write_text("I love it.\n")
    (tmp_path / "b.txt").write_text("I hate it.\n")
    command = f"{shlex.join(nlpcli_command())} embed --dim 1 {line}"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
    written = (tmp_path / "out.txt").read_text() if "out.txt" in line else done.stdout
    assert len(written.splitlines()) == 2


@pytest.mark.parametrize("options", [[], ["-0"], ["--encoding", "utf-16-le"], ["--input-format", "txt"]])
def test_nul_bytes_in_a_pipe_are_said_unless_somebody_has_named_them(embed, options):
    done = embed("--dim", "2", *options, stdin="one\ntwo\n".encode("utf-16-le"))
    assert (done.status, b"stdin has NUL bytes in it" in done.complaints) == (0, not options)
