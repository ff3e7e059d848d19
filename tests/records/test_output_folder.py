"""`-o DIR/`: which file each input becomes, and when it is there."""

import gzip
import os
from pathlib import Path

import pytest

from nlpcli.errors import OutputError, UsageError
from nlpcli.records.formats import FileFormat
from nlpcli.records.inputs import InputFile, InputSpec, input_files
from nlpcli.records.output_folder import FolderWriter, names_folder, planned_outputs
from nlpcli.records.record import Origin, Record


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("in/a.txt", "in/deep/b.csv.gz", "c.jsonl", "d.log"):
        Path(name).parent.mkdir(exist_ok=True, parents=True)
        Path(name).write_bytes(gzip.compress(b"") if name.endswith(".gz") else b"")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "is_folder"),
    [(None, False), ("in", True), ("in/", True), ("new/", True), ("new", False), ("c.jsonl", False), ("~", True)],
)
def test_a_folder_is_one_that_is_there_or_has_a_slash(folder, path, is_folder):
    assert names_folder(path) is is_folder


def planned(named, format_=None, out="out", **options):
    files = input_files(InputSpec(paths=named, **options))
    return [(str(o.path), o.compression, o.source.name) for o in planned_outputs(out, format_, files, named)]


@pytest.mark.parametrize(
    ("format_", "a", "b", "c"),
    [
        (None, ("a.txt", ""), ("b.csv.gz", ".gz"), ("c.jsonl", "")),
        ("text", ("a.txt", ""), ("b.txt.gz", ".gz"), ("c.txt", "")),
        ("csv", ("a.csv", ""), ("b.csv.gz", ".gz"), ("c.csv", "")),
        ("npy", ("a.npy", ""), ("b.npy.gz", ".gz"), ("c.npy", "")),
    ],
)
def test_an_output_keeps_its_place_its_name_and_its_compression(folder, format_, a, b, c):
    assert planned(("in", "c.jsonl"), format_) == [
        (f"out/{a[0]}", a[1], "in/a.txt"), (f"out/deep/{b[0]}", b[1], "in/deep/b.csv.gz"), (f"out/{c[0]}", c[1], "c.jsonl"),
    ]  # fmt: skip
    assert Path("out").is_dir()


def test_a_suffix_that_tells_no_format_stays_before_the_new_one(folder):
    assert planned(("d.log",), "jsonl") == [("out/d.log.jsonl", "", "d.log")]
    assert planned(("in/deep/b.csv.gz",)) == [("out/b.csv.gz", ".gz", "in/deep/b.csv.gz")]


def test_what_cannot_have_an_output_of_its_own_is_refused(folder):
    os.mkfifo("pipe.txt")
    for named in (("-",), ("pipe.txt",)):
        with pytest.raises(UsageError, match="names each output after its input file, and .* is none"):
            planned(named)
    with pytest.raises(UsageError, match=r"in/a\.txt and .*a\.txt would both be written to out/a\.txt"):
        planned(("in", "in/a.txt"))
    with pytest.raises(UsageError, match=r"a\.txt is read, and -o in would replace it"):
        planned(("in/a.txt",), out="in")
    assert not Path("out").exists()


def test_what_cannot_be_written_is_said_before_the_work(folder):
    with pytest.raises(OutputError, match=r"cannot write c\.jsonl/out: .*choose another folder"):
        planned(("in",), out="c.jsonl/out")
    Path("out/a.txt").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"cannot write out/a\.txt: it is a folder"):
        planned(("in",))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("closed", ["out", "out/a.txt"])
def test_what_may_not_be_written_is_said_before_the_work(folder, closed):
    Path("out").mkdir(mode=0o777)
    Path("out/a.txt").touch(0o644)
    Path("out").chmod(0o755 if closed == "out" else 0o777)
    for parent in [folder, *folder.parents][:-2]:
        parent.chmod(parent.stat().st_mode | 0o055)
    os.setresuid(65_534, 65_534, 0)
    try:
        with pytest.raises(OutputError, match=f"cannot write {closed}: check the permissions"):
            planned(("in",))
    finally:
        os.setresuid(0, 0, 0)


class Lines:
    """A writer of texts, and what was made of it."""

    def __init__(self, file, stream):
        self.name, self.stream = file.name, stream

    def write(self, record):
        self.stream.write(f"{record.text}\n".encode())

    def close(self):
        self.stream.write(b"end\n")


def writer(names):
    files = [InputFile(name, Path(name), FileFormat("txt", "")) for name in names]
    return FolderWriter(planned_outputs("out", None, files, ()), Lines, Lines.close)


def written():
    return {path.name: path.read_text() for path in sorted(Path("out").iterdir())}


def record(text, source):
    return Record(text, {}, Origin(source, 1))


def test_each_file_has_its_records_as_soon_as_the_last_is_written_and_an_empty_one_has_none(folder):
    with writer(["1.txt", "2.txt", "x/3.txt", "4.txt", "5.txt"]) as outputs:
        outputs.write(record("one", "1.txt"))
        outputs.write(record("two", "1.txt"))
        outputs.write(record("three", "x/3.txt"))
        there = {name: text for name, text in written().items() if not name.startswith(".")}
        assert there == {"1.txt": "one\ntwo\nend\n", "2.txt": "end\n"}
        outputs.close()
    assert written() == {**there, "3.txt": "three\nend\n", "4.txt": "end\n", "5.txt": "end\n"}


def write(outputs, *records):
    with outputs:
        for text, source in records:
            outputs.write(record(text, source))
        outputs.write(record("the last", "missing.txt"))


def test_a_run_that_fails_keeps_what_is_whole(folder):
    with pytest.raises(OutputError, match=r"results of missing\.txt come out of order"):
        write(writer(["1.txt", "2.txt"]), ("one", "1.txt"))
    assert written() == {"1.txt": "one\nend\n", "2.txt": "end\n"}


def test_records_out_of_order_are_refused(folder):
    with pytest.raises(OutputError, match=r"results of 1\.txt come out of order"):
        write(writer(["1.txt", "2.txt"]), ("two", "2.txt"), ("one", "1.txt"))


class Interrupted(Lines):
    def write(self, record):
        super().write(record)
        raise KeyboardInterrupt


def test_an_output_that_is_not_whole_is_not_there(folder):
    outputs = FolderWriter(
        planned_outputs("out", None, [InputFile("1.txt", Path("1.txt"), FileFormat("txt", ""))], ()),
        Interrupted,
        Lines.close,
    )
    with pytest.raises(KeyboardInterrupt):
        write(outputs, ("one", "1.txt"))
    assert written() == {}


def test_a_folder_that_cannot_be_made_meanwhile_is_said(folder):
    outputs = writer(["1.txt"])
    Path("out").rmdir()
    Path("out").touch()
    with pytest.raises(OutputError, match=r"cannot write out/1\.txt: .*; check the folder"), outputs:
        outputs.close()
