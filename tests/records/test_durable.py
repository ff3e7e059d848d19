"""Files that outlive a power cut: whole or not there, nothing left beside them, and synced before they bear their name."""

import os

import pytest

from nlpcli.errors import OutputError
from nlpcli.records.durable import DurableLog, create_durably, remove_aside, write_durably

ROOM = [write_durably, create_durably]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def synced(monkeypatch):
    """The sizes of the files that were synced, and "folder" for a folder, in order."""
    seen, fsync = [], os.fsync

    def recorded(descriptor):
        status = os.fstat(descriptor)
        seen.append("folder" if status.st_mode & 0o040000 else status.st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    return seen


@pytest.mark.parametrize("write", ROOM)
def test_a_file_is_there_whole_synced_before_its_folder_and_alone(tmp_path, synced, write):
    write(tmp_path / "a", b"12345")
    assert ((tmp_path / "a").read_bytes(), names(tmp_path), synced) == (b"12345", ["a"], [5, "folder"])


def test_what_was_there_is_replaced(tmp_path):
    for data in (b"long before", b"now"):
        assert write_durably(tmp_path / "a", data) is None
    assert ((tmp_path / "a").read_bytes(), names(tmp_path)) == (b"now", ["a"])


def test_the_first_who_makes_a_file_has_made_it(tmp_path, synced):
    assert create_durably(tmp_path / "a", b"first") is True
    assert create_durably(tmp_path / "a", b"second") is False
    assert ((tmp_path / "a").read_bytes(), names(tmp_path), synced) == (b"first", ["a"], [5, "folder", 6])


def test_a_file_system_without_hard_links_has_files_too(tmp_path, synced, monkeypatch):
    def refused(*paths):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    assert create_durably(tmp_path / "a", b"12") is True
    assert ((tmp_path / "a").read_bytes(), names(tmp_path), synced) == (b"12", ["a"], [2, "folder"])


@pytest.mark.parametrize("write", ROOM)
def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path, monkeypatch, write):
    with pytest.raises(OutputError, match="cannot write .*gone"):
        write(tmp_path / "gone" / "a", b"x")
    monkeypatch.setattr(os, "fsync", lambda descriptor: os.write(-1, b""))
    with pytest.raises(OutputError, match="cannot write .*kept"):
        write(tmp_path / "kept", b"x")
    assert names(tmp_path) == []


def test_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputError, match="cannot write .*a"):
        write_durably(tmp_path / "a", b"x")
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), BrokenPipeError(32, "gone"), MemoryError()])
@pytest.mark.parametrize("write", ROOM)
def test_an_interrupt_is_no_failure_of_the_disk_and_leaves_nothing(tmp_path, monkeypatch, write, error):
    def interrupted(descriptor):
        raise error

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(type(error)) as caught:
        write(tmp_path / "a", b"x")
    assert (caught.value, names(tmp_path)) == (error, [])


def test_what_killed_processes_left_goes_and_what_others_keep_stays(tmp_path):
    for name in (".a.0123.tmp", "a.tmp", ".hidden", ".b.tmp.keep"):
        (tmp_path / name).touch()
    (tmp_path / ".folder.tmp").mkdir()
    remove_aside(tmp_path)
    assert names(tmp_path) == [".b.tmp.keep", ".folder.tmp", ".hidden", "a.tmp"]


def test_a_line_of_a_log_is_on_the_disk_when_it_is_appended(tmp_path, synced):
    log = DurableLog(tmp_path / "log")
    assert names(tmp_path) == []
    log.append(b"one")
    assert ((tmp_path / "log").read_bytes(), synced) == (b"one\n", ["folder", 4])
    log.append(b"two")
    assert ((tmp_path / "log").read_bytes(), synced) == (b"one\ntwo\n", ["folder", 4, 8])
    log.close()
    log.close()
    log.append(b"three")  # it goes on where it ended
    log.close()
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\nthree\n"


def test_a_log_that_cannot_be_written_is_said(tmp_path):
    for path in (tmp_path, tmp_path / "gone" / "log"):
        with pytest.raises(OutputError, match="cannot write"):
            DurableLog(path).append(b"x")
