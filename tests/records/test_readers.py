import bz2
import gzip
import lzma

import pytest
import zstandard

from nlpcli.errors import FieldMissing, FormatUnknown, InputBroken, InputMissing
from nlpcli.records.inputs import InputSpec, input_files
from nlpcli.records.readers import read_records


def read(*paths, **options):
    spec = InputSpec(paths=tuple(str(path) for path in paths), **options)
    return list(read_records(spec, input_files(spec)))


def texts(*paths, **options):
    return [record.text for record in read(*paths, **options)]


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", lambda data: zstandard.ZstdCompressor().compress(data)),
    ],
)
def test_every_compression_reads_the_same_and_names_the_file_when_truncated(tmp_path, suffix, compress):
    path = tmp_path / f"a.txt{suffix}"
    packed = compress("你好\n\nz\u2028y\r\nlast".encode())
    path.write_bytes(packed)
    assert texts(path) == ["你好", "", "z\u2028y", "last"]
    path.write_bytes(packed[:-4])
    if suffix:
        with pytest.raises(InputBroken, match="a.txt"):
            read(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"text": "x", "n": 1}\n"y"\n'),
        ("a.json", '[{"text": "x"},\n {"text": "y"}]'),
        ("b.json", '{"text": "x"} {"text": "y"}'),
        ("a.csv", 'text,n\nx,1\n"y",2\n'),
        ("a.tsv", "n\ttext\n1\tx\n2\ty\n"),
    ],
)
def test_every_structured_format_gives_its_texts(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    assert texts(tmp_path / name) == ["x", "y"]


def test_broken_json_names_file_and_line_and_keeps_its_place(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x"}\n' * 6 + "{oops\n" + '{"text": "z"}\n')
    broken = read(path)[6]
    assert "broken JSON" in broken.error
    assert str(broken.origin) == f"{path}:7"
    assert broken.fields == {"text": "{oops"}


def test_what_cannot_be_read_is_said(tmp_path):
    (tmp_path / "a.csv").write_text("id,stars\n1,2\n")
    (tmp_path / "b.log").write_text("x")
    with pytest.raises(FieldMissing, match='no column "text".*id, stars'):
        read(tmp_path / "a.csv")
    with pytest.raises(FormatUnknown):
        read(tmp_path / "b.log")
    with pytest.raises(InputMissing):
        read(tmp_path / "missing.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputMissing, match="no readable file"):
        read(tmp_path / "empty")
