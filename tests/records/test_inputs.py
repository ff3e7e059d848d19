"""Which files are read: what a name means, what a folder holds, and never what the run itself writes."""

import os
import socket
import sys

import pytest

from nlpcli.errors import InputMissing, UsageError
from nlpcli.records.formats import FileFormat
from nlpcli.records.inputs import InputFile, InputSpec, input_files, is_wide
from nlpcli.records.output_folder import planned_outputs
from nlpcli.records.readers import read_records

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and permissions are those of POSIX")


def names(*paths, **options):
    return [file.name for file in input_files(InputSpec(paths=tuple(map(str, paths)), **options))]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("in/a.txt", "in/deep/b.txt", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("x\n")
    return tmp_path


def linked(folder):
    (folder / "link.jsonl").symlink_to(folder / "in" / "out.jsonl")
    return "link.jsonl"


def hard_linked(folder):
    (folder / "hard.jsonl").hardlink_to(folder / "in" / "out.jsonl")
    return "hard.jsonl"


OUTPUTS = {
    "by its name": lambda folder: "in/out.jsonl",
    "by its whole path": lambda folder: str(folder / "in" / "out.jsonl"),
    "by a parent folder": lambda folder: "in/deep/../out.jsonl",
    "by a link": linked,
    "by a hard link": hard_linked,
}


@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_folder_does_not_give_what_the_run_writes(folder, kind):
    (folder / "in" / "out.jsonl").write_text('{"text": "a result"}\n')
    written = (OUTPUTS[kind](folder),)
    assert names("in", written=written) == ["in/a.txt", "in/deep/b.txt"]
    assert names("in/a.txt", "in/deep", written=written) == ["in/a.txt", "in/deep/b.txt"]


@pytest.mark.parametrize("descriptor", [1, 2])
def test_a_folder_does_not_give_the_file_behind_a_standard_stream(folder, descriptor):
    with (folder / "in" / "out.txt").open("wb") as opened:
        kept = os.dup(descriptor)
        try:
            os.dup2(opened.fileno(), descriptor)
            assert names("in") == ["in/a.txt", "in/deep/b.txt"]
            with pytest.raises(UsageError, match=r"in/out\.txt is also where the results go"):
                names("in/out.txt")
        finally:
            os.dup2(kept, descriptor)
            os.close(kept)


def test_what_grows_in_a_folder_is_read_as_it_was(folder):
    spec = InputSpec(paths=("in",))
    texts = []
    # As `nlpcli … -i in | tee in/a.txt` would write: each result makes another record.
    for record in read_records(spec, input_files(spec)):
        texts.append(record.text)
        assert len(texts) < 10
        with (folder / "in" / "a.txt").open("a") as file:
            file.write("a result\n")
    assert texts == ["x", "x"]


@pytest.mark.parametrize("name", ["two\nlines.txt", "a\tb.txt", "\x1b[2J.txt"])
def test_a_name_stays_in_its_line(folder, name):
    (folder / name).write_text("x\n")
    spec = InputSpec(paths=(name,))
    (record,) = read_records(spec, input_files(spec))
    assert record.origin.source == name
    assert str(record.origin).isprintable()


def test_a_folder_of_results_inside_is_not_read_and_the_folder_itself_is_none_for_results(folder):
    (folder / "in" / "out").mkdir()
    (folder / "in" / "out" / "a.jsonl").write_text('{"text": "a result"}\n')
    assert names("in", written=("in/out/",)) == ["in/a.txt", "in/deep/b.txt"]
    with pytest.raises(UsageError, match="both read and written"):
        names("in", written=("in/deep/..",))


@pytest.mark.parametrize("paths", [("c.txt",), ("in/a.txt", "c.txt"), ("./c.txt",), ("in", "c.txt")])
def test_outputs_named_after_their_inputs_replace_none_of_them(folder, paths):
    for target in (".", "./", str(folder), "link/"):
        if not (folder / "link").exists():
            (folder / "link").symlink_to(folder)
        files = input_files(InputSpec(paths=paths, written=(target,)))
        with pytest.raises(UsageError, match=r"c\.txt is read, and -o .* would replace it"):
            planned_outputs(target, None, files, paths)
        assert [output.path.suffix for output in planned_outputs(target, "jsonl", files, paths)] == [".jsonl"] * len(
            files
        )


def test_one_file_may_be_replaced_by_its_results_but_not_be_read_among_others(folder):
    assert names("c.txt", written=("c.txt",)) == ["c.txt"]
    for paths in (("in/a.txt", "c.txt"), ("c.txt", "c.txt")):
        with pytest.raises(UsageError, match=r"c\.txt is both read and written"):
            names(*paths, written=("c.txt",))


def test_a_pipe_is_not_both_read_and_written(folder):
    os.mkfifo("pipe")
    with pytest.raises(UsageError, match="pipe is both read and written"):
        names("pipe", written=("pipe",))


def test_a_folder_gives_regular_files_and_says_what_it_passes_over(folder, caplog):
    (folder / "in" / "to_c.txt").symlink_to("../c.txt")
    (folder / "in" / "nowhere.txt").symlink_to("nothing")
    (folder / "in" / "loop.txt").symlink_to("loop.txt")
    (folder / "in" / "round").symlink_to(folder / "in")
    (folder / "in" / "folder.txt").mkdir()
    os.mkfifo("in/pipe.txt")
    os.mkfifo("in/pipe.other")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("in/socket.txt")
        assert names("in") == ["in/a.txt", "in/deep/b.txt", "in/to_c.txt"]
    assert sorted(record.getMessage() for record in caplog.records) == [
        "in/loop.txt is passed over: a broken link",
        "in/nowhere.txt is passed over: a broken link",
        "in/pipe.txt is passed over: a named pipe",
        "in/round is passed over: a link to a folder; name it with -i too",
        "in/socket.txt is passed over: a socket",
        "in: 1 file of no known format (.other) is passed over; name the format with --input-format",
    ]
    with pytest.raises(InputMissing, match=r"cannot read in/socket\.txt: it is a socket"):
        input_files(InputSpec(paths=("in/socket.txt",)))[0].open()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_what_may_not_be_read_is_said(folder, caplog):
    (folder / "in" / "private.txt").touch()
    (folder / "in" / "closed").mkdir()
    for name in ("private.txt", "closed"):
        (folder / "in" / name).chmod(0)
    for parent in [folder, *folder.parents][:-2]:
        parent.chmod(parent.stat().st_mode | 0o055)
    os.setresuid(65534, 65534, 0)
    try:
        assert names("in") == ["in/a.txt", "in/deep/b.txt"]
    finally:
        os.setresuid(0, 0, 0)
    assert sorted(record.getMessage() for record in caplog.records) == [
        "in/closed is passed over: Permission denied",
        "in/private.txt is passed over: no permission to read it",
    ]


def test_a_named_format_holds_for_every_file_of_a_folder_and_leaves_compression_to_their_names(folder):
    (folder / "in" / "d.csv.gz").touch()
    (folder / "in" / "e").touch()
    files = input_files(InputSpec(paths=("in",), format="csv"))
    assert {file.name: (file.format.name, file.format.compression) for file in files} == {
        "in/a.txt": ("csv", ""),
        "in/d.csv.gz": ("csv", ".gz"),
        "in/deep/b.txt": ("csv", ""),
        "in/e": ("csv", ""),
    }


@pytest.mark.parametrize("twice", [("-", "-"), ("-", "/dev/stdin"), ("/dev/fd/0", "c.txt", "-"), ("pipe", "./pipe")])
def test_what_flows_past_once_is_not_named_twice(folder, twice):
    os.mkfifo("pipe")
    with pytest.raises(UsageError, match="named twice"):
        names(*twice)


def test_a_file_named_twice_is_read_twice(folder):
    assert names("c.txt", "c.txt") == ["c.txt", "c.txt"]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("", '-i "" names no file'),
        ("missing.txt", "no such file or folder: missing.txt; check the path"),
        ("c.txt/d.txt", "no such file or folder"),
        ("I love it.", "texts go without it"),
        ("x" * 5000, "File name too long"),
        ("~nobody-of-this-name.txt", "no such file or folder: ~nobody"),
        ("a\0b", "no such file or folder"),
        ("nowhere", "broken link: nowhere"),
        ("new\nline", "no such file or folder"),
        (os.fsdecode(b"\xff.txt"), r'no such file or folder: "\\xff.txt"'),
    ],
)
def test_a_name_that_names_nothing_is_said(folder, name, wrong):
    (folder / "nowhere").symlink_to("nothing")
    with pytest.raises((InputMissing, UsageError), match=wrong):
        names(name)


@pytest.mark.parametrize("name", ["~x.txt", "-dash.txt", "two\nlines.txt", os.fsdecode(b"caf\xe9.txt")])
def test_a_name_of_any_characters_is_read(folder, name):
    (folder / name).write_text("x\n")
    assert names(name) == [os.fsencode(name).decode("utf-8", "replace")]
    assert len(names(".")) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is there on Linux only")
def test_a_file_whose_size_is_unknown_is_read():
    (file,) = input_files(InputSpec(paths=("/proc/version",)))
    with file.open() as stream:
        assert b"".join(file.content(stream).chunks).startswith(b"Linux")


def test_files_of_no_known_format_are_passed_over_and_counted(tmp_path, caplog):
    for name in ("a.txt", "b.log", "c.log", "README", ".hidden", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    assert [file.path.name for file in input_files(InputSpec(paths=(str(tmp_path),)))] == ["a.txt"]
    (said,) = caplog.messages
    assert "3 files of no known format (README, .log) and 2 hidden are passed over" in said


def test_what_is_hidden_is_not_read_and_counted_whatever_its_format(folder, caplog):
    for name in ("in/.a.txt", "in/deep/.b.csv", "in/.git/config.txt", "in/.git/.c.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x\n")
    (folder / "in/.git/more.txt").write_text("x\n")
    assert names("in") == ["in/a.txt", "in/deep/b.txt"]
    assert caplog.messages == ["in: 3 hidden files are passed over"], "a hidden folder counts as one"


@pytest.mark.parametrize(
    ("encoding", "null", "wide"),
    [("utf-8", False, False), ("utf-8", True, True), ("UTF-16", False, True), ("utf_32_le", False, True), ("u16", False, True),
     ("latin-1", False, False), ("utf-7", False, False), ("cp-utf-16", False, False)],
)  # fmt: skip
def test_nul_bytes_are_as_they_should_be_in_wide_encodings_and_between_records(encoding, null, wide):
    assert is_wide(InputSpec(encoding=encoding, null_separated=null)) is wide


@pytest.mark.parametrize(
    ("stream", "told", "found", "unseen"),
    [(True, False, None, True), (False, False, None, False), (True, True, None, False), (True, False, "csv", False)],
)
def test_only_a_stream_of_which_nothing_tells_the_format_is_unseen(stream, told, found, unseen):
    file = InputFile("x", None, FileFormat("txt", ".gz"), told=told, stream=stream, found=found)
    assert (file.is_unseen, file.format) == (unseen, (found or "txt", ".gz"))


@pytest.mark.parametrize(
    ("kinds", "said"), [(1, "(.k0) is"), (5, "(.k0, .k1, .k2, .k3, .k4) are"), (6, "(.k0, .k1, .k2, .k3, .k4, …) are")]
)
def test_of_the_suffixes_that_are_passed_over_five_are_named(folder, caplog, kinds, said):
    for number in range(kinds):
        (folder / "in" / f"x.k{number}").touch()
    names("in")
    assert caplog.messages == [
        f"in: {kinds} file{'s' * (kinds > 1)} of no known format {said} passed over; name the format with --input-format"
    ]


def test_how_much_was_read_is_counted_from_the_reading_that_began_last(folder):
    (folder / "big.txt").write_bytes(b"x" * 200_000)
    (file,) = input_files(InputSpec(paths=("big.txt",)))
    for _ in range(2):
        with file.open() as stream:
            assert len(b"".join(file.content(stream).chunks)) == file.bytes_read == 200_000


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 100_000])
def test_so_much_of_a_file_is_read_as_was_there(folder, size):
    (folder / "in" / "a.txt").write_bytes(b"x" * size)
    file = input_files(InputSpec(paths=("in",)))[0]
    (folder / "in" / "a.txt").write_bytes(b"x" * 300_000)
    with file.open() as stream:
        assert len(b"".join(file.content(stream).chunks)) == size
