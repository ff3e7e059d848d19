"""What was converted of a file: of no use once the file is another one, and not before."""

import json

import pytest

from nlpcli.models.sources.converted import ConvertedSource
from nlpcli.models.sources.made import MANIFEST


@pytest.fixture
def cache(tmp_path):
    return ConvertedSource(tmp_path / "cache")


def converted(cache, name, **facts):
    folder = cache.made.root / name
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text(json.dumps({"name": name, "version": "1", "licence": "", "files": {}, **facts}))
    return folder


def state(file):
    return f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}"


def test_prune_takes_what_was_made_of_a_file_that_changed_or_went(cache, tmp_path):
    file = tmp_path / "a b.gguf"
    file.write_bytes(b"1")
    converted(cache, "current", file=state(file))
    changed = converted(cache, "changed", file=f"{file} 1 1")
    gone = converted(cache, "gone", file=f"{tmp_path / 'b.gguf'} 1 1")
    found = cache.leftovers()
    assert [(item.path, item.reason) for item in found.gone] == [
        (folder, "its file is gone or changed") for folder in (changed, gone)
    ]
    assert found.kept == []


def test_prune_only_names_what_may_come_back_or_is_of_another_version(cache, tmp_path):
    unmounted = converted(cache, "unmounted", file=f"{tmp_path / 'disk' / 'b.gguf'} 1 1")
    for number, file in enumerate((None, 3, "", "a.gguf", "a.gguf 1 1", f"{tmp_path}/a.gguf")):
        converted(cache, f"other {number}", file=file)
    (cache.made.root / "other 0" / MANIFEST).write_text("{}")
    found = cache.leftovers()
    assert found.gone == []
    reasons = {item.path.name: item.reason for item in found.kept}
    assert reasons.pop(unmounted.name) == "the folder of its file is not there now"
    assert set(reasons.values()) == {"does not say what it was made of"}
    assert len(reasons) == 6
    assert [item.path for item in cache.removals("unmounted", "1")] == [unmounted]
