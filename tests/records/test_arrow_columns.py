"""Values of Python as columns that lose none of them."""

import numpy as np
import pyarrow as pa
import pytest

from nlpcli.records.arrow_columns import column, declared_type, is_writable, json_column, result_column
from nlpcli.records.json_text import read_json
from nlpcli.records.table import ANY_JSON

JSON = pa.json_()


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("string", pa.string()), ("float64", pa.float64()), ("list<float32>", pa.list_(pa.float32())),
        ("map<string, float64>", pa.map_(pa.string(), pa.float64())), ("list<string>", pa.list_(pa.string())),
        ("chunks<float32>", pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64()), ("embedding", pa.list_(pa.float32()))]))),
        (ANY_JSON, None),
    ],
)  # fmt: skip
def test_declared_types_are_those_of_arrow(declared, kind):
    assert declared_type(declared) == kind


def test_results_have_the_type_that_was_declared():
    assert result_column([1, None], pa.float32()).type == pa.float32()
    mapped = result_column([{"a": 1.0, "b": 2.0}, None, {}], pa.map_(pa.string(), pa.float64()))
    assert mapped.to_pylist() == [[("a", 1.0), ("b", 2.0)], None, []]
    assert result_column([{"a": 1}, "b"], None).type == JSON


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, None], pa.int64()), ([1.5, None], pa.float64()), ([True, None], pa.bool_()), (["a", None], pa.string()),
        ([None, None], pa.null()), ([[1.5], []], pa.list_(pa.float64())), ([{"a": 1}, None], pa.struct([("a", pa.int64())])),
        ([2**64 - 1, None, 0], pa.uint64()), ([np.float32([1, 2])], pa.list_(pa.float32())), ([[1.5, None], None], pa.list_(pa.float64())),
        ([{"a": [{"b": 1.5}]}], pa.struct([("a", pa.list_(pa.struct([("b", pa.float64())])))])),
    ],
)  # fmt: skip
def test_what_arrow_holds_exactly_is_of_its_types(values, kind):
    assert column(values).type == kind


NUMBERS = [read_json(text) for text in ("0.1234567890123456789", "1e400", "[1.5, 0.1234567890123456789]")]


@pytest.mark.parametrize(
    "values",
    [
        [1, "a"], [{}], [{"a": {}}], [2**64], [-1, 2**63], [2**63, "a"], [2**63, True], [1.5, True], [False, 1.5], [[1.5, True]],
        [{"a": 1.5}, {"a": False}], [{"a": [1.5, True]}], [{str(n): 1 for n in range(1001)}], NUMBERS[:1], NUMBERS[1:2], NUMBERS[2:],
        [{"a": NUMBERS[0]}], [{"a": [1, "b"]}],
    ],
)  # fmt: skip
def test_what_no_type_holds_exactly_is_json(values):
    made = column(values)
    assert made.type == JSON
    assert made.to_pylist() == json_column(values).to_pylist()


def test_json_has_null_for_nothing_and_the_digits_of_numbers():
    assert json_column([None, {"a": [1, None]}, NUMBERS[0]]).storage.to_pylist() == [
        None,
        '{"a":[1,null]}',
        "0.1234567890123456789",
    ]


def nested(levels):
    kind = pa.int8()
    for _ in range(levels):
        kind = pa.list_(kind)
    return kind


def test_parquet_takes_neither_empty_structs_nor_thousands_of_fields_nor_hundreds_of_levels():
    structs = [pa.struct([(str(number), pa.int8()) for number in range(count)]) for count in (0, 1, 1000, 1001)]
    assert [is_writable(kind) for kind in structs] == [False, True, True, False]
    assert [is_writable(pa.list_(kind)) for kind in structs] == [False, True, True, False]
    assert [is_writable(pa.struct([("a", kind)])) for kind in structs] == [False, True, True, False]
    assert [is_writable(nested(levels)) for levels in (0, 31, 32)] == [True, True, False]
    deep = pa.int8()
    for _ in range(32):
        deep = pa.struct([("a", deep)])
    assert not is_writable(deep)
