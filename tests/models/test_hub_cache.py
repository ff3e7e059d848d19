"""The hub's cache, read in place: whole where it is whole, said where it is not, and no more deleted than is due.

`hub_verification` too.
"""

import hashlib
import json
import os
import stat
import time
from itertools import count
from pathlib import Path

import pytest
from filelock import FileLock

from nlpcli.errors import IntegrityError
from nlpcli.models.reference import Verification
from nlpcli.models.sources import hub_verification
from nlpcli.models.sources.hub import HubSource
from nlpcli.models.sources.hub_cache import (
    blob_of,
    cache_folder,
    cached_repositories,
    half_deleted,
    leftovers_of,
    licence,
    pin,
    removals_of,
    repository_folder,
)
from nlpcli.models.sources.hub_verification import (
    checked_download,
    discard_damaged,
    forget,
    unverified_files,
    verify_repository,
)

A, B, C = "a" * 40, "b" * 40, "c" * 40
CLOCK = count(1_000_000_000, 100)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def git(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def fetch(commit, files, *refs, name="owner/tiny", hashed=sha256):
    """A revision as huggingface_hub lays it down, later than what came before; the folder of its repository."""
    folder, now = repository_folder(name), next(CLOCK)
    (folder / "blobs").mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        blob, link = folder / "blobs" / hashed(content), folder / "snapshots" / commit / file
        if not blob.exists():
            blob.write_bytes(content)
            os.utime(blob, (now, now))
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    for ref in refs:
        path = folder / "refs" / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(commit)
        os.utime(path, (now, now))
    os.utime(folder / "snapshots" / commit, (now, now))
    return folder


def repository(name="owner/tiny"):
    return next(repository for repository in cached_repositories() if repository.name == name)


def tree(folder, commit, **files):
    (folder / "trees").mkdir(exist_ok=True)
    (folder / "trees" / f"{commit}.json").write_text(json.dumps({"files": files}))


def test_the_cache_is_where_the_hub_has_it(cache, monkeypatch):
    assert cache_folder() == cache
    assert repository_folder("owner/tiny") == cache / "models--owner--tiny"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", "~/hub")
    assert cache_folder() == Path.home() / "hub"


def test_revisions_are_told_with_their_files_and_what_stands_for_them(cache):
    folder = fetch(A, {"config.json": b"{}", "sub/weights": b"123"}, "main", "v/1")
    fetch(B, {"config.json": b"{}"})
    fetch(A, {"a": b"1"}, name="alone")
    (cache / "models--file").touch()
    (cache / "datasets--a--b").mkdir()
    (folder / "snapshots" / C).symlink_to(folder / "snapshots" / A)
    (folder / "snapshots" / "file").touch()
    assert [repository.name for repository in cached_repositories()] == ["alone", "owner/tiny"]
    first, second = repository().revisions
    assert (first.commit, first.path, first.size, set(first.refs)) == (A, folder / "snapshots" / A, 5, {"main", "v/1"})
    assert first.files == {file: first.path / file for file in ("config.json", "sub/weights")}
    assert (second.commit, second.refs, repository().problems) == (B, (), ())


def test_a_broken_entry_is_a_problem_and_hides_no_other(cache):
    folder = fetch(A, {"a": b"12", "b": b"345"}, "main")
    (folder / "blobs" / sha256(b"12")).unlink()
    (folder / "refs" / "gone").write_text(B)
    (folder / "refs" / "bytes").write_bytes(b"\xff\xfe")
    (folder / "refs" / "spaced").write_text(f" {A}\n")
    (folder / "snapshots" / A / "to a folder").symlink_to(folder / "blobs")
    found = repository()
    assert found.problems == ("refs/bytes cannot be read", "refs/gone names a commit that is not here")
    (revision,) = found.revisions
    assert set(revision.refs) == {"main", "spaced"}
    assert set(revision.files) == {"a", "b", "to a folder"}
    assert revision.size == 3 + (folder / "blobs").stat().st_size


def test_sizes_count_what_lies_there_and_the_last_use_is_that_of_a_file():
    folder = fetch(A, {"a": b"12", "b": b"345"}, "main")
    assert repository().size == 5 + len(A)
    os.utime(folder / "blobs" / sha256(b"12"), (5000, 1))
    os.utime(folder / "blobs" / sha256(b"345"), (4000, 1))
    assert repository().last_used == 5000
    for blob in (folder / "blobs").iterdir():
        blob.unlink()
    assert repository().last_used == 0


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ("---\nlicense: mit\n---\nA model", "mit"),
        ("\ufeff---\nlicense: mit\n---\n", "mit"),
        ("---\nlicense: [mit, 'apache\n 2.0', 3, a, b, c]\n---\n", "mit, apache 2.0, a, b"),
        ("---\nlicense: " + "x" * 100 + "\n---\n", "x" * 60),
        ("---\nlanguage: en\n---\nlicense: mit", "?"),
        ("---\nlicense: ''\n---\n", "?"),
        ("---\nlicense: 3\n---\n", "?"),
        ("---\n- license\n---\n", "?"),
        ("---\nlicense: mit\n", "?"),
        ("text\n---\nlicense: mit\n---\n", "?"),
        ("---\nlicense: [mit\n---\n", "?"),
        ("---\na: " + "[" * 5000 + "\n---\n", "?"),
        ("---\n" + "# a comment\n" * 6000 + "license: mit\n---\n", "?"),
        ("", "?"),
    ],
)
def test_the_licence_is_what_the_card_says_in_a_few_words(tmp_path, card, told):
    assert licence(tmp_path) == "?"
    (tmp_path / "README.md").write_text(card)
    assert licence(tmp_path) == told


def test_a_blob_is_one_step_along_a_link_and_never_elsewhere(tmp_path):
    folder = fetch(A, {"a": b"1"}, "main")
    link, blob = folder / "snapshots" / A / "a", folder / "blobs" / sha256(b"1")
    assert blob_of(folder, link) == blob
    store = tmp_path / "store"
    blob.rename(store)
    blob.symlink_to(store)
    assert blob_of(folder, link) == blob
    for number, target in enumerate((store, "../../refs/main", "../../blobs/deep/a", "../../../other/blobs/a")):
        other = folder / "snapshots" / A / str(number)
        other.symlink_to(target)
        assert blob_of(folder, other) is None
    assert blob_of(folder, store) is None
    absolute = folder / "snapshots" / A / "absolute"
    absolute.symlink_to(blob.absolute())
    assert blob_of(folder, absolute) == blob
    (folder / "blobs").rename(tmp_path / "blobs")
    (folder / "blobs").symlink_to(tmp_path / "blobs")
    assert blob_of(folder, link) is None


def paths(removals):
    return {removal.path for removal in removals}


def test_prune_takes_what_a_branch_has_left_and_its_own_blobs_alone():
    folder = fetch(A, {"shared": b"s", "own": b"old"}, "main")
    fetch(B, {"shared": b"s", "own": b"new"}, "main")
    gone, kept = leftovers_of(repository(), ())
    assert kept == []
    assert paths(gone) == {folder / "snapshots" / A, folder / "blobs" / sha256(b"old")}
    assert {(item.name, item.reason) for item in gone} == {("owner/tiny", f"detached revision {A[:12]}")}
    assert {item.path.name: item.size for item in gone} == {A: 0, sha256(b"old"): 3}


def test_a_blob_of_two_superseded_revisions_goes_once_and_broken_links_are_no_blobs():
    folder = fetch(A, {"x": b"x", "gone": b"gone"}, "main")
    fetch(B, {"x": b"x"}, "main")
    fetch(C, {"y": b"y"}, "main")
    (folder / "blobs" / sha256(b"gone")).unlink()
    gone = [item.path for item in leftovers_of(repository(), ()).gone]
    assert sorted(gone) == sorted([folder / "snapshots" / A, folder / "snapshots" / B, folder / "blobs" / sha256(b"x")])


def test_files_that_are_no_links_count_with_their_revision():
    folder = fetch(A, {"a": b"1"}, "main")
    (folder / "snapshots" / A / "copy").write_bytes(b"1234")
    os.utime(folder / "snapshots" / A, (1, 1))
    fetch(B, {"a": b"2"}, "main")
    (snapshot,) = [item for item in leftovers_of(repository(), ()).gone if item.path == folder / "snapshots" / A]
    assert snapshot.size == 4


def test_prune_only_names_what_nothing_proves_to_be_superseded():
    folder = fetch(B, {"a": b"2"}, "main")
    fetch(A, {"a": b"1"})  # by its commit, by another program, after the branch came
    gone, (kept,) = leftovers_of(repository(), ())
    assert gone == []
    assert (kept.name, kept.revision, kept.path, kept.size) == ("owner/tiny", A[:12], folder / "snapshots" / A, 1)
    assert kept.reason == "no branch is known to have left it"
    (folder / "refs" / "main").unlink()
    assert {item.revision for item in leftovers_of(repository(), ()).kept} == {A[:12], B[:12]}


def test_a_revision_that_is_pinned_stays_and_pins_prove_nothing_of_others():
    folder = fetch(A, {"a": b"1"})
    fetch(B, {"a": b"2"})
    pin("owner/tiny", B)
    assert (folder / "refs" / "nlpcli" / B).read_text() == B
    assert repository().revisions[1].refs == (f"nlpcli/{B}",)
    gone, kept = leftovers_of(repository(), ())
    assert (gone, [item.revision for item in kept]) == ([], [A[:12]])
    fetch(C, {"a": b"3"}, "main")
    assert folder / "snapshots" / A in paths(leftovers_of(repository(), ()).gone)
    assert leftovers_of(repository(), (C, A[:7])) == ([], [])
    (folder / "refs" / "nlpcli").chmod(0o500)
    pin("owner/tiny", C)  # where it cannot be written, nothing is said


def test_blobs_of_no_revision_go_unless_someone_is_fetching_them():
    folder = fetch(A, {"a": b"1"}, "main")
    locks = folder.parent / ".locks" / folder.name
    locks.mkdir(parents=True)
    ages = {
        "0" * 40: 700, "1" * 40: 500, "2" * 40 + ".incomplete": 700, "3" * 40 + ".incomplete": 500,
        "4" * 40 + ".a1.incomplete": 0, "5" * 40 + ".incomplete": 700, "6" * 40: 0,
    }  # fmt: skip
    for blob, age in ages.items():
        (folder / "blobs" / blob).write_bytes(b"12")
        os.utime(folder / "blobs" / blob, (time.time() - age,) * 2)
    for free in ("4", "6"):
        (locks / f"{free * 40}.lock").touch()
    with FileLock(locks / f"{'5' * 40}.lock"):
        gone = {(item.path.name[0], item.size, item.reason) for item in leftovers_of(repository(), ()).gone}
    # A killed download lets go of its lock; a whole blob is linked a moment after.
    assert gone == {("0", 2, "of no revision"), ("2", 2, "broken-off download"), ("4", 2, "broken-off download")}
    FileLock(locks / f"{'4' * 40}.lock").acquire(timeout=0).lock.release()


def test_a_ref_that_was_half_written_is_no_problem_and_goes_when_nobody_writes_it_any_more():
    folder = fetch(A, {"a": b"1"}, "main", "v1.tmp")
    for name in ("refs/main.0123abcd.tmp", "trees/tmpab_d3f7h.tmp", "refs/pr/1.89abcdef.tmp"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    assert (repository().problems, leftovers_of(repository(), ())) == ((), ([], []))
    for name, age in (
        ("refs/main.0123abcd.tmp", 700),
        ("trees/tmpab_d3f7h.tmp", 700),
        ("refs/pr/1.89abcdef.tmp", 500),
    ):
        os.utime(folder / name, (time.time() - age,) * 2)
    os.utime(folder / "refs" / "v1.tmp", (0, 0))
    gone = {(item.path.name, item.reason) for item in leftovers_of(repository(), ()).gone}
    assert gone == {(name, "broken-off download") for name in ("main.0123abcd.tmp", "tmpab_d3f7h.tmp")}


def test_what_was_half_deleted_goes_in_a_repository_and_in_the_cache(cache):
    folder = fetch(A, {"a": b"1"}, "main")
    for place in (folder / ".deleting-b-1", cache / ".deleting-models--x--y-1"):
        place.mkdir()
        (place / "file").write_bytes(b"123")
    (removal,) = leftovers_of(repository(), ()).gone
    assert (removal.name, removal.path.name, removal.size) == ("owner/tiny", ".deleting-b-1", 3)
    (removal,) = half_deleted()
    assert (removal.name, removal.size, removal.reason) == (".deleting-models--x--y-1", 3, "half deleted")
    assert [item.path.name for item in HubSource().leftovers().gone] == [".deleting-models--x--y-1", ".deleting-b-1"]


def test_one_revision_is_removed_by_its_commit_or_its_branch_with_what_stands_for_it():
    folder = fetch(A, {"shared": b"s", "own": b"old"}, "main", f"nlpcli/{A}")
    fetch(B, {"shared": b"s", "own": b"new"}, "v2")
    old = {
        folder / "snapshots" / A,
        folder / "blobs" / sha256(b"old"),
        folder / "refs/main",
        folder / f"refs/nlpcli/{A}",
    }
    for asked in (A, A[:7], A[:12], "main"):
        assert paths(removals_of(repository(), asked)) == old
    assert {item.reason for item in removals_of(repository(), A)} == {"asked for"}
    for nothing in ("", "a", A[:6], "v", "refs/main", C, A[:7].upper(), A + "a"):
        assert removals_of(repository(), nothing) == []
    assert paths(HubSource().removals("owner/tiny", "v2")) == {
        folder / "snapshots" / B, folder / "blobs" / sha256(b"new"), folder / "refs/v2",
    }  # fmt: skip
    assert HubSource().removals("owner/other", A) == []
    (whole,) = HubSource().removals("owner/tiny", None)
    assert (whole.path, whole.size, whole.reason) == (folder, repository().size, "asked for")


def test_the_only_revision_goes_with_its_repository():
    folder = fetch(A, {"a": b"1"}, "main")
    assert paths(removals_of(repository(), A)) == {folder}


@pytest.mark.parametrize("hashed", [sha256, git])
def test_verify_says_of_each_file_what_is_wrong_with_it(hashed, tmp_path):
    contents = {"sound": b"1" * 3_000_000, "flipped": b"2", "empty": b"3", "broken": b"4"}
    folder = fetch(A, contents, "main", hashed=hashed)
    assert verify_repository(repository()) == Verification("owner/tiny", 4, ())
    for name, content in (("flipped", b"x"), ("empty", b"")):
        (folder / "blobs" / hashed(contents[name])).write_bytes(content)
    (folder / "blobs" / hashed(b"4")).unlink()
    (folder / "snapshots" / A / "outside").symlink_to(tmp_path)
    (folder / "refs" / "gone").write_text(B)
    found = verify_repository(repository())
    assert (found.name, found.files, found.unverified) == ("owner/tiny", 5, ())
    assert set(found.problems) == {
        "refs/gone names a commit that is not here", "flipped has changed", "empty is empty", "broken is a broken link",
        "outside is a link that leads out of the cache",
    }  # fmt: skip


def test_what_the_tree_says_counts_and_not_what_a_mirror_calls_a_blob():
    folder = fetch(
        A, {"large": b"1", "small": b"2", "unknown": b"3"}, "main", hashed=lambda content: f"md5-{content[0]}"
    )
    assert verify_repository(repository()).unverified == tuple(
        f"{name} cannot be verified" for name in ("large", "small", "unknown")
    )
    assert unverified_files("owner/tiny", folder / "snapshots" / A) == ["large", "small", "unknown"]
    tree(folder, A, large={"lfs_sha256": sha256(b"1"), "blob_id": "0" * 40}, small={"blob_id": git(b"2")})
    found = verify_repository(repository())
    assert (found.problems, found.unverified) == ((), ("unknown cannot be verified",))
    assert unverified_files("owner/tiny", folder / "snapshots" / A) == ["unknown"]
    tree(folder, A, large={"lfs_sha256": sha256(b"x")}, small={"blob_id": git(b"x")}, unknown={"blob_id": 7})
    found = verify_repository(repository())
    assert (found.problems, found.unverified) == (
        ("large has changed", "small has changed"), ("unknown cannot be verified",),
    )  # fmt: skip


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"files": []}', '{"files": {"a": 3}}', "[" * 5000, "\xff"])
def test_a_damaged_tree_is_none(kept):
    folder = fetch(A, {"a": b"1"}, "main")
    (folder / "trees").mkdir()
    (folder / "trees" / f"{A}.json").write_text(kept)
    assert verify_repository(repository()).problems == ()


def test_two_files_that_a_mirror_names_alike_are_told_apart():
    folder = fetch(A, {"a": b"1"}, "main")
    (folder / "snapshots" / A / "b").symlink_to(f"../../blobs/{sha256(b'1')}")
    tree(folder, A, a={"lfs_sha256": sha256(b"1")}, b={"lfs_sha256": sha256(b"2")})
    found = verify_repository(repository())
    assert (found.files, found.problems) == (1, ("b has changed",))


def test_a_file_that_cannot_be_read_is_said(monkeypatch):
    fetch(A, {"a": b"1"}, "main")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(hub_verification, "_is_sound", refuse)
    assert verify_repository(repository()).problems == ("a cannot be read: Permission denied",)


def test_what_is_no_file_is_said():
    folder = fetch(A, {"a": b"1"}, "main")
    blob = folder / "blobs" / sha256(b"1")
    blob.unlink()
    blob.mkdir()
    assert verify_repository(repository()).problems == ("a is no file",)


def test_what_is_damaged_is_discarded_with_its_links_and_nothing_else(tmp_path):
    contents = {"sound": b"1", "flipped": b"2", "sub/flipped": b"2", "broken": b"4"}
    folder = fetch(A, contents, "main")
    fetch(B, {"flipped": b"2"}, "old")
    (folder / "blobs" / sha256(b"2")).write_bytes(b"x")
    (folder / "blobs" / sha256(b"4")).unlink()
    (tmp_path / "letter").write_text("kept")
    (folder / "snapshots" / A / "outside").symlink_to(tmp_path / "letter")
    (folder / "snapshots" / A / "copy").write_bytes(b"nobody knows")
    discard_damaged(repository())
    left = {
        path.relative_to(folder / "snapshots").as_posix() for path in folder.glob("snapshots/**/*") if not path.is_dir()
    }
    assert left == {f"{A}/sound", f"{A}/copy"}
    assert [path.name for path in (folder / "blobs").iterdir()] == [sha256(b"1")]
    assert (tmp_path / "letter").read_text() == "kept"


def test_forget_tells_the_names_of_what_it_deleted(tmp_path):
    folder = fetch(A, {"a": b"1", "sub/b": b"1", "c": b"2"}, "main")
    fetch(B, {"a": b"1"}, "old")
    (tmp_path / "outside").touch()
    assert forget(folder, {folder / "blobs" / sha256(b"1"), tmp_path / "outside"}) == ["a", "sub/b"]
    assert (tmp_path / "outside").exists()
    assert [path.name for path in (folder / "blobs").iterdir()] == [sha256(b"2")]


def test_a_download_of_other_bytes_is_not_kept_and_what_was_there_before_is():
    folder = fetch(A, {"old": b"1"}, "main")
    (folder / "blobs" / sha256(b"1")).write_bytes(b"flipped before")

    def served():
        fetch(B, {"a": b"2", "b": b"3", "c": b"4"}, "main")
        for content in (b"2", b"3"):
            (folder / "blobs" / sha256(content)).write_bytes(b"other")
        (folder / "blobs" / "half.incomplete").touch()

    said = r"^x: what was fetched is not what the hub says it has \(a, b\); it was not kept"
    with pytest.raises(IntegrityError, match=said), checked_download("x", "owner/tiny"):
        served()
    assert {path.name for path in (folder / "blobs").iterdir()} == {sha256(b"1"), sha256(b"4"), "half.incomplete"}


def test_files_where_links_are_not_possible_are_checked_too():
    folder = repository_folder("owner/tiny")

    def served():
        (folder / "snapshots" / A).mkdir(parents=True)
        (folder / "snapshots" / A / "a").write_bytes(b"2")
        tree(folder, A, a={"lfs_sha256": sha256(b"1")})

    with pytest.raises(IntegrityError, match=r"\(a\)"), checked_download("x", "owner/tiny"):
        served()
    assert list((folder / "snapshots" / A).iterdir()) == []


def test_a_download_that_is_sound_or_that_nobody_knows_is_kept_and_its_lists_are_for_all():
    folder = repository_folder("owner/tiny")
    with checked_download("x", "owner/tiny"):
        fetch(A, {"a": b"1"}, "main")
        fetch(B, {"b": b"2"}, "mirror", hashed=lambda _: "md5")
        tree(folder, A, a={"lfs_sha256": sha256(b"1")})
        (folder / "trees" / f"{A}.json").chmod(0o600)
        (folder / "trees").chmod(0o755)
    assert {path.name for path in (folder / "blobs").iterdir()} == {sha256(b"1"), "md5"}
    assert stat.S_IMODE((folder / "trees" / f"{A}.json").stat().st_mode) == 0o644
    with checked_download("x", "owner/none"):
        pass  # nothing was fetched


def test_a_pull_discards_nothing_offline(monkeypatch):
    folder = fetch(A, {"a": b"1"}, "main")
    (folder / "blobs" / sha256(b"1")).write_bytes(b"x")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    HubSource().discard_damaged("owner/tiny")
    assert (folder / "blobs" / sha256(b"1")).exists()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    HubSource().discard_damaged("owner/other")
    assert (folder / "blobs" / sha256(b"1")).exists()
    HubSource().discard_damaged("owner/tiny/a.gguf")
    assert not (folder / "blobs" / sha256(b"1")).exists()


def test_the_list_has_a_line_for_each_revision():
    fetch(A, {"README.md": b"---\nlicense: mit\n---\n"}, "main")
    folder = fetch(B, {"a": b"1"}, "v2")
    first, second = HubSource().cached()
    assert (first.name, first.source, first.revision, first.licence, first.size) == (
        "owner/tiny",
        "hub",
        A[:12],
        "mit",
        21,
    )
    assert (second.revision, second.licence, second.path) == (B[:12], "?", str(folder / "snapshots" / B))
    assert [item.name for item in HubSource().verify("owner/tiny")] == ["owner/tiny"]
    assert HubSource().verify("owner") == []
