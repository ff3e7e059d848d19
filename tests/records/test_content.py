"""First bytes are believed before names: compression, Parquet and byte order marks, in files and in streams."""

import bz2
import codecs
import gzip
import io
import lzma
import os
import subprocess
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.errors import FormatUnknown, InputBroken, InputMissing
from nlpcli.records.content import content_of, decoded, read_document
from nlpcli.records.formats import FileFormat
from nlpcli.records.inputs import InputSpec, input_files
from nlpcli.records.readers import read_records

COMPRESS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}
NAMES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
MARKED = {
    "UTF-8": codecs.BOM_UTF8 + "你\n".encode(),
    "UTF-16": codecs.BOM_UTF16_LE + "你\n".encode("utf-16-le"),
    "UTF-16 of the other order": codecs.BOM_UTF16_BE + "你\n".encode("utf-16-be"),
    "UTF-32": codecs.BOM_UTF32_LE + "你\n".encode("utf-32-le"),
    "UTF-32 of the other order": codecs.BOM_UTF32_BE + "你\n".encode("utf-32-be"),
}
NOTHING = FileFormat("txt", "")


def read(path, **options):
    spec = InputSpec(paths=(str(path),), **options)
    return [record.text for record in read_records(spec, input_files(spec))]


def parquet(*texts):
    target = io.BytesIO()
    pq.write_table(pa.table({"text": pa.array(texts, pa.string())}), target)
    return target.getvalue()


@pytest.mark.parametrize("name", ["README", "app.log.1", "corpus.en", "a.txt", "a.md", "a.txt.gz", "a.zst"])
@pytest.mark.parametrize("suffix", [*COMPRESS, ""])
@pytest.mark.parametrize("encoding", MARKED)
def test_a_text_is_read_as_its_bytes_are_whatever_its_name(tmp_path, name, suffix, encoding):
    (tmp_path / name).write_bytes(COMPRESS.get(suffix, bytes)(MARKED[encoding]))
    assert read(tmp_path / name) == ["你"]


@pytest.mark.parametrize("encoding", MARKED)
@pytest.mark.parametrize(
    ("name", "text"),
    [("a.csv", "text\n你\n"), ("a.tsv", "n\ttext\n1\t你\n"), ("a.jsonl", '{"text": "你"}\n'), ("a.json", '["你"]')],
)
def test_a_table_is_read_in_the_encoding_of_its_mark(tmp_path, name, text, encoding):
    mark = next(mark for mark in sorted(_MARKS, key=len, reverse=True) if MARKED[encoding].startswith(mark))
    (tmp_path / name).write_bytes(mark + text.encode(_MARKS[mark]))
    assert read(tmp_path / name) == ["你"]


_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
}


@pytest.mark.parametrize("name", ["data", "a.txt", "a.csv", "a.jsonl", "a.parquet", "a.parquet.gz"])
@pytest.mark.parametrize("suffix", [*COMPRESS, ""])
@pytest.mark.parametrize("texts", [("x", "y"), ()])
def test_parquet_is_parquet_whatever_its_name(tmp_path, name, suffix, texts):
    (tmp_path / name).write_bytes(COMPRESS.get(suffix, bytes)(parquet(*texts)))
    assert read(tmp_path / name) == [*texts]
    assert input_files(InputSpec(paths=(str(tmp_path / name),)))[0].format.name == "parquet"


@pytest.mark.parametrize("named", ["txt", "csv", "parquet", "parquet.zst"])
def test_a_named_format_does_not_stand_over_the_bytes(tmp_path, named):
    (tmp_path / "data").write_bytes(gzip.compress(parquet("x")))
    assert read(tmp_path / "data", format=named) == ["x"]


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_finding_is_said_once_and_only_where_nothing_named_it(tmp_path, caplog, suffix):
    for name in ("a", "b", f"c.txt{suffix}"):
        (tmp_path / name).write_bytes(COMPRESS[suffix](b"x\n"))
    spec = InputSpec(paths=tuple(str(tmp_path / name) for name in (f"c.txt{suffix}", "a", "b")))
    assert len(list(read_records(spec, input_files(spec)))) == 3
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path / 'a'} is {NAMES[suffix]}, as its first bytes say; it is read so"
    ]


@pytest.mark.parametrize("text", ["", "\n", "B\n", "P\n", "PAR1 is a file format.\n", "BZh9 is a header.\n", "(\n"])
def test_a_text_that_begins_like_something_else_is_a_text(text):
    content = content_of(iter([text.encode()] if text else []), NOTHING, "x")
    assert (content.format, content.unexpected, b"".join(content.chunks)) == ("txt", (), text.encode())


@given(st.binary(max_size=40), st.integers(1, 5), st.sampled_from(list(COMPRESS)))
def test_bytes_come_whole_however_they_are_cut(data, size, suffix):
    packed = COMPRESS[suffix](b"a" + data)
    content = content_of((packed[at : at + size] for at in range(0, len(packed), size)), NOTHING, "x")
    assert b"".join(content.chunks) == b"a" + data
    raw = b"a" + data
    content = content_of((raw[at : at + size] for at in range(0, len(raw), size)), NOTHING, "x")
    assert b"".join(content.chunks) == raw


def test_a_slow_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    spec = InputSpec(paths=(str(tmp_path / "pipe"),))
    records = read_records(spec, input_files(spec))

    def write():
        with (tmp_path / "pipe").open("wb", buffering=0) as pipe:
            pipe.write(b"a\n")
            # What is waited for beyond the first line never comes by itself.
            is_read.wait(60)

    is_read = threading.Event()
    writer = threading.Thread(target=write)
    writer.start()
    assert next(records).text == "a"
    assert writer.is_alive()
    is_read.set()
    writer.join()


@pytest.mark.parametrize(
    "data",
    [parquet("x"), gzip.compress(b"x\n", mtime=0), MARKED["UTF-16"].replace("你".encode("utf-16-le"), b"x\0")],
    ids=["parquet", "gzip", "utf-16"],
)
def test_a_pipe_is_looked_at_like_a_file(tmp_path, data):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[data])
    writer.start()
    assert read(tmp_path / "pipe") == ["x"]
    writer.join()


@pytest.mark.parametrize("suffix", COMPRESS)
def test_members_follow_each_other_and_what_is_no_member_is_said(tmp_path, caplog, suffix):
    compress = COMPRESS[suffix]
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(compress(b"a\n") + compress(b"") + compress(b"b\n") + bytes(512))
    assert (read(path), caplog.records) == (["a", "b"], [])
    path.write_bytes(compress(b"a\n") + b"garbage")
    assert read(path) == ["a"]
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: what stands behind the end of its {NAMES[suffix]} data is not read"
    ]


@pytest.mark.parametrize("suffix", COMPRESS)
def test_every_cut_and_every_damage_is_said(tmp_path, suffix):
    packed = COMPRESS[suffix](os.urandom(300) + b"\n")
    path = tmp_path / f"a.txt{suffix}"
    for end in range(len(packed)):
        path.write_bytes(packed[:end])
        with pytest.raises(InputBroken, match=r"a\.txt.*; fetch or compress it again"):
            read(path)
    path.write_bytes(packed[:20] + bytes(byte ^ 255 for byte in packed[20:]))
    with pytest.raises(InputBroken, match=r"a\.txt"):
        read(path)


@pytest.mark.parametrize("suffix", COMPRESS)
def test_memory_does_not_grow_with_what_is_packed_small(suffix):
    packed = COMPRESS[suffix](bytes(1 << 26))
    sizes = [len(chunk) for chunk in content_of([packed], FileFormat("txt", suffix), "x").chunks]
    assert sum(sizes) == 1 << 26
    assert max(sizes) <= 1 << 26 if suffix == ".zst" else max(sizes) <= 1 << 16


def test_a_long_window_of_zstd_is_read():
    compressor = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    ).compressobj()
    packed = compressor.compress(b"x\n" * 1000) + compressor.flush()
    assert b"".join(content_of([packed], FileFormat("txt", ".zst"), "x").chunks) == b"x\n" * 1000


def test_layers_of_compression_have_an_end(tmp_path):
    data = b"x\n"
    for _ in range(9):
        data = gzip.compress(data)
    (tmp_path / "a.gz").write_bytes(data)
    with pytest.raises(InputBroken, match="compressed 4 times over"):
        read(tmp_path / "a.gz")


def test_what_is_no_text_and_has_no_name_that_tells_is_refused(tmp_path):
    (tmp_path / "picture.jpeg").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0")
    with pytest.raises(FormatUnknown, match="picture.jpeg is no text.*--input-format txt"):
        read(tmp_path / "picture.jpeg")
    assert len(read(tmp_path / "picture.jpeg", format="txt")) == 1
    assert len(read(tmp_path / "picture.jpeg", null_separated=True)) == 2


@pytest.mark.parametrize("encoding", MARKED)
@pytest.mark.parametrize("suffix", [*COMPRESS, ""])
def test_a_document_is_decoded_as_its_bytes_say(encoding, suffix):
    assert decoded(COMPRESS.get(suffix, bytes)(MARKED[encoding]), "config.toml") == "你\n"


@pytest.mark.parametrize("data", [b"caf\xe9", b"a\0b", parquet("x"), codecs.BOM_UTF16_LE + b"a"])
def test_a_document_that_is_no_text_is_refused(data):
    with pytest.raises(InputBroken, match=r"config\.toml is no.*save it as UTF-8"):
        decoded(data, "config.toml")


def test_zstd_of_the_command_line_with_a_long_window_is_read(tmp_path):
    tool = "/usr/bin/zstd"
    if not os.path.exists(tool):  # noqa: PTH110
        pytest.skip("zstd is not installed")
    (tmp_path / "a.txt").write_bytes(b"x\n" * 10)
    with (tmp_path / "a.txt").open("rb") as source, (tmp_path / "a.txt.zst").open("wb") as target:
        subprocess.run([tool, "--long=31", "--ultra"], stdin=source, stdout=target, check=True)
    assert len(read(tmp_path / "a.txt.zst")) == 10


@pytest.mark.parametrize("level", range(1, 10))
def test_bzip2_of_every_level_is_known_by_its_first_bytes(tmp_path, level):
    for data in (b"a text", b""):
        path = tmp_path / f"app.log.{level}"
        path.write_bytes(bz2.compress(data, level))
        spec = InputSpec(paths=(str(path),))
        assert [record.text for record in read_records(spec, input_files(spec))] == [data.decode()] * bool(data)


def test_a_document_that_cannot_be_read_is_said_with_the_option_that_names_it(tmp_path):
    with pytest.raises(InputMissing, match="--system: cannot read .*missing: No such file"):
        read_document(tmp_path / "missing", "--system")
