import bz2
import gzip
import lzma
import os

import pyarrow as pa
import pyarrow.parquet as pq
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
    (tmp_path / "b.log").write_bytes(b"x\0y")
    with pytest.raises(FieldMissing, match='no column "text".*id, stars'):
        read(tmp_path / "a.csv")
    with pytest.raises(FormatUnknown):
        read(tmp_path / "b.log")
    with pytest.raises(InputMissing):
        read(tmp_path / "missing.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputMissing, match="no readable file"):
        read(tmp_path / "empty")


def test_a_table_keeps_rows_that_do_not_fit_and_columns_of_the_same_name(tmp_path):
    (tmp_path / "a.csv").write_text('text,a,a\nx,1,2\n"two\nlines",3,4\ny,5\nz,6,7,8\n')
    fitting, two_lines, short, long = read(tmp_path / "a.csv")
    assert fitting.fields == {"text": "x", "a": "1", "a_2": "2"}
    assert (two_lines.text, two_lines.origin.line, short.origin.line) == ("two\nlines", 3, 5)
    assert (short.error, short.fields["a_2"]) == ("2 values for 3 columns", "")
    assert (long.error, long.fields["a_2"]) == ("4 values for 3 columns", "7\t8")


def test_a_value_that_is_no_text_fails_alone(tmp_path):
    lines = ['{"text": "x"}', '{"text": null}', '{"text": [1]}', "{}", "7", '{"text": 2.5}', "[" * 100_000]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    assert [record.error for record in read(tmp_path / "a.jsonl")] == [
        None,
        'field "text" is null',
        'field "text" holds no text',
        'no field "text"',
        "neither an object nor a string",
        None,
        "broken JSON: nested too deeply",
    ]


def test_parquet_is_read_in_order_and_its_damage_is_said(tmp_path):
    table = pa.table({"text": [f"text {number}" for number in range(1000)], "n": range(1000)})
    pq.write_table(table, tmp_path / "a.parquet", compression="snappy")
    records = read(tmp_path / "a.parquet")
    assert [record.fields["n"] for record in records] == list(range(1000))
    assert str(records[300].origin) == f"{tmp_path / 'a.parquet'}:301"
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[40:400] = bytes(360)
    (tmp_path / "b.parquet").write_bytes(content)
    with pytest.raises(InputBroken, match=r"b\.parquet is not a sound parquet file.*; fetch or write it again"):
        read(tmp_path / "b.parquet")


def test_a_folder_is_every_readable_file_below_it_in_order(tmp_path):
    for name in ("b.txt", "a/z.md", "a/b.csv", ".hidden.txt", ".git/x.txt", "picture.jpeg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text\nx\n")
    files = input_files(InputSpec(paths=(str(tmp_path),)))
    assert [file.name for file in files] == [str(tmp_path / name) for name in ("a/b.csv", "a/z.md", "b.txt")]


def test_halves_of_characters_in_json_become_text_and_stay_in_their_field(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "\\ud800 x"}\n')
    (record,) = read(tmp_path / "a.jsonl")
    assert (record.text, record.fields) == ("\ufffd x", {"text": "\ud800 x"})


@pytest.mark.parametrize("field", ["text", "body"])
def test_the_field_is_that_asked_for(tmp_path, field):
    (tmp_path / "a.tsv").write_text(f"id\t{field}\n1\tx\n")
    assert texts(tmp_path / "a.tsv", field=field) == ["x"]


LATE = {
    "a.jsonl": '{"id": 1}\n{"id": 2}\n{"text": "x"}\n{"id": 3}\n',
    "a.json": '[{"id": 1}, {"id": 2}, {"text": "x"}, {"id": 3}]',
    "b.jsonl": '{"id": 1}\n{"id": 2}\n"x"\n{"id": 3}\n',
}


@pytest.mark.parametrize("name", LATE)
def test_a_first_record_without_the_field_is_one_record_that_failed(tmp_path, name):
    (tmp_path / name).write_text(LATE[name])
    assert [(record.text, record.error) for record in read(tmp_path / name)] == [
        ("", 'no field "text"'), ("", 'no field "text"'), ("x", None), ("", 'no field "text"')
    ]  # fmt: skip


def test_a_first_row_of_parquet_whose_struct_is_null_is_one_record_that_failed(tmp_path):
    pq.write_table(pa.table({"doc": [None, {"title": "x"}, None]}), tmp_path / "a.parquet")
    records = read(tmp_path / "a.parquet", field="doc.title")
    assert [record.text for record in records] == ["", "x", ""]
    assert [record.error is None for record in records] == [False, True, False]


def test_a_field_that_none_of_many_records_has_is_a_wrong_name(tmp_path):
    (tmp_path / "a.jsonl").write_text("".join(f'{{"id": {number}}}\n' for number in range(3000)))
    spec = InputSpec(paths=(str(tmp_path / "a.jsonl"),))
    with pytest.raises(FieldMissing, match=r'no field "text" in .*a\.jsonl:1; it has: id'):
        next(read_records(spec, input_files(spec)))


def test_a_column_that_plain_text_cannot_have_is_said(tmp_path, caplog):
    (tmp_path / "a.log").write_text("review\nx\n")
    assert texts(tmp_path / "a.log", field="review") == ["review", "x"]
    assert "is read as plain text" in caplog.text
    assert "--input-format csv" in caplog.text


@pytest.mark.parametrize(
    ("per", "content", "found"),
    [
        ("line", b"a\n\nb\n", ["a", "", "b"]),
        ("line", b"\n", [""]),
        ("line", b"", []),
        ("document", b"\n", ["\n"]),
        ("paragraph", b"a\n\nb", ["a", "b"]),
    ],
)
def test_an_empty_line_of_a_pipe_is_a_record_and_an_empty_pipe_no_document(monkeypatch, per, content, found):
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(content)
    with os.fdopen(reading, "rb") as pipe:
        spec = InputSpec(paths=(f"/dev/fd/{pipe.fileno()}",), per=per)
        assert [record.text for record in read_records(spec, input_files(spec))] == found


@pytest.mark.parametrize(
    ("name", "start", "unit", "options"),
    [
        ("line.txt.gz", b"", b"a", {}),
        ("document.txt.gz", b"", b"a\n", {"per": "document"}),
        ("paragraph.txt.gz", b"", b"a\n", {"per": "paragraph"}),
        ("null.txt.gz", b"", b"a\n", {"null_separated": True}),
        ("line.jsonl.gz", b'{"text": "', b"a", {}),
        ("value.json.gz", b'[{"text": "', b"a", {}),
        ("quote.csv.gz", b'text\n"', b"a", {}),
        ("row.tsv.gz", b"text\n", b"a\t", {}),
        ("blank.jsonl.gz", b"", b"\n", {}),
    ],
)
def test_few_bytes_that_stand_for_an_endless_record_are_refused(tmp_path, monkeypatch, name, start, unit, options):
    monkeypatch.setattr("nlpcli.records.readers._MOST_UNPACKED", 1 << 18)
    path = tmp_path / name
    path.write_bytes(gzip.compress(start + unit * (1 << 19)))
    with pytest.raises(InputBroken, match=r"a record of more than 0 MiB in it, unpacked; .*unpack the file before"):
        read(path, **options)


def test_many_records_of_a_small_file_are_no_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr("nlpcli.records.readers._MOST_UNPACKED", 1 << 18)
    for name, content in (("a.txt.gz", "abc\n"), ("a.jsonl.gz", '{"text": "abc"}\n'), ("a.csv.gz", '"abc"\n')):
        path = tmp_path / name
        path.write_bytes(gzip.compress((content * 200_000).encode()))
        assert len(texts(path, field="abc" if "csv" in name else "text")) in {200_000, 199_999}
    # What is not packed costs whoever wrote it as much as whoever reads it.
    (tmp_path / "a.txt").write_text("a" * (1 << 19))
    assert len(texts(tmp_path / "a.txt")[0]) == 1 << 19
