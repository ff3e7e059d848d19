"""Folders that nlpcli makes in its cache: whole or not there, described by a manifest, and never in anybody's way."""

import hashlib
import json
import os
import time
from threading import Thread

import pytest
from filelock import FileLock

from nlpcli.errors import CacheError
from nlpcli.models.sources.made import MANIFEST, MadeFolders, manifest_of, note_use, read_manifest, size_below

FACTS = {"name": "starter/a", "version": "1.0", "licence": "mit"}
FILES = {"config.json": b"{}", "sub/weights": b"12345"}


def silent(text, fraction=None):
    pass


def recipe(staging):
    for name, content in FILES.items():
        path = staging / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (staging / "raw").write_bytes(b"not kept")


@pytest.fixture
def made(tmp_path):
    return MadeFolders(tmp_path / "cache", "starter set")


@pytest.fixture
def folder(made):
    made.make(made.root / "a-1.0", FACTS, recipe, silent)
    return made.root / "a-1.0"


def test_a_folder_holds_what_the_recipe_made_and_the_hashes_of_it(made, folder):
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {*FILES, MANIFEST}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    assert json.loads((folder / MANIFEST).read_text()) == {**FACTS, "files": hashes}
    assert read_manifest(folder) == {**FACTS, "files": hashes}
    assert (made.is_complete(folder), made.complete(), made.named("starter/a")) == (True, [folder], [folder])
    assert [path.name for path in made.root.iterdir() if path.name.startswith(".staging")] == []


def test_nothing_is_made_twice(made, folder):
    def unwanted(staging):
        raise AssertionError

    made.make(folder, FACTS, unwanted, silent)


def test_a_recipe_that_fails_leaves_nothing(made):
    def fails(staging):
        recipe(staging)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        made.make(made.root / "a-1.0", FACTS, fails, silent)
    assert [path for path in made.root.iterdir() if path.is_dir()] == []


def test_what_a_killed_run_left_goes_when_the_model_is_made_and_other_models_stay(made):
    for name in (".staging-a-1.0-dead", ".staging-b-1.0-dead"):
        (made.root / name).mkdir(parents=True)
        (made.root / name / "part").touch()
    made.make(made.root / "a-1.0", FACTS, recipe, silent)
    assert [path.name for path in made.root.glob(".staging-*")] == [".staging-b-1.0-dead"]


def test_whoever_waits_for_another_process_says_so_and_takes_what_it_made(made):
    made.root.mkdir()
    said, lock = [], FileLock(made.root / ".a-1.0.lock", thread_local=False)

    def told(text, fraction=None):
        said.append(text)
        recipe_of_other = made.root / "other"
        recipe(recipe_of_other)
        (recipe_of_other / "model" / MANIFEST).write_text(json.dumps({**FACTS, "files": {}}))
        (recipe_of_other / "model").replace(made.root / "a-1.0")
        lock.release(force=True)

    lock.acquire()
    waiting = Thread(target=made.make, args=(made.root / "a-1.0", FACTS, pytest.fail, told))
    waiting.start()
    waiting.join(20)
    assert said == ["waiting for another process that fetches the same model"]
    with FileLock(made.root / ".a-1.0.lock", timeout=0):
        pass  # let go of again


def test_a_cache_that_cannot_be_written_is_named_with_what_to_do(made):
    made.root.parent.mkdir(exist_ok=True)
    made.root.write_text("a file")
    with pytest.raises(CacheError, match=r"cannot write the cache folder .*cache.*: File exists;.*NLPCLI_CACHE_DIR"):
        made.make(made.root / "a-1.0", FACTS, recipe, silent)


def test_the_list_tells_what_the_manifest_does_its_size_and_last_use(made, folder):
    os.utime(folder / MANIFEST, (1000, 1000))
    (model,) = made.cached()
    assert (model.name, model.revision, model.licence, model.source) == ("starter/a", "1.0", "mit", "starter set")
    assert (model.size, model.last_used, model.path) == (size_below(folder), 1000, str(folder))
    note_use(folder)
    assert next(made.cached()).last_used > time.time() - 60
    note_use(folder / "not there")


def test_a_size_counts_files_and_not_what_links_lead_to(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_bytes(b"123")
    (tmp_path / "b").write_bytes(b"4567")
    (tmp_path / "link").symlink_to(tmp_path / "b")
    assert size_below(tmp_path) == 7


def test_removals_name_every_version_or_the_one_asked_for(made, folder):
    newer = made.root / "a-2.0"
    made.make(newer, {**FACTS, "version": "2.0"}, recipe, silent)
    made.make(made.root / "b-1.0", {**FACTS, "name": "starter/b"}, recipe, silent)

    def paths(*asked):
        return [removal.path for removal in made.removals(*asked)]

    assert paths("starter/a", None) == [folder, newer]
    assert (paths("starter/a", "2.0"), paths("starter/a", "3.0"), paths("starter/c", None)) == ([newer], [], [])
    (removal,) = made.removals("starter/a", "1.0")
    assert (removal.name, removal.size, removal.reason) == ("starter/a", size_below(folder), "asked for")
    kept = made.kept(folder, "why")
    assert (kept.name, kept.revision, kept.path, kept.size, kept.reason) == (
        "starter/a", "1.0", folder, size_below(folder), "why",
    )  # fmt: skip


def names(removals):
    return {(removal.path.name, removal.reason) for removal in removals}


def test_prune_takes_staging_folders_in_which_nobody_works(made):
    made.root.mkdir()
    hour = 3600
    for name, age in (("old", 1.5 * hour), ("young", 0.5 * hour), ("locked", 0), ("free", 0), ("gone-gone", 0)):
        (made.root / f".staging-{name}-12ab").mkdir()
        os.utime(made.root / f".staging-{name}-12ab", (time.time() - age,) * 2)
    (made.root / ".staging-gone-12ab-gone").mkdir()
    (made.root / ".staging-file").touch()
    (made.root / ".deleting-a").mkdir()
    for name in ("free", "gone"):
        (made.root / f".{name}.lock").touch()
    with FileLock(made.root / ".locked.lock"):
        assert names(made.broken_off()) == {
            (".staging-old-12ab", "broken-off download"),
            (".staging-free-12ab", "broken-off download"),
            (".staging-gone-12ab-gone", "broken-off download"),
            (".deleting-a", "half deleted"),
        }
    # Whoever looks does not hold it.
    for name in ("free", "locked"):
        FileLock(made.root / f".{name}.lock").acquire(timeout=0).lock.release()


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "{oops", '"' + "[" * 5000, '{"name": 1}', '{"name": "a", "version": "1", "licence": "", "files": []}',
     '{"name": "a", "version": "1", "licence": "", "files": {"a": 1}}', '{"version": "1", "licence": "", "files": {}}'],
)  # fmt: skip
def test_a_damaged_manifest_takes_nothing_else_down(made, folder, content):
    (folder / MANIFEST).write_text(content)
    with pytest.raises(CacheError, match="delete that folder"):
        read_manifest(folder)
    assert manifest_of(folder) == {"name": "a-1.0", "version": "?", "licence": "?", "files": {}}
    (verification,) = made.verify("a-1.0")
    assert (verification.files, verification.problems) == (0, (f"{MANIFEST} cannot be read",))


def test_verify_says_of_each_file_what_is_wrong_with_it(made, folder):
    (sound,) = made.verify("starter/a")
    assert (sound.name, sound.files, sound.problems, sound.unverified) == ("starter/a", 2, (), ())
    (folder / "config.json").write_bytes(b"[]")
    (folder / "sub" / "weights").unlink()
    assert made.verify("starter/a")[0].problems == ("config.json has changed", "sub/weights is missing")
    (folder / "sub" / "weights").mkdir()
    assert made.verify("starter/a")[0].problems == ("config.json has changed", "sub/weights is missing")
    assert made.verify("starter/b") == []


def test_what_is_damaged_is_discarded_and_what_is_sound_stays(made, folder):
    other = made.root / "a-2.0"
    made.make(other, {**FACTS, "version": "2.0"}, recipe, silent)
    (folder / "config.json").write_bytes(b"[]")
    made.discard_damaged("starter/a")
    assert (folder.exists(), other.exists()) == (False, True)
    # A manifest that cannot be read hides the name: the folder is known by where it should be.
    (other / MANIFEST).write_text("{}")
    made.discard_damaged("starter/a")
    assert other.exists()
    made.discard_damaged("starter/a", other)
    assert not other.exists()
    made.discard_damaged("starter/a", made.root / "not there")
