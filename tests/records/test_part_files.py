"""Files that appear whole or not at all: what they keep of the file before, and what killed runs leave."""

import os
import stat
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from nlpcli.errors import OutputError
from nlpcli.records.outputs import output_stream

ROOT = os.name == "posix" and os.geteuid() == 0
NOBODY = 65_534


def write(path, content=b"whole"):
    with output_stream(str(path), "") as stream:
        stream.write(content)


@pytest.mark.parametrize("length", [1, 240, 241, 250, 255])
@pytest.mark.parametrize("character", ["a", "é", "水"])
def test_a_name_as_long_as_names_can_be_is_written(tmp_path, length, character):
    name = (character * length).encode()[:length].decode(errors="ignore")
    if not name:
        pytest.skip("no room for a character")
    write(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a" * 256, "missing/out", "file/out", "loop", "loop/out", ""])
def test_what_cannot_be_is_refused_before_the_work(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OutputError, match="cannot write"), output_stream(name, ""):
        pytest.fail("the work began")
    assert sorted(tmp_path.iterdir()) == before


HOLDS_A_PART_FILE = """
import sys
from nlpcli.records.outputs import output_stream
with output_stream(sys.argv[1], "") as stream:
    stream.write(b"some of it")
    stream.flush()
    print("written", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_run(tmp_path):
    """A run that has written some of its output into the same folder."""
    command = [sys.executable, "-c", HOLDS_A_PART_FILE, str(tmp_path / "other.txt")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"written\n"
        yield process
        with suppress(BrokenPipeError):
            process.stdin.close()


def test_what_a_killed_run_left_goes_with_the_next_one(other_run, tmp_path):
    other_run.kill()
    other_run.wait()
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    write(tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_live_runs_file_stays(other_run, tmp_path):
    write(tmp_path / "mine.txt")
    other_run.communicate(b"")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "mine.txt": b"whole",
        "other.txt": b"some of it",
    }


def test_part_files_of_other_programs_stay(tmp_path):
    others = {".download.part", "film.part", ".nlpcli-0000-x"}
    for name in others:
        (tmp_path / name).touch()
    write(tmp_path / "mine.txt")
    assert {path.name for path in tmp_path.iterdir()} == {*others, "mine.txt"}


def test_hard_links_still_are_one_file(tmp_path):
    (tmp_path / "a").write_bytes(b"much longer than what comes")
    os.link(tmp_path / "a", tmp_path / "b")
    write(tmp_path / "a")
    assert (tmp_path / "b").read_bytes() == b"whole"
    assert (tmp_path / "a").samefile(tmp_path / "b")
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(not ROOT, reason="only root can give files away")
def test_owner_group_and_mode_stay(tmp_path):
    (tmp_path / "out").touch()
    os.chown(tmp_path / "out", NOBODY, 12_345)
    (tmp_path / "out").chmod(0o640)
    write(tmp_path / "out")
    after = (tmp_path / "out").stat()
    assert (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)) == (NOBODY, 12_345, 0o640)


WRITES = """
import fcntl, os, sys
import nlpcli.records.part_files
from nlpcli.records.outputs import output_stream
os.setgroups([]); os.setgid(65_534); os.setuid(65_534)
with output_stream(sys.argv[1], "") as stream:
    stream.write(b"whole")
"""


def as_nobody(path):
    command = [sys.executable, "-c", WRITES, str(path)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).stderr.decode()


@pytest.fixture
def folder():
    """A folder that other users can reach: every session of pytest that begins closes those of `tmp_path` to them."""
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
@pytest.mark.parametrize("sticky", [0, stat.S_ISVTX])
def test_a_file_of_another_user_keeps_its_owner_where_it_may_be_written(folder, sticky):
    folder.chmod(0o777 | sticky)
    (folder / "out").write_bytes(b"before, and longer")
    (folder / "out").chmod(0o666)
    as_nobody(folder / "out")
    assert (folder / "out").read_bytes() == b"whole"
    assert ((folder / "out").stat().st_uid, len(list(folder.iterdir()))) == (0, 1)


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_a_file_or_folder_that_may_not_be_written_is_refused(folder):
    folder.chmod(0o755)
    assert "Permission denied" in as_nobody(folder / "out")
    folder.chmod(0o777)
    (folder / "out").write_bytes(b"before")
    (folder / "out").chmod(0o644)
    assert "Permission denied" in as_nobody(folder / "out")
    assert (folder / "out").read_bytes() == b"before"
