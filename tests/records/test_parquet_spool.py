"""Tables of a growing schema in one file: types that hold all values, names in their order, row groups of bounded size."""

import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nlpcli.records.parquet_spool import ParquetSpool


def written(*tables):
    stream = io.BytesIO()
    spooled = ParquetSpool(stream)
    for table in tables:
        spooled.add(table)
    as_json = spooled.finish()
    assert all(part.closed for part in spooled._parts)
    return pq.ParquetFile(io.BytesIO(stream.getvalue())), as_json


def rows(*tables):
    file, as_json = written(*tables)
    table = file.read()
    return table.schema.names, [str(kind) for kind in table.schema.types], table.to_pylist(), as_json


def column(values, kind=None, name="a"):
    return pa.table({name: pa.array(values, kind)})


def test_tables_of_one_schema_are_one_file():
    assert rows(column([1]), column([2])) == (["a"], ["int64"], [{"a": 1}, {"a": 2}], [])
    assert len(written(column([1]), column([2]))[0].read().column("a").chunks) == 1


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (pa.array([1], pa.int8()), pa.array([300], pa.int64()), "int64"),
        (pa.array([1]), pa.array([0.5]), "double"),
        (pa.array([0.5], pa.float32()), pa.array([0.25]), "double"),
        (pa.array(["a"]), pa.array(["b"], pa.large_string()), "large_string"),
        (pa.array([None]), pa.array(["b"]), "string"),
        (pa.array(["b"]), pa.array([None]), "string"),
        (pa.array(["a"]).dictionary_encode(), pa.array(["b"]), "string"),
        (pa.array(["b"]), pa.array(["a"]).dictionary_encode(), "string"),
        (pa.array([[1]]), pa.array([[0.5]]), "list<element: double>"),
    ],
)
def test_a_column_gets_the_type_that_holds_both(one, other, kind):
    values = [{"a": value} for value in one.to_pylist() + other.to_pylist()]
    assert rows(pa.table({"a": one}), pa.table({"a": other})) == (["a"], [kind], values, [])


@pytest.mark.parametrize(
    ("one", "other", "values"),
    [
        (pa.array([1]), pa.array(["b"]), ["1", '"b"']),
        (pa.array([Decimal("1.10")]), pa.array([0.5]), ["1.10", "0.5"]),
        (pa.array([0.5]), pa.array([Decimal("1.10")]), ["0.5", "1.10"]),
        (pa.array([[1]]), pa.array([2]), ["[1]", "2"]),
        (pa.array([2**62 + 1]), pa.array([0.5]), [str(2**62 + 1), "0.5"]),
        (pa.array([True, None]), pa.array(["x"]), ["true", None, '"x"']),
    ],
)
def test_what_no_type_holds_exactly_is_json(one, other, values):
    names, _kinds, found, as_json = rows(pa.table({"a": one}), pa.table({"a": other}))
    assert (names, as_json, [row["a"] for row in found]) == (["a"], ["a"], values)


def table(**columns):
    return pa.table({name: [value] for name, value in columns.items()})


def test_new_columns_stand_before_the_results_and_lack_values_elsewhere():
    names, _, found, _ = rows(
        table(a=1, label="x", error="y"), table(b=2, label="x", error="y"), table(c=3, a=4, label="x", error="y")
    )
    assert names == ["a", "b", "c", "label", "error"]
    assert [(row["a"], row["b"], row["c"]) for row in found] == [(1, None, None), (None, 2, None), (4, None, 3)]


def test_a_name_may_stand_there_several_times():
    twice = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    file, _ = written(twice, pa.table([pa.array([3]), pa.array([0.5]), pa.array([5])], names=["a", "a", "a"]))
    assert [file.read().column(at).to_pylist() for at in range(3)] == [[1, 3], [2, 0.5], [None, 5]]


def test_a_table_that_fits_does_not_begin_another_part():
    stream = io.BytesIO()
    spooled = ParquetSpool(stream)
    for each in (column([0.5]), column([1], pa.int8()), column([None]), column([2.5])):
        spooled.add(each)
    spooled.finish()
    assert len(spooled._parts) == 1
    assert pq.read_table(stream).column("a").to_pylist() == [0.5, 1.0, None, 2.5]


def test_metadata_and_nullability_stay():
    schema = pa.schema([pa.field("a", pa.int8(), nullable=False)], {"who": "me"})
    one = pa.table([pa.array([1], pa.int8())], schema=schema)
    file, _ = written(one, one)
    assert (file.schema_arrow.metadata[b"who"], file.schema_arrow.field("a").nullable) == (b"me", False)
    file, _ = written(one, column([500]))
    assert (file.schema_arrow.metadata[b"who"], file.schema_arrow.field("a").nullable) == (b"me", True)
    other = pa.table([pa.array([1], pa.int16())], schema=pa.schema([pa.field("a", pa.int16(), nullable=False)]))
    assert not written(one, other)[0].schema_arrow.field("a").nullable


@pytest.mark.parametrize(
    ("tables", "groups"), [(15, [15_360]), (16, [16_384]), (17, [16_384, 1024]), (33, [16_384] * 2 + [1024])]
)
def test_a_row_group_has_at_most_so_many_rows(tables, groups):
    file, _ = written(*[column(list(range(1024)))] * tables)
    assert [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)] == groups


@pytest.mark.parametrize(("size", "groups"), [((1 << 20) - 100, 2), ((1 << 20) + 100, 3)])
def test_a_row_group_has_at_most_so_many_bytes(size, groups):
    file, _ = written(*[column([b"x" * size])] * 18)
    assert [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)] == (
        [9, 9] if groups == 2 else [8, 8, 2]
    )


def test_what_is_merged_has_row_groups_of_that_size_too():
    file, as_json = written(*[column(list(range(1024)))] * 20, column(["x"]))
    assert (file.metadata.num_rows, as_json) == (20_481, ["a"])
    assert file.read().column("a").to_pylist()[-2:] == ["1023", '"x"']
    assert max(file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)) == 16_384
