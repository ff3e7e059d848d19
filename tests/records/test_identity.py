"""Which file a name stands for, under whichever name."""

import os
from pathlib import Path

import pytest

from nlpcli.records.identity import Written, identity_of, local_path, stream_identity
from nlpcli.records.remote.address import Address


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one\n")
    return path


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_a_file_is_the_same_under_every_name(file, link):
    other = file.with_name("b.txt")
    link(other, file)
    assert identity_of(other) == identity_of(file) != identity_of(file.parent)


def test_what_is_not_there_and_a_device_are_no_file(file):
    assert identity_of(file.with_name("missing")) is identity_of(Path(os.devnull)) is None


def test_only_the_regular_file_behind_a_descriptor_is_told(file):
    with file.open() as stream:
        descriptor = stream.fileno()
        assert stream_identity(descriptor) == identity_of(file)
    assert stream_identity(descriptor) is None
    ends = os.pipe()
    assert [stream_identity(end) for end in ends] == [None, None]
    for end in ends:
        os.close(end)


def test_a_folder_that_is_written_is_no_file_and_holds_what_lies_in_it(file):
    written = Written.of([str(file), str(file.parent), "s3://bucket/results/", ""])
    assert identity_of(file) in written.files
    assert identity_of(file.parent) in written.folders - written.files
    assert written.holds(Address.of("s3://bucket/results/a.jsonl"))
    assert not written.holds(Address.of("s3://bucket/texts/a.jsonl"))


def test_a_name_can_begin_with_a_tilde_and_mean_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert local_path("~") == Path.home()
    Path("~").mkdir()
    assert local_path("~") == Path("~")
