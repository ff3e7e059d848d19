"""A result in the place of its text, whatever the input gave that text in."""

import pyarrow as pa
import pytest

from nlpcli.records.arrow import ArrowRow, ArrowRows
from nlpcli.records.in_place import in_place, with_value
from nlpcli.records.record import Origin, Record


def record(fields, result):
    return Record("", fields, Origin("x", 1), result=None if result is None else {"translation": result, "other": 1})


def replaced(records, field):
    return [dict(found.fields) for found in in_place(records, field, "translation")]


def test_a_field_has_its_result_and_the_others_stay():
    records = [record({"text": "a", "n": 1}, "A"), record({"n": 2, "text": "b"}, None), record({"n": 3}, "C")]
    assert replaced(records, "text") == [{"text": "A", "n": 1}, {"n": 2, "text": None}, {"n": 3}]


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        ({"a": {"b": "x", "c": 1}}, "a.b", {"a": {"b": "y", "c": 1}}),
        ({"a": [{"b": "w"}, {"b": "x"}]}, "a[1].b", {"a": [{"b": "w"}, {"b": "y"}]}),
        ({"a.b": "x", "a": {"b": "z"}}, "a.b", {"a.b": "y", "a": {"b": "z"}}),
        ({"a": {"b": "x"}}, "a.c", {"a": {"b": "x"}}),
    ],
)
def test_a_path_leads_into_objects_and_lists_which_are_copied(fields, path, expected):
    before = repr(fields)
    assert with_value(fields, path, "y") == expected
    assert repr(fields) == before


def rows(kind, *texts, **options):
    schema = pa.schema([pa.field("n", pa.int8()), pa.field("text", kind, **options)])
    return ArrowRows(
        pa.RecordBatch.from_arrays([pa.array(range(len(texts)), pa.int8()), pa.array(texts, kind)], schema=schema)
    )


@pytest.mark.parametrize(
    ("kind", "then"),
    [(pa.string(), pa.string()), (pa.large_string(), pa.large_string()), (pa.string_view(), pa.string_view()),
     (pa.json_(), pa.string())],
)  # fmt: skip
def test_rows_of_parquet_keep_their_columns_and_the_type_of_their_text(kind, then):
    batch = rows(kind, '"a"', '"b"', '"c"', nullable=False)
    other = rows(kind, '"d"')
    records = [record(ArrowRow(batch, 0), "A"), record(ArrowRow(batch, 2), None), record(ArrowRow(other, 0), "D")]
    first, second, third = in_place(records, "text", "translation")
    made = first.fields.rows.batch
    assert made.schema.field("text").type == then
    assert made.schema.field("text").nullable
    assert made.schema.field("n") == batch.batch.schema.field("n")
    # A row that no record is of has nothing there.
    assert made.column("text").to_pylist() == ["A", None, None]
    assert made.column("n").to_pylist() == [0, 1, 2]
    assert (first.fields.index, second.fields.index, third.fields.index) == (0, 2, 0)
    assert second.fields.rows is first.fields.rows
    assert third.fields.rows.batch.column("text").to_pylist() == ["D"]


def test_batches_and_objects_come_out_in_their_order():
    batch = rows(pa.string(), "a", "b")
    records = [
        record({"text": "x"}, "X"), record(ArrowRow(batch, 0), "A"), record({"text": "y"}, "Y"), record(ArrowRow(batch, 1), "B"),
    ]  # fmt: skip
    found = [dict(one.fields)["text"] for one in in_place(records, "text", "translation")]
    assert found == ["X", "A", "Y", "B"]
    # Without such a column the rows stay as they are.
    (same,) = in_place([record(ArrowRow(batch, 0), "A")], "no", "translation")
    assert dict(same.fields) == {"n": 0, "text": "a"}
