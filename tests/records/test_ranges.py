"""Shards of inputs: together they are the records of a plain reading, in any order of reading."""

import gzip
import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nlpcli.records.compression import MAGIC
from nlpcli.records.inputs import InputSpec, input_files
from nlpcli.records.ranges import RangeReader, ShardSize, content_hash, plan_shards
from nlpcli.records.readers import read_records

TEXTS = ["one", "", "two words", "three, four", 'a "quoted" word', "ünï", "水と油", "five\tsix", "x" * 300] * 7


def quoted(text):
    return '"' + text.replace('"', '""') + '\n"'


def write(path, texts=TEXTS):
    name = path.name.removesuffix(".gz")
    if name.endswith(".parquet"):
        pq.write_table(pa.table({"text": texts, "n": range(len(texts))}), path, row_group_size=10)
        return path
    if name.endswith(".jsonl"):
        content = "\n".join(json.dumps({"text": text, "n": n}) for n, text in enumerate(texts)) + "\n \n\n"
    elif name.endswith(".json"):
        content = json.dumps([{"text": text} for text in texts])
    elif name.endswith(".csv"):
        content = "n,text\n" + "".join(f"{n},{quoted(text)}\n" for n, text in enumerate(texts))
    elif name.endswith(".tsv"):
        content = "text\tn\n" + "".join(f"{text.replace(chr(9), ' ')}\t{n}\n" for n, text in enumerate(texts))
    else:
        content = "\r\n".join(texts)
    path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())
    return path


def plain(record):
    return record.text, dict(record.fields), record.origin, record.error


def planned(spec, size):
    files = input_files(spec)
    return files, list(plan_shards(spec, files, size))


@pytest.mark.parametrize(
    "name", ["a.txt", "a.jsonl", "a.json", "a.csv", "a.tsv", "a.parquet", "a.txt.gz", "a.jsonl.gz"]
)
@pytest.mark.parametrize(
    "size", [ShardSize(1, 10**6), ShardSize(7, 10**6), ShardSize(1000, 40), ShardSize(1000, 10**6)]
)
def test_shards_in_any_order_are_the_records_of_a_plain_reading(tmp_path, name, size):
    spec = InputSpec(paths=(str(write(tmp_path / name)), str(write(tmp_path / f"b{name[1:]}", TEXTS[:5]))))
    files, shards = planned(spec, size)
    assert [shard.number for shard in shards] == list(range(len(shards)))
    assert all(shard.records <= size.records for shard in shards)
    whole = [plain(record) for record in read_records(spec, files)]
    reader = RangeReader(spec, files)
    assert [plain(record) for shard in shards for record in reader.read(shard)] == whole
    mixed = random.Random(1).sample(shards, len(shards))
    read = {shard.number: [plain(record) for record in reader.read(shard)] for shard in mixed}
    assert [record for number in range(len(shards)) for record in read[number]] == whole
    assert [len(read[shard.number]) for shard in shards] == [shard.records for shard in shards]


@pytest.mark.parametrize(
    ("content", "per", "encoding"),
    [
        (b"\xef\xbb\xbfone\n\xef\xbb\xbftwo\nthree", "line", "utf-8"),
        ("one\ntwo\n水\n".encode("utf-16"), "line", "utf-8"),
        ("one\nzwei\xe4\n".encode("latin-1"), "line", "latin-1"),
        (b"bad \xe6\nworse \xff\xfe\n\xe6\xb0", "line", "utf-8"),
        ("水\n\x0a".encode("iso2022_jp"), "line", "iso2022_jp"),
        (b"a\nb\n\n \nc\n\n", "paragraph", "utf-8"),
        (b"a\nb\n\nc", "document", "utf-8"),
        (b"", "document", "utf-8"),
        (b"", "line", "utf-8"),
    ],
)
def test_text_of_every_kind_is_cut_where_records_end(tmp_path, content, per, encoding):
    (tmp_path / "a.txt").write_bytes(content)
    spec = InputSpec(paths=(str(tmp_path / "a.txt"),), per=per, encoding=encoding)
    files, shards = planned(spec, ShardSize(1, 1000))
    reader = RangeReader(spec, files)
    read = [plain(record) for shard in shards for record in reader.read(shard)]
    assert read == [plain(record) for record in read_records(spec, files)]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=120).map(lambda data: data.replace(b"z", b"\n")), st.booleans(), st.integers(1, 5))
def test_whatever_the_bytes_are_no_record_is_lost(tmp_path_factory, content, null, most):
    assume(not content.startswith(tuple(MAGIC)))  # what is truncated cannot be read in any way
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(content)
    spec = InputSpec(paths=(str(path),), null_separated=null, format="txt")
    files, shards = planned(spec, ShardSize(most, 30))
    reader = RangeReader(spec, files)
    read = [plain(record) for shard in reversed(shards) for record in reversed(reader.read(shard))]
    assert read[::-1] == [plain(record) for record in read_records(spec, files)]


def test_many_small_documents_share_a_shard(tmp_path):
    for number in range(25):
        (tmp_path / f"{number:02}.txt").write_text(f"document\n{number}")
    _, shards = planned(InputSpec(paths=(str(tmp_path),), per="document"), ShardSize(10, 10**6))
    assert [shard.records for shard in shards] == [10, 10, 5]


def test_the_hash_is_of_what_is_read(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one\n")
    (file,) = input_files(InputSpec(paths=(str(tmp_path),)))
    before = content_hash(file)
    path.write_text("one\ntwo\n")  # grew meanwhile
    assert content_hash(file) == before
    path.write_text("eno\n")
    assert content_hash(file) != before


@pytest.mark.parametrize(
    ("most", "shards"),
    [(ShardSize(100, 8), [2, 2, 1]), (ShardSize(100, 9), [3, 2]), (ShardSize(100, 12), [3, 2]), (ShardSize(100, 13), [4, 1]),
     (ShardSize(100, 4), [1] * 5), (ShardSize(2, 100), [2, 2, 1]), (ShardSize(5, 100), [5]), (ShardSize(4, 100), [4, 1])],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.txt.gz"])
def test_a_shard_ends_with_the_record_that_reaches_its_size(tmp_path, name, most, shards):
    lines = ["abc"] * 5 if name == "a.txt" else ["abcd"] * 5  # with its end a line of bytes has four
    content = "\n".join([*(["text"] if name == "a.csv" else []), *lines, ""]).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    _, found = planned(InputSpec(paths=(str(tmp_path / name),)), most)
    assert [shard.records for shard in found] == shards


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("length", [10, 65_535, 65_536, 70_000, 140_000])
def test_ranges_of_bytes_follow_each_other_to_the_end_of_the_file(tmp_path, length, end):
    content = "\n".join("x" * (length + number) for number in range(4)) + end
    (tmp_path / "a.txt").write_text(content)
    spec = InputSpec(paths=(str(tmp_path / "a.txt"),))
    _files, shards = planned(spec, ShardSize(1, 10**9))
    ends = [sum(length + of + 1 for of in range(number + 1)) for number in range(4)]
    ends[-1] = len(content)
    assert [(each.start, each.stop, each.first, each.records) for (each,) in (shard.ranges for shard in shards)] == [
        (start, stop, number, 1) for number, (start, stop) in enumerate(zip([0, *ends], ends, strict=False), start=1)
    ]


@pytest.mark.parametrize(("name", "records"), [("a.txt", 5), ("a.jsonl", 2)])
def test_a_blank_line_is_a_record_of_text_and_none_of_json(tmp_path, name, records):
    (tmp_path / name).write_text('{"text":"a"}\n\n  \n{"text":"b"}\n \t')
    _, shards = planned(InputSpec(paths=(str(tmp_path / name),)), ShardSize(100, 1000))
    assert [shard.records for shard in shards] == [records]


def test_records_between_nuls_are_cut_there(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a\nb\0c\0")
    _files, shards = planned(InputSpec(paths=(str(tmp_path / "a.txt"),), null_separated=True), ShardSize(1, 100))
    assert [each.stop for shard in shards for each in shard.ranges] == [4, 6]
