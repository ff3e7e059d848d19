"""Values of Arrow as JSON has them, with all their digits."""

from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest

from nlpcli.records.arrow import ArrowRow, ArrowRows, json_values
from nlpcli.records.json_text import encode_json

DAY = 86_400


def shown(values, kind):
    return encode_json(json_values(pa.array(values, kind))).decode()


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (["a", None, "é"], pa.large_string(), '["a",null,"é"]'),
        ([1.5, float("nan"), float("inf"), float("-inf"), None], pa.float64(), '[1.5,"NaN","Infinity","-Infinity",null]'),
        ([0.1, float("nan"), float("-inf"), None], pa.float32(), '[0.1,"NaN","-Infinity",null]'),
        ([], pa.float64(), "[]"),
        ([b"\0\xff", None], pa.binary(), '["AP8=",null]'),
        ([None, None], pa.null(), "[null,null]"),
        ([True, None], pa.bool_(), "[true,null]"),
        ([[1.5, 2.0], None, [], [float("nan")]], pa.list_(pa.float64()), '[[1.5,2.0],null,[],["NaN"]]'),
        ([[1, None], [2]], pa.list_(pa.int64()), "[[1,null],[2]]"),
        ([[("a", 1), ("b", 2)], None, []], pa.map_(pa.string(), pa.int64()), '[{"a":1,"b":2},null,{}]'),
        ([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int64()), '[[["a",1],["a",2]]]'),
        ([[(1, "x")], None], pa.map_(pa.int64(), pa.string()), '[[[1,"x"]],null]'),
        ([{"a": 1, "b": None}, None], pa.struct([("a", pa.int64()), ("b", pa.string())]), '[{"a":1,"b":null},null]'),
        ([{}, None], pa.struct([]), "[{},null]"),
    ],
)  # fmt: skip
def test_every_kind_of_value_is_one_of_json(values, kind, expected):
    assert shown(values, kind) == expected


def test_parts_of_arrays_are_their_own():
    maps = pa.array([[("a", 1)], [("b", 2), ("c", 3)], [("d", 4)]], pa.map_(pa.string(), pa.int64()))
    assert json_values(maps.slice(1)) == [{"b": 2, "c": 3}, {"d": 4}]
    lists = pa.array([["a"], ["b", "c"], None, ["d"]], pa.list_(pa.string()))
    assert json_values(lists.slice(1, 3)) == [["b", "c"], None, ["d"]]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_near_are_iso_8601_and_nothing_is_written_of_a_fraction_that_is_none(unit):
    near = datetime(2024, 2, 29, 13, 4, 5)
    assert json_values(pa.array([near, None], pa.timestamp(unit))) == ["2024-02-29T13:04:05", None]
    assert json_values(pa.array([near], pa.timestamp(unit, "UTC"))) == ["2024-02-29T13:04:05Z"]


PER = {"s": 1, "ms": 1000, "us": 10**6}


@pytest.mark.parametrize("unit", PER)
def test_times_beyond_the_calendar_of_python_go_on(unit):
    year_10000 = (date(9999, 12, 31).toordinal() - date(1970, 1, 1).toordinal() + 1) * DAY
    clock = 13 * 3600 + 4 * 60 + 5
    values = [(year_10000 + clock) * PER[unit], (year_10000 + 59 * DAY) * PER[unit]]
    assert json_values(pa.array(values, pa.timestamp(unit))) == ["10000-01-01T13:04:05", "10000-02-29T00:00:00"]
    assert json_values(pa.array(values[:1], pa.timestamp(unit, "UTC"))) == ["10000-01-01T13:04:05Z"]
    if unit != "s":
        digits = {"ms": "007", "us": "000007"}[unit]
        assert json_values(pa.array([values[0] + 7], pa.timestamp(unit))) == [f"10000-01-01T13:04:05.{digits}"]


def test_dates_far_away_are_those_of_the_same_calendar():
    days = pa.array([2932897, 2932896, 2932897 + 146_097, None], pa.date32())
    assert json_values(days) == ["10000-01-01", "9999-12-31", "10400-01-01", None]
    before = json_values(pa.array([-719_162 - 366, -719_163, -719_162], pa.date32()))
    assert before[2] == "0001-01-01"
    assert before[1] in {"00000-12-31", "0000-12-31"}
    assert json_values(pa.array([2932897 * DAY * 1000], pa.date64())) == ["10000-01-01"]


def test_durations_are_iso_8601_with_their_sign_and_their_digits():
    spans = [timedelta(seconds=90), timedelta(milliseconds=-1500), timedelta(0), None, timedelta(milliseconds=7)]
    assert json_values(pa.array(spans, pa.duration("ms"))) == ["PT90S", "-PT1.500S", "PT0S", None, "PT0.007S"]
    assert json_values(pa.array([timedelta(seconds=-3)], pa.duration("s"))) == ["-PT3S"]
    assert json_values(pa.array([1], pa.duration("ns"))) == ["PT0.000000001S"]


def test_a_row_is_a_mapping_of_its_columns_and_names_that_repeat_are_told_apart():
    schema = pa.schema([("a", pa.int8()), ("a", pa.string()), ("b", pa.binary())])
    rows = ArrowRows(
        pa.RecordBatch.from_arrays(
            [pa.array([1, 2], pa.int8()), pa.array(["x", "y"]), pa.array([b"t", b"\xff"])], schema=schema
        )
    )
    row = ArrowRow(rows, 1)
    assert (len(row), "a" in row, "c" in row, row["a"]) == (3, True, False, 2)
    assert list(row) == list(rows.names)
    assert row[list(rows.names)[1]] == "y"
    # Writers of old mark texts as bytes.
    assert rows.texts("b") == ["t", b"\xff"]
    assert rows.column("a") is rows.column("a")
    with pytest.raises(KeyError):
        rows.column("c")
