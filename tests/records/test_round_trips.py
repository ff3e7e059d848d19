"""Any table goes in and comes out: every column, type, digit and row, from each format to each other."""

import csv
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.records.tables import convert, read

SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
STRUCTURED = ["jsonl", "json", "csv", "tsv", "parquet"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    [
        "",
        "\r",
        "a\tb",
        '"',
        '"a\\tb"',
        "\n",
        "\0",
        ",",
        "'",
        '"x",',
        "\ufeff",
        "nan",
        "\u2028",
        "\\t",
        '"\\"a\\\\tb\\""',
    ]
)
NAMES = st.sampled_from(
    ["label", "score", "error", "input_label", "input_label_2", "x", "a.b[0]", "é", " ", "x_2"]
) | TEXT.filter(lambda name: not name.startswith("\ufeff") and name != "text")
LITERALS = st.sampled_from(
    ["1.10", "12345678901234567.89", "1e400", "-0.0", "-0", "1E5", "0.1", "1e-7", "0.10000000000000001", str(2**63), str(2**64),
     "123456789012345678901234567890", "1.0", "100000000000000000000.5", "-9223372036854775809", "0.30000000000000004"]
)  # fmt: skip


class Literal(float):
    """A number as JSON spells it."""

    def __new__(cls, text):
        value = super().__new__(cls, text)
        value.text = text
        return value


def spelled(value):
    if isinstance(value, Literal):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {spelled(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(spelled, value)) + "]" if isinstance(value, list) else json.dumps(value)


SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False).map(lambda value: Literal(repr(value))) | LITERALS.map(Literal) | TEXT
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)
ROWS = st.lists(
    st.tuples(TEXT, st.dictionaries(NAMES, VALUES, max_size=4)).map(lambda row: {"text": row[0], **row[1]}),
    min_size=1,
    max_size=6,
)


def write_jsonl(path, rows):
    path.write_text("".join(spelled(row) + "\n" for row in rows), encoding="utf-8")


def read_jsonl(path):
    decoder = json.JSONDecoder(parse_float=lambda text: ("number", text), parse_int=lambda text: ("number", text))
    return [decoder.decode(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def expected(row):
    return json.JSONDecoder(parse_float=lambda text: ("number", text), parse_int=lambda text: ("number", text)).decode(
        spelled(row)
    )


@pytest.mark.parametrize("between", ["jsonl", "json"])
@SETTINGS
@given(rows=ROWS)
def test_json_keeps_every_token_of_every_value(tmp_path, rows, between):
    write_jsonl(tmp_path / "a.jsonl", rows)
    convert([tmp_path / "a.jsonl"], tmp_path / f"b.{between}", between, result={}, names={})
    convert([tmp_path / f"b.{between}"], tmp_path / "c.jsonl", "jsonl", result={}, names={})
    back = read_jsonl(tmp_path / "c.jsonl")
    assert [list(row.values()) for row in back] == [list(expected(row).values()) for row in rows]


def held(value):
    """What a column of Parquet keeps of a value: numbers by their value, and no difference between null and absent."""
    if isinstance(value, tuple):
        number = Decimal(value[1])
        short = Decimal(repr(float(value[1]))) if abs(float(value[1])) < float("inf") else number
        return number if len(value[1]) > 20 or float(short) != float(number) else short
    if isinstance(value, dict):
        return {key: held(item) for key, item in value.items() if held(item) is not None}
    return [held(item) for item in value] if isinstance(value, list) else value


def same(one, other):
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one == other or (float(one) == float(other) and len(str(one).replace("-", "").replace("0.", "")) <= 17)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@SETTINGS
@given(rows=ROWS)
@example(rows=[{"text": "a", "x": 1}, {"text": "b", "x": Literal("1.5")}, {"text": "c", "x": {}}])
@example(rows=[{"text": "a", "x": {}}, {"text": "b", "x": {"y": [{}]}}])
def test_parquet_keeps_every_value_of_rows(tmp_path, rows):
    write_jsonl(tmp_path / "a.jsonl", rows)
    convert([tmp_path / "a.jsonl"], tmp_path / "b.parquet", "parquet", result={}, names={})
    convert([tmp_path / "b.parquet"], tmp_path / "c.jsonl", "jsonl", result={}, names={})
    back = read_jsonl(tmp_path / "c.jsonl")
    assert len(back) == len(rows)
    for row, found in zip(rows, back, strict=True):
        wanted = [value for value in map(held, expected(row).values()) if value is not None]
        values = list(held({name: value for name, value in found.items() if value is not None}).values())
        assert len(wanted) == len(values)
        for value in wanted:
            assert any(same(value, other) for other in values), (value, values)


@pytest.mark.parametrize("source", ["csv", "tsv"])
@pytest.mark.parametrize("target", STRUCTURED)
@SETTINGS
@given(names=st.lists(NAMES, max_size=4), rows=st.lists(st.lists(TEXT, min_size=5, max_size=5), min_size=1, max_size=4))
def test_texts_of_a_table_come_back_from_every_format(tmp_path, names, rows, source, target):
    header = ["text", *names]
    rows = [["t" + row[0], *row[1 : len(header)]] for row in rows]
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([header, *rows])
    convert([tmp_path / "a.csv"], tmp_path / f"b.{source}", source, result={}, names={})
    assert convert([tmp_path / f"b.{source}"], tmp_path / f"c.{target}", target, result={}, names={}) == []
    found = read(tmp_path / f"c.{target}")
    assert [list(record.fields.values())[: len(header)] for record in found] == rows


@pytest.mark.parametrize("target", ["csv", "tsv"])
@SETTINGS
@given(rows=ROWS)
def test_a_table_holds_the_json_of_every_value(tmp_path, rows, target):
    write_jsonl(tmp_path / "a.jsonl", rows)
    assert convert([tmp_path / "a.jsonl"], tmp_path / f"b.{target}", target, result={}, names={}) == []
    for row, record in zip(rows, read(tmp_path / f"b.{target}"), strict=True):
        cells = sorted(value for value in record.fields.values() if value)
        wanted = [value for value in row.values() if value is not None and value != ""]
        assert cells == sorted(v if isinstance(v, str) else compact(v) for v in wanted)


def compact(value):
    if isinstance(value, Literal):
        return value.text
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{compact(item)}" for key, item in value.items())
            + "}"
        )
    return (
        "[" + ",".join(map(compact, value)) + "]" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)
    )


@SETTINGS
@given(data=st.data(), count=st.integers(1, 3000), group=st.integers(1, 3000))
def test_parquet_is_the_same_whatever_rows_stay(tmp_path, data, count, group):
    step = data.draw(st.integers(1, 5))
    table = pa.table({"text": [str(n) for n in range(count)], "n": pa.array(range(count), pa.uint16())})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=group)
    convert(
        [tmp_path / "a.parquet"], tmp_path / "b.parquet", "parquet", keep=lambda record: record.origin.line % step == 0
    )
    after = pq.ParquetFile(tmp_path / "b.parquet").read().select(["text", "n"])
    assert after.equals(table.filter(pa.array([(n + 1) % step == 0 for n in range(count)])))
