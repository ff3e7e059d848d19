"""Every mistake is answered by one line that says what is wrong and what to do, before a model is loaded."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a full disk, /dev and /proc are those of POSIX", allow_module_level=True)

import resource

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="/dev/full and /proc are there on Linux only")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with one file for each thing that can be wrong with a file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("a\n")
    (tmp_path / "reviews.csv").write_text("id,review\n1,good\n")
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(b"some text\n" * 100)[:15])
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1" + bytes(40))
    (tmp_path / "broken.json").write_text('[\n {"text": }]')
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "quotes.csv").write_text('"text\na\n')
    (tmp_path / "empty.json").write_text("[]")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.jpeg").write_bytes(b"\xff\xd8\xff\xe0\0")
    return tmp_path


def one_line(complaints: bytes) -> str:
    lines = complaints.decode().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("nlpcli: ")
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "status", "wrong", "advice"),
    [
        ("-i missing.txt", 1, "missing.txt", "check the path"),
        ("-i pictures", 1, "no readable file in pictures", ".jsonl"),
        ("-i reviews.csv", 1, 'no column "text" in reviews.csv; it has: id, review', "--field"),
        ("-i pictures/a.jpeg", 1, "pictures/a.jpeg is no text", "--input-format txt"),
        ("--input-format doc", 2, 'unknown input format "doc"', "use one of txt, jsonl"),
        ("-i a.txt --input-format csv.rar", 2, 'unknown input format "csv.rar"', ".gz, .bz2, .xz or .zst"),
        ("a -F doc", 2, "'doc' is not one of 'text', 'jsonl'", "nlpcli embed --help"),
        ("a -o out.doc", 2, "out.doc does not tell its format", "-F jsonl"),
        ("-i cut.txt.gz", 1, "cut.txt.gz is truncated", "compress it again"),
        ("-i damaged.parquet", 1, "damaged.parquet is not a sound parquet file", "fetch or write it again"),
        ("-i broken.json", 1, "broken.json:2: broken JSON", "mend the file"),
        ("-i deep.json", 1, "deep.json:1: broken JSON: nested too deeply", "mend the file"),
        ("-i quotes.csv", 1, "quotes.csv:1: broken csv", "mend the header"),
        ("-i a.txt --quote ab", 2, "--quote takes none or one character", 'not "ab"'),
        ("-i a.txt --delimiter ab", 2, "--delimiter takes one character", 'not "ab"'),
        ("-i a.txt --encoding klingon", 2, 'unknown encoding "klingon"', "use for example utf-8"),
        ("-i a.txt --encoding base64", 2, 'unknown encoding "base64"', "use for example utf-8"),
        ("-i a.txt --encoding utf-16", 1, "a.txt cannot be read as utf-16", "--encoding"),
        ("a --batch-tokens many", 2, 'not "many"', "takes a number from 1 to 10,000,000 or auto"),
        ("a --device foo", 2, 'not "foo"', "--device takes auto, cpu, cuda, cuda:N, cuda:N,M,… or mps"),
        ("a --device cuda:x", 2, 'not "cuda:x"', "--device takes auto, cpu, cuda, cuda:N, cuda:N,M,… or mps"),
        ("a --dtype float8", 2, 'not "float8"', "--dtype takes auto, float32, bfloat16, float16, int8 or int4"),
        ("a --threads 0", 2, "--threads", "nlpcli embed --help"),
        ("a --nonsense", 2, "--nonsense", "nlpcli embed --help"),
        ("a --top 3", 2, "--top", "goes with --search QUERY or --similarity"),
        ("a -i a.txt", 2, "not both", "give texts or --input"),
        ("-i a.txt -o out.npy --search x", 2, "npy holds vectors", "-F jsonl"),
        ("-i a.txt -o out.npy.gz --similarity", 2, "npy holds vectors", "-F jsonl"),
        ("-i a.txt -F npy --search x", 2, "npy holds vectors", "-F jsonl"),
        ("a --search x --similarity", 2, "exclude each other", "one after the other"),
        ("a --plot map.pdf", 2, "map.pdf", ".png or .svg"),
        ("a -o nowhere/out.txt", 1, "cannot write nowhere/out.txt", "another place with -o"),
        ("a -o pictures", 2, "-o pictures names each output after its input file", "give files with -i"),
    ],
)
def test_a_mistake_is_answered_in_one_line(nlpcli, folder, arguments, status, wrong, advice):
    # A model of this name is nowhere: a run that came as far as loading it would say so instead.
    done = nlpcli("embed", *arguments.split(), "--model", "nowhere/to-be-found", "--offline")
    line = one_line(done.stderr)
    assert (done.returncode, done.stdout) == (status, b"")
    assert wrong in line
    assert advice in line
    assert not list(folder.glob(".*"))


def test_a_device_that_is_not_there_is_answered_with_those_that_are(nlpcli):
    done = nlpcli("embed", "a", "--device", "cuda:99", "--model", "nowhere/to-be-found", "--offline")
    line = one_line(done.stderr)
    assert done.returncode == 1
    assert line.startswith('nlpcli: no device "cuda:99" here; there is: ')
    assert "cpu" in line


def test_devices_refuses_what_names_no_device(nlpcli):
    done = nlpcli("devices", "--device", "gpu")
    assert done.returncode == 2
    assert one_line(done.stderr) == 'nlpcli: --device takes auto, cpu, cuda, cuda:N, cuda:N,M,… or mps, not "gpu"'
    assert nlpcli("devices", "--device", "cuda:99").returncode == 1


@on_linux
def test_a_file_that_may_not_be_read_is_named(nlpcli, folder):
    # A memory file refuses to be read from its start, whoever asks; permissions would not stop root.
    done = nlpcli("embed", "-i", "/proc/self/mem", "--input-format", "txt")
    assert done.returncode == 1
    assert "cannot read /proc/self/mem: " in one_line(done.stderr)


def with_full_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@pytest.mark.parametrize("name", ["out.json", "out.json.gz", "out.parquet"])
def test_a_full_disk_names_the_output_and_leaves_nothing(folder, name):
    command = [sys.executable, "-m", "nlpcli", "embed", "-i", "empty.json", "-o", name]
    done = subprocess.run(command, preexec_fn=with_full_disk, capture_output=True, check=False, timeout=60)
    line = one_line(done.stderr)
    assert done.returncode == 1
    assert line.startswith(f"nlpcli: cannot write {name}: ")
    assert "send the results elsewhere" in line
    assert not list(folder.glob("*out*"))


@on_linux
def test_a_full_disk_behind_standard_output_is_said(folder):
    command = [sys.executable, "-m", "nlpcli", "embed", "-i", "empty.json"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 1
    assert "No space left on device; free some space" in one_line(done.stderr)


def test_a_device_as_output_is_written_to_and_not_replaced(nlpcli, folder):
    before = Path("/dev/null").stat()
    done = nlpcli("embed", "-i", "empty.json", "-o", "/dev/null")
    assert (done.returncode, done.stderr) == (0, b"")
    assert Path("/dev/null").stat().st_rdev == before.st_rdev


def test_no_standard_input_at_all_is_no_crash(folder):
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m nlpcli embed <&-"], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "no input" in one_line(done.stderr)


@pytest.mark.starter
def test_a_broken_line_is_named_and_keeps_its_place(embed, folder):
    (folder / "a.jsonl").write_text('{"text": "x"}\n' * 6 + "{oops\n" + '{"text": "z"}\n')
    done = embed("-i", "a.jsonl")
    rows = [json.loads(line) for line in done.output.splitlines()]
    assert done.status == 3
    assert "a.jsonl:7: broken JSON" in one_line(done.complaints)
    assert [row["embedding"] is None for row in rows] == [False] * 6 + [True, False]
    assert rows[6]["text"] == "{oops"


@pytest.mark.starter
def test_bytes_that_are_not_utf8_are_replaced_and_counted_once(embed, folder):
    (folder / "bad.txt").write_bytes(b"caf\xe9\nna\xefve\n")
    done = embed("-i", "bad.txt", "-F", "jsonl")
    texts = [json.loads(line)["text"] for line in done.output.splitlines()]
    assert (done.status, texts) == (0, ["caf\ufffd", "na\ufffdve"])
    assert "not valid utf-8 became U+FFFD: 2; name the encoding" in one_line(done.complaints)


@pytest.mark.starter
def test_text_that_no_encoding_can_hold_is_no_crash(embed, folder):
    (folder / "halves.jsonl").write_text('{"text": "\\ud800 x"}\n')
    assert embed("-i", "halves.jsonl").status == 0
    assert embed("an argument in latin-1: \udce9", "--search", "\udce9").status == 0


@pytest.mark.starter
def test_empty_standard_input_is_no_mistake(embed):
    assert embed() == (0, b"", b"")
