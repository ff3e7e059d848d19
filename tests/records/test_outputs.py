import os
import stat

import pytest

from nlpcli.errors import OutputError, UsageError
from nlpcli.records.formats import FileFormat
from nlpcli.records.inputs import InputFile
from nlpcli.records.outputs import OutputSpec, chosen_format, is_terminal, output_stream


def write(path, content=b"whole"):
    with output_stream(str(path), "") as stream:
        stream.write(content)


@pytest.mark.parametrize(
    ("path", "format_", "inputs", "expected"),
    [
        (None, None, [], ("text", "")),
        (None, None, ["txt", "txt"], ("text", "")),
        (None, None, ["csv"], ("csv", "")),
        (None, None, ["csv", "txt"], ("jsonl", "")),
        (None, "npy", ["csv"], ("npy", "")),
        ("out.ndjson", None, ["csv"], ("jsonl", "")),
        ("out.csv.zst", None, [], ("csv", ".zst")),
        ("out.csv.gz", "jsonl", [], ("jsonl", ".gz")),
        ("out", None, ["tsv"], ("tsv", "")),
    ],
)
def test_the_format_is_that_asked_for_then_the_names_then_the_inputs(path, format_, inputs, expected):
    files = [InputFile(name, None, FileFormat(name, "")) for name in inputs]
    assert chosen_format(OutputSpec(path, format_), files) == expected


@pytest.mark.parametrize("name", ["out.doc", "out.gz"])
def test_a_name_that_tells_no_format_is_answered_with_the_option(name):
    with pytest.raises(UsageError, match="-F jsonl"):
        chosen_format(OutputSpec(name), [])


def test_a_file_has_the_rights_of_any_new_file_or_of_the_one_before(tmp_path):
    write(tmp_path / "new")
    (tmp_path / "plain").touch()
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode
    (tmp_path / "new").chmod(0o640)
    write(tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path):
    (tmp_path / "file").write_bytes(b"before")
    (tmp_path / "link").symlink_to("file")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"whole"


def test_a_named_pipe_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write(tmp_path / "pipe")
    assert os.read(reading, 100) == b"whole"
    os.close(reading)


def test_a_folder_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(OutputError, match="it is a folder; name a file"):
        write(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_input_is_not_taken_for_one_of_the_output(tmp_path):
    with pytest.raises(OSError, match="of the input"), output_stream(str(tmp_path / "out"), ".gz"):
        raise OSError("of the input")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="descriptors have names on POSIX only")
@pytest.mark.parametrize("directory", ["/dev/fd", "/proc/self/fd"])
def test_a_descriptor_is_written_to_behind_what_others_wrote(directory, tmp_path):
    with (tmp_path / "log").open("wb", buffering=0) as log:
        log.write(b"before ")
        write(f"{directory}/{log.fileno()}")
        log.write(b" behind")
    assert (tmp_path / "log").read_bytes() == b"before whole behind"


def test_a_descriptor_that_is_not_open_is_said(tmp_path):
    with pytest.raises(OutputError, match="choose another place"):
        write("/dev/fd/987")


@pytest.mark.parametrize(("path", "number"), [("/dev/stdout", 1), ("/dev/stderr", 2), ("/dev/fd/2", 2)])
def test_a_standard_stream_is_written_to_by_its_name(capfdbinary, path, number):
    write(path)
    assert capfdbinary.readouterr()[number - 1] == b"whole"


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals")
def test_a_descriptor_is_a_terminal_where_one_is_behind_it():
    ours, theirs = os.openpty()
    reading, writing = os.pipe()
    try:
        assert is_terminal(f"/dev/fd/{theirs}")
        assert not is_terminal(f"/dev/fd/{writing}")
        assert not is_terminal("out.jsonl")
    finally:
        for descriptor in (ours, theirs, reading, writing):
            os.close(descriptor)
