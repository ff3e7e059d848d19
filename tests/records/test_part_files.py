"""Files that appear whole or not at all: what they keep of the file before, and what killed runs leave."""

import os
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from nlpcli.errors import OutputError
from nlpcli.records import part_files
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


DAY = 86_400


@pytest.mark.parametrize(
    ("mark", "age", "goes"),
    [
        ("ours", 0, True),
        ("ours", 2 * DAY, True),
        ("other", 0, False),
        ("other", DAY - 60, False),
        ("other", DAY + 60, True),
    ],
)
def test_what_another_machine_left_has_to_be_a_day_old(tmp_path, mark, age, goes):
    name = f".a.txt{part_files._mark() if mark == 'ours' else '.nlpcli-zzzz'}-x.part"
    (tmp_path / name).touch()
    when = time.time() - age
    os.utime(tmp_path / name, (when, when))
    write(tmp_path / "mine.txt")
    assert (tmp_path / name).exists() is not goes


def test_what_only_looks_like_a_part_file_of_ours_stays(tmp_path):
    mark = part_files._mark()
    others = {f"a{mark}-x.part", f".a{mark}-x.parts", ".a.nlpcl-x.part", f".link{mark}-x.part", f".dir{mark}-x.part"}
    for name in others:
        if ".dir" in name:
            (tmp_path / name).mkdir()
        elif ".link" in name:
            (tmp_path / name).symlink_to("target")
        else:
            (tmp_path / name).touch()
    (tmp_path / "target").touch()
    write(tmp_path / "mine.txt")
    assert {path.name for path in tmp_path.iterdir()} == {*others, "mine.txt", "target"}


def test_the_mark_tells_machines_apart(monkeypatch):
    ours = part_files._mark()
    monkeypatch.setattr("platform.node", lambda: "another")
    assert part_files._mark() != ours
    assert len(ours) == len(".nlpcli-") + 4


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is there on Linux only")
def test_a_run_of_this_process_stays_too_and_its_lock_ends_with_it(tmp_path):
    before = open_files()
    with output_stream(str(tmp_path / "a"), "") as outer:
        outer.write(b"outer")
        write(tmp_path / "b", b"inner")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"outer", "b": b"inner"}
    assert open_files() == before


@pytest.mark.parametrize("durable", [True, False])
def test_what_is_durable_is_synced_and_then_its_folder(tmp_path, monkeypatch, durable):
    synced, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(stat.S_ISDIR(os.fstat(fd).st_mode)) or fsync(fd))
    with output_stream(str(tmp_path / "a"), "", durable) as stream:
        stream.write(b"whole")
    assert ((tmp_path / "a").read_bytes(), synced) == (b"whole", [False, True] if durable else [])


def test_a_run_that_fails_leaves_the_file_before_and_nothing_else(tmp_path):
    write(tmp_path / "a", b"before")
    with pytest.raises(TypeError), output_stream(str(tmp_path / "a"), "") as stream:
        stream.write("text is no bytes")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"before"}


def test_a_file_that_cannot_come_to_its_place_is_said(tmp_path):
    said = "cannot write .*/a: .*; nothing was kept there"
    with pytest.raises(OutputError, match=said), output_stream(str(tmp_path / "a"), ""):
        (tmp_path / "a").mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="extended attributes are those of Linux")
def test_attributes_of_the_file_before_stay(tmp_path):
    write(tmp_path / "a", b"before")
    try:
        os.setxattr(tmp_path / "a", "user.who", b"me")
    except OSError:
        pytest.skip("this file system has no attributes")
    write(tmp_path / "a")
    assert os.getxattr(tmp_path / "a", "user.who") == b"me"


def test_a_file_of_two_names_becomes_longer_or_shorter_or_empty(tmp_path):
    (tmp_path / "a").write_bytes(b"before")
    os.link(tmp_path / "a", tmp_path / "b")
    for content in (b"much longer than before", b"x", b""):
        write(tmp_path / "a", content)
        assert (tmp_path / "b").read_bytes() == content
