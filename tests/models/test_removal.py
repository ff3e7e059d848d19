import pytest

from nlpcli.errors import CacheError
from nlpcli.models import removal
from nlpcli.models.reference import Removal
from nlpcli.models.removal import remove


def plan(*paths):
    return [Removal("name", path, 0, "asked for") for path in paths]


def test_files_and_folders_go_and_what_lies_beside_them_stays(tmp_path):
    folder, file, other = tmp_path / "folder", tmp_path / "file", tmp_path / "other"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a").touch()
    file.touch()
    other.touch()
    remove(plan(folder, file))
    assert list(tmp_path.iterdir()) == [other]


def test_of_a_link_the_link_alone_goes(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "letter").touch()
    links = [tmp_path / "to a folder", tmp_path / "to a file", tmp_path / "to nothing"]
    for link, target in zip(links, ("precious", "precious/letter", "nowhere"), strict=True):
        link.symlink_to(tmp_path / target)
    remove(plan(*links))
    assert [path.name for path in tmp_path.rglob("*")] == ["precious", "letter"]


def test_what_another_process_deleted_is_no_error_and_the_rest_goes(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "c").touch()
    remove(plan(tmp_path / "a", tmp_path / "b", tmp_path / "c", tmp_path / "no" / "folder"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_vanishes_at_once_under_a_name_that_no_source_reads(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(removal.shutil, "rmtree", seen.append)
    for folder in ("models--a--b", "models--a--b/snapshots/0123", ".deleting-x-1"):
        (tmp_path / folder).mkdir(parents=True)
    remove(plan(tmp_path / "models--a--b/snapshots/0123"))
    remove(plan(tmp_path / ".deleting-x-1"))
    remove(plan(tmp_path / "models--a--b"))
    snapshot, half, whole = seen
    # Beside the snapshots, not among them: whoever lists these must not see it.
    assert snapshot.parent == tmp_path / "models--a--b"
    assert snapshot.name.startswith(".deleting-0123-")
    # What a killed removal moved aside is deleted under the name that it has.
    assert half == tmp_path / ".deleting-x-1"
    assert (whole.parent, whole.name.startswith(".deleting-models--a--b-")) == (tmp_path, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [whole.name, half.name]
    # Two removals of like names at once do not meet.
    (tmp_path / "models--a--b").mkdir()
    remove(plan(tmp_path / "models--a--b"))
    assert seen[-1] != whole


def test_what_cannot_be_deleted_is_said_with_its_name(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a").mkdir()
    monkeypatch.setattr(removal.shutil, "rmtree", refuse)
    with pytest.raises(CacheError, match=r"cannot delete .*a.*: Permission denied; check its permissions"):
        remove(plan(tmp_path / "a"))
