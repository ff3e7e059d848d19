"""Parquet in and out, through the real files: parquet, arrow_columns and parquet_spool."""

import datetime
import decimal
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.records.tables import NAMES, RESULT, convert, read

D = decimal.Decimal
ARRAYS = {
    "null": pa.nulls(3),
    "boolean": pa.array([True, None, False]),
    "int8": pa.array([1, None, -128], pa.int8()),
    "uint64": pa.array([2**64 - 1, None, 0], pa.uint64()),
    "float16": pa.array([1.5, None, float("inf")], pa.float16()),
    "float32": pa.array([0.1, None, float("nan")], pa.float32()),
    "decimal": pa.array([D("1.10"), None, D("-12345678901234567.89")], pa.decimal128(38, 2)),
    "decimal256": pa.array([D("1.10"), None, D("-1")], pa.decimal256(60, 2)),
    "string_view": pa.array(["a", None, "b"], pa.string_view()),
    "large_string": pa.array(["a", None, "b"], pa.large_string()),
    "binary": pa.array([b"\xff\0", None, b""], pa.binary()),
    "fixed": pa.array([b"ab", None, b"cd"], pa.binary(2)),
    "dictionary": pa.array(["a", None, "a"]).dictionary_encode(),
    "date32": pa.array([4_000_000, None, -800_000_000], pa.date32()),
    "ns": pa.array([1, None, 2**62], pa.timestamp("ns")),
    "zone": pa.array([1, None, 2**62], pa.timestamp("us", "Europe/Berlin")),
    "far": pa.array([2**62, None, 0], pa.timestamp("us")),
    "time": pa.array([1, None, 0], pa.time64("ns")),
    "duration": pa.array([1, None, -1_500_000_000], pa.duration("ns")),
    "list": pa.array([[1, None], None, []], pa.list_(pa.field("element", pa.int64()))),
    "vectors": pa.array([[0.1, 2], None, [3]], pa.list_(pa.field("element", pa.float32()))),
    "fixed_list": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.field("element", pa.int32()), 2)),
    "large_list": pa.array([["a"], None, []], pa.large_list(pa.field("element", pa.large_string()))),
    "list_view": pa.array([[1], None, []], pa.list_view(pa.field("element", pa.int32()))),
    "struct": pa.array([{"a": 1, "b": {"c": "x"}}, None, {"a": None, "b": None}]),
    "map": pa.array([[("a", 1.5), ("b", None)], None, []], pa.map_(pa.string(), pa.float64())),
    "number_map": pa.array([[(1, "x")], None, []], pa.map_(pa.int64(), pa.string())),
    "json": pa.array(['{"a": 1.10}', None, "[]"], pa.json_()),
    "uuid": pa.array([b"1" * 16, None, b"2" * 16], pa.uuid()),
    "bool8": pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None, 0], pa.int8())),
}


def table_of_everything():
    fields = [pa.field("text", pa.string(), metadata={"note": "the text"})]
    fields += [pa.field(name, array.type, metadata={"unit": name}) for name, array in ARRAYS.items()]
    arrays = [pa.array(["one", "two", "three"]), *ARRAYS.values()]
    twice = pa.field("twice", pa.int64())
    return pa.table(
        [*arrays, pa.array([1, 2, 3]), pa.array([4, 5, 6])],
        schema=pa.schema([*fields, twice, twice], metadata={"pandas": "{}", "mine": "x"}),
    )


def read_table(path):
    return pq.ParquetFile(path).read()


def written(table, path, **options):
    pq.write_table(table, path, **options)
    return read_table(path)


def test_columns_of_parquet_go_through_untouched_and_results_stand_beside_them(tmp_path):
    before = written(table_of_everything(), tmp_path / "a.parquet", row_group_size=2)
    assert convert([tmp_path / "a.parquet"], tmp_path / "b.parquet", "parquet") == []
    after = read_table(tmp_path / "b.parquet")
    inputs = after.select(range(before.num_columns))
    assert inputs.schema.equals(before.schema, check_metadata=True)
    assert inputs.drop_columns("float32").equals(before.drop_columns("float32"))
    assert str(inputs.column("float32").to_pylist()) == str(before.column("float32").to_pylist())
    assert after.schema.names[before.num_columns :] == ["label", "score", "error"]
    assert after.column("score").to_pylist() == [0.5] * 3


def test_timestamps_of_96_bits_and_rows_of_many_groups_keep_value_and_order(tmp_path):
    times = pa.array([number * 10**9 + 1 for number in range(5000)], pa.timestamp("ns"))
    table = pa.table({"text": [str(number) for number in range(5000)], "at": times})
    before = written(table, tmp_path / "a.parquet", use_deprecated_int96_timestamps=True, row_group_size=700)
    convert([tmp_path / "a.parquet"], tmp_path / "b.parquet", "parquet", keep=lambda record: record.origin.line % 3)
    expected = before.filter(pa.array([number % 3 != 0 for number in range(1, 5001)]))
    assert read_table(tmp_path / "b.parquet").select(["text", "at"]).equals(expected)


def test_a_table_without_rows_keeps_its_schema(tmp_path):
    before = written(table_of_everything().slice(0, 0), tmp_path / "a.parquet")
    convert([tmp_path / "a.parquet"], tmp_path / "b.parquet", "parquet")
    after = read_table(tmp_path / "b.parquet")
    assert after.select(range(before.num_columns)).schema.equals(before.schema, check_metadata=True)
    assert after.schema.field("score").type == pa.float64()


@pytest.mark.parametrize("format_name", ["jsonl", "json", "csv", "tsv"])
def test_every_type_of_parquet_has_a_text(tmp_path, format_name):
    written(table_of_everything(), tmp_path / "a.parquet")
    assert convert([tmp_path / "a.parquet"], tmp_path / "o", format_name) == []
    assert (tmp_path / "o").stat().st_size


def test_values_of_parquet_keep_their_digits_in_json(tmp_path):
    written(table_of_everything(), tmp_path / "a.parquet")
    convert([tmp_path / "a.parquet"], tmp_path / "o", "jsonl")
    content = (tmp_path / "o").read_text()
    rows = [json.loads(line) for line in content.splitlines()]
    assert '"decimal":1.10,' in content
    assert '"decimal":-12345678901234567.89,' in content
    found = {name: [row[name] for row in rows] for name in [*ARRAYS, "twice_2"]}
    assert found["uint64"][0] == 2**64 - 1
    assert found["float16"] == [1.5, None, "Infinity"]
    assert found["float32"] == [0.1, None, "NaN"]
    assert found["binary"] == ["/wA=", None, ""]
    assert found["date32"] == ["12921-08-18", None, "-2188356-05-24"]
    assert found["ns"] == ["1970-01-01T00:00:00.000000001", None, "2116-02-20T23:53:38.427387904"]
    assert found["zone"][0] == "1970-01-01T00:00:00.000001Z"
    assert found["far"][0] == "148108-07-06T14:00:27.387904"
    assert found["time"][0] == "00:00:00.000000001"
    assert found["duration"] == ["PT0.000000001S", None, "-PT1.500000000S"]
    assert found["list"] == [[1, None], None, []]
    assert found["vectors"] == [[0.1, 2.0], None, [3.0]]
    assert found["struct"] == [{"a": 1, "b": {"c": "x"}}, None, {"a": None, "b": None}]
    assert found["map"] == [{"a": 1.5, "b": None}, None, {}]
    assert found["number_map"] == [[[1, "x"]], None, []]
    assert '"json":{"a":1.10},' in content
    assert found["uuid"][0] == "31313131-3131-3131-3131-313131313131"
    assert found["bool8"] == [True, None, False]
    assert found["twice_2"] == [4, 5, 6]


def test_columns_that_bear_a_results_name_get_a_free_one(tmp_path):
    table = pa.table(
        [pa.array(["x"]), pa.array([1]), pa.array([2]), pa.array([3])], names=["text", "label", "label", "input_label"]
    )
    written(table, tmp_path / "a.parquet")
    convert([tmp_path / "a.parquet"], tmp_path / "b.parquet", "parquet")
    after = read_table(tmp_path / "b.parquet").to_pylist()[0]
    assert after == {
        "text": "x", "input_label_2": 1, "label_2": 2, "input_label": 3, **RESULT, "error": None,
    }  # fmt: skip


def rows_written(tmp_path, values, name="x"):
    with (tmp_path / "a.jsonl").open("w") as file:
        file.writelines(
            json.dumps({"text": "t", **({name: value} if value != "absent" else {})}) + "\n" for value in values
        )
    convert([tmp_path / "a.jsonl"], tmp_path / "a.parquet", "parquet")
    convert([tmp_path / "a.parquet"], tmp_path / "b.jsonl", "jsonl")
    table = read_table(tmp_path / "a.parquet")
    assert table.num_rows == len(values)
    back = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()]
    return table.schema.field(name).type, [row[name] for row in back]


MANY = 1100


@pytest.mark.parametrize("later", [True, False])
@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (1, 1.5, pa.float64()),
        (2**60 + 1, 1.5, pa.json_()),
        (1, "one", pa.json_()),
        (1, 2**70, pa.json_()),
        (2**63 + 1, 5, pa.uint64()),
        (2**63 + 1, -5, pa.json_()),
        (None, {"a": 1}, pa.struct([("a", pa.int64())])),
        (None, [1], pa.list_(pa.int64())),
        ("absent", "late", pa.string()),
        ([], [{"a": 1}], pa.list_(pa.struct([("a", pa.int64())]))),
        ([1], [1.5], pa.list_(pa.float64())),
        ([1], ["x"], pa.json_()),
        ({}, {}, pa.json_()),
        (True, 1, pa.json_()),
        (0.5, False, pa.json_()),
        ([0.5], [{"a": True}], pa.json_()),
        ({"a": [0.5]}, {"a": [True]}, pa.json_()),
        ({"a": {}}, 1, pa.json_()),
        (None, None, pa.null()),
        ({"a": 1}, {"a": "x"}, pa.json_()),
    ],
)
def test_a_column_takes_a_type_that_holds_all_its_values(tmp_path, first, second, kind, later):
    values = [first] * (MANY if later else 1) + [second] * 2 + [first]
    found, back = rows_written(tmp_path, values)
    names = str(found).replace("element:", "item:")
    assert names == str(kind)
    assert back == [None if value == "absent" else value for value in values]


def test_what_cannot_be_unicode_is_an_error_that_names_the_column(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "x", "y": "\\ud800"}\n{"text": "z", "y": ["\\ud800"]}\n')
    errors = convert([tmp_path / "a.jsonl"], tmp_path / "a.parquet", "parquet")
    assert errors == ['field "y" holds half a surrogate pair, which parquet cannot; use -F jsonl']
    assert read_table(tmp_path / "a.parquet").num_rows == 2


def test_files_of_other_columns_become_one_table(tmp_path):
    written(pa.table({"text": ["x"], "n": pa.array([1], pa.int32()), "m": [1]}), tmp_path / "a.parquet")
    written(pa.table({"text": pa.array(["y"], pa.large_string()), "n": [2**40], "p": ["q"]}), tmp_path / "b.parquet")
    (tmp_path / "c.csv").write_text("text,r\nz,1\n")
    convert([tmp_path / name for name in ("a.parquet", "b.parquet", "c.csv")], tmp_path / "o.parquet", "parquet")
    table = read_table(tmp_path / "o.parquet")
    assert table.schema.names == ["text", "n", "m", "p", "r", *NAMES, "error"]
    assert table.column("text").to_pylist() == ["x", "y", "z"]
    assert table.column("n").to_pylist() == [1, 2**40, None]
    assert table.column("r").to_pylist() == [None, None, "1"]


def test_the_scores_that_nlpcli_wrote_are_read_back(tmp_path):
    names = {"scores": "map<string, float64>"}
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n')
    convert([tmp_path / "a.jsonl"], tmp_path / "a.parquet", "parquet", {"scores": {"good": 0.75}}, names)
    convert([tmp_path / "a.parquet"], tmp_path / "b.parquet", "parquet", {"scores": {"bad": 1.0}}, names)
    row = read_table(tmp_path / "b.parquet").to_pylist()[0]
    assert (row["input_scores"], row["scores"]) == ([("good", 0.75)], [("bad", 1.0)])
    convert([tmp_path / "b.parquet"], tmp_path / "c.jsonl", "jsonl", {"scores": None}, names)
    assert '"input_input_scores"' not in (tmp_path / "c.jsonl").read_text()


def test_a_day_after_the_year_9999_is_a_day():
    from nlpcli.records.arrow import json_values

    for day in (datetime.date(1, 1, 1), datetime.date(1999, 12, 31), datetime.date(9999, 12, 31)):
        days = day.toordinal() - datetime.date(1970, 1, 1).toordinal()
        far = json_values(pa.array([days + 146_097 * 1000], pa.date32()))[0]
        assert far == f"{day.year + 400_000}-{day:%m-%d}"


def test_texts_that_are_marked_as_bytes_are_texts(tmp_path):
    written(pa.table({"text": pa.array(["é".encode(), b"\xff", None])}), tmp_path / "a.parquet")
    found = [(record.text, record.error) for record in read(tmp_path / "a.parquet")]
    assert found == [("é", None), ("", 'field "text" holds no text'), ("", 'field "text" is null')]


def test_a_text_that_is_no_utf_8_goes_through_parquet_and_is_mended_elsewhere(tmp_path):
    buffers = [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xffa")]
    before = written(pa.table({"text": pa.Array.from_buffers(pa.string(), 1, buffers)}), tmp_path / "a.parquet")
    convert([tmp_path / "a.parquet"], tmp_path / "b.parquet", "parquet")
    assert read_table(tmp_path / "b.parquet").column("text").equals(before.column("text"))
    assert [record.text for record in read(tmp_path / "a.parquet")] == ["\ufffda"]


def test_what_pandas_keeps_of_a_column_follows_it_to_its_new_name(tmp_path):
    index = {"name": "label", "field_name": "label", "pandas_type": "int64", "numpy_type": "Int64", "metadata": None}
    text = {"name": "text", "field_name": "text", "pandas_type": "unicode", "numpy_type": "object", "metadata": None}
    pandas = {"index_columns": ["label"], "column_indexes": [], "columns": [text, index], "creator": {"version": "1"}}
    for number, told in enumerate([pandas, {"index_columns": [{"kind": "range"}], "columns": [text]}, "no object"]):
        metadata = {"pandas": json.dumps(told), "mine": "1"}
        table = pa.table({"text": ["a"], "label": [1]}).replace_schema_metadata(metadata)
        pq.write_table(table, tmp_path / f"{number}.parquet")
        convert([tmp_path / f"{number}.parquet"], tmp_path / "out.parquet", "parquet")
        after = pq.read_schema(tmp_path / "out.parquet").metadata
        assert after[b"mine"] == b"1"
        moved = {**index, "name": "input_label", "field_name": "input_label"}
        renamed = {**pandas, "index_columns": ["input_label"], "columns": [text, moved]}
        assert json.loads(after[b"pandas"]) == (renamed if told is pandas else told)


@pytest.mark.parametrize(("unit", "fraction"), [("s", ""), ("ms", ".250"), ("us", ".250000"), ("ns", ".250000000")])
def test_a_moment_is_the_same_in_every_unit(tmp_path, unit, fraction):
    at = 1_700_000_000 * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    at += {"s": 0, "ms": 250, "us": 250_000, "ns": 250_000_000}[unit]
    table = pa.table({
        "text": ["t"], "at": pa.array([at], pa.timestamp(unit)), "span": pa.array([at], pa.duration(unit)),
    })  # fmt: skip
    written(table, tmp_path / "a.parquet")
    convert([tmp_path / "a.parquet"], tmp_path / "o", "jsonl")
    row = json.loads((tmp_path / "o").read_text())
    # Parquet has no seconds: they come back as thousandths.
    assert row["at"].rstrip("0").removesuffix(".") == f"2023-11-14T22:13:20{fraction}".rstrip("0")
    assert row["span"].removesuffix("S").rstrip("0").removesuffix(".") == f"PT1700000000{fraction}".rstrip("0") or (
        unit == "s"
    )


def test_a_value_of_many_levels_stays_json(tmp_path):
    deep = 1
    for _ in range(40):
        deep = [deep]
    kind, back = rows_written(tmp_path, [deep])
    assert back == [deep]
    assert not pa.types.is_list(kind)
