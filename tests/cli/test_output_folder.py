"""`-o DIR/` and `-o -`: one output for each input file, and standard output by name."""

from __future__ import annotations

import gzip

import pytest

from tests.tiny import save_classifier


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("model") / "bert", "bert")


@pytest.fixture
def embed(call, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "a.txt").write_text("a\nb\n")
    (tmp_path / "in" / "page.html").write_text("c\n")
    (tmp_path / "in" / "sub" / "empty.txt").touch()
    (tmp_path / "in" / "sub" / "b.csv").write_text("text,n\nc,1\n")
    (tmp_path / "in" / "sub" / "c.jsonl.gz").write_bytes(gzip.compress(b'{"text": "d"}\n'))
    (tmp_path / "README").write_text("e\n")
    return lambda *arguments, **options: call("embed", "-m", model, *arguments, **options)


def files_below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_each_file_has_an_output_in_the_same_tree_and_format(embed, tmp_path):
    assert embed("-i", "in", "-o", "new/out/").status == 0
    out = tmp_path / "new" / "out"
    assert files_below(out) == files_below(tmp_path / "in")
    assert (out / "a.txt").read_bytes() == embed("-i", "in/a.txt").output
    assert (out / "sub" / "b.csv").read_bytes() == embed("-i", "in/sub/b.csv").output
    assert gzip.decompress((out / "sub" / "c.jsonl.gz").read_bytes()) == embed("-i", "in/sub/c.jsonl.gz").output
    assert (out / "sub" / "empty.txt").read_bytes() == b""


@pytest.mark.parametrize(
    ("format_", "suffix"),
    [("text", "txt"), *((name, name) for name in ("jsonl", "json", "csv", "tsv", "parquet", "npy"))],
)
def test_the_suffix_becomes_that_of_the_format_that_is_asked_for(embed, tmp_path, format_, suffix):
    done = embed("-i", "in/a.txt", "in/sub/c.jsonl.gz", "README", "-F", format_, "-o", "out/")
    assert done.status == 0, done.complaints
    assert files_below(tmp_path / "out") == {f"a.{suffix}", f"c.{suffix}.gz", f"README.{suffix}"}


def test_a_folder_that_is_there_needs_no_slash_and_a_name_that_says_the_format_stays(embed, tmp_path):
    (tmp_path / "out").mkdir()
    assert embed("-i", "in/page.html", "README", "-o", "out").status == 0
    assert embed("-i", "in/page.html", "-F", "text", "-o", "out").status == 0
    assert files_below(tmp_path / "out") == {"page.html", "README"}


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["-i", "in/a.txt", "copy/a.txt", "-o", "out/"], "both be written to out/a.txt"),
        (["-i", "in/a.txt", "copy/a.csv", "-F", "jsonl", "-o", "out/"], "both be written to out/a.jsonl"),
        (["-i", "in", "-o", "in/"], "both read and written"),
        (["-o", "out/"], "stdin is none"),
        (["a text", "-o", "out/"], "give files with -i"),
        (["-i", "in", "--search", "a", "-o", "out/"], "they go into one file"),
        (["-i", "in", "--similarity", "-o", "out/"], "they go into one file"),
        (["-i", "in", "-o", "README/"], "cannot write"),
        (["-i", "in", "-o", "README/new/"], "cannot write"),
        (["-i", "in", "-o", "taken/"], "is a folder"),
        (["-i", "in", "-o", "out.unknown"], "does not tell its format"),
        (["-i", "in", "-o", "missing/out.txt"], "No such file"),
    ],
)
def test_what_cannot_be_is_refused_before_the_work(embed, tmp_path, arguments, wrong):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "a.txt").write_text("a")
    (tmp_path / "copy" / "a.csv").write_text("text\na\n")
    (tmp_path / "taken" / "a.txt").mkdir(parents=True)
    before = files_below(tmp_path)
    done = embed(*arguments, "-m", "/no/model/is/loaded", stdin=b"a\n")
    assert done.status in (1, 2)
    assert wrong in done.complaints.decode()
    assert done.complaints.count(b"\n") == 1
    assert files_below(tmp_path) == before


def test_a_run_that_fails_keeps_the_outputs_that_are_whole(embed, tmp_path):
    (tmp_path / "z.json").write_text('["a", ')
    done = embed("-i", "in/a.txt", "z.json", "--batch-tokens", "1", "-o", "out/")
    assert done.status == 1
    assert files_below(tmp_path / "out") <= {"a.txt"}


def test_a_minus_is_standard_output(embed, tmp_path):
    plain = embed("-i", "in/a.txt")
    assert embed("-i", "in/a.txt", "-o", "-") == plain
    assert not (tmp_path / "-").exists()
    assert embed("-i", "in/a.txt", "-o", "-", "-F", "npy").output.startswith(b"\x93NUMPY")
