"""CSV and TSV, row by row: which columns there are, what waits for them, and what cannot be held."""

import io

import pytest

from nlpcli.records.json_text import Number
from nlpcli.records.record import Origin, Record
from nlpcli.records.table import InputColumns, NotHeld
from nlpcli.records.table_writer import TableWriter, check_unicode

NAMES = {"label": "string"}


class Stream(io.BytesIO):
    flushed = 0

    def flush(self):
        self.flushed = len(self.getvalue())


def writer(format_name="csv", columns=None):
    stream = Stream()
    return TableWriter(stream, NAMES, format_name, columns), stream


def record(fields, label="good", error=None):
    return Record("x", fields, Origin("a", 1), None if error else {"label": label}, error)


def rows(*records, format_name="csv", columns=None):
    table, stream = writer(format_name, columns)
    for each in records:
        table.write(each)
        assert stream.flushed == len(stream.getvalue())
    table.close()
    return stream.getvalue().decode().split("\n")[:-1]


def test_a_table_without_a_record_has_a_header():
    assert rows() == ["label,error"]
    assert rows(columns=InputColumns({"a": None, "b": None})) == ["a,b,label,error"]


@pytest.mark.parametrize("format_name", ["csv", "tsv"])
def test_columns_are_those_of_the_input_then_of_the_first_record(format_name):
    found = rows(record({"b": 1, "c": 2}), record({"c": 3}), format_name=format_name, columns=InputColumns({"a": None}))
    between = {"csv": ",", "tsv": "\t"}[format_name]
    assert [row.split(between) for row in found] == [
        ["a", "b", "c", "label", "error"], ["", "1", "2", "good", ""], ["", "", "3", "good", ""],
    ]  # fmt: skip


def test_a_field_that_bears_a_results_name_has_another_column():
    assert rows(record({"label": "mine", "error": "none"})) == [
        "input_label,input_error,label,error",
        "mine,none,good,",
    ]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("a,b", '"a,b"'), ('say "a"', '"say ""a"""'), ("a\nb", None), (None, ""), (True, "true"), (1, "1"),
        (0.5, "0.5"), (Number("1.10"), "1.10"), ([1, "é"], '"[1,""é""]"'), ({"a": None}, '"{""a"":null}"'), ("", ""),
    ],
)  # fmt: skip
def test_a_value_is_one_cell(value, cell):
    found = "\n".join(rows(record({"a": value})))
    assert found == f"a,label,error\n{cell},good," if cell is not None else found == 'a,label,error\n"a\nb",good,'


def test_ends_of_lines_in_cells_stay_as_they_are():
    table, stream = writer()
    table.write(record({"a": "1\r2\r\n3"}))
    assert stream.getvalue() == b'a,label,error\n"1\r2\r\n3",good,\n'


def test_a_failed_record_waits_for_one_that_tells_the_columns():
    found = rows(record({}, error="broken"), record({"a": 1}, error="late"), record({"b": 2}))
    assert found == ["b,a,label,error", ",,,broken", ",1,,late", "2,,good,"]


@pytest.mark.parametrize("failed", [1, 999, 1000, 1001, 1002])
def test_at_most_a_thousand_wait(failed):
    table, stream = writer()
    for _ in range(failed):
        table.write(record({}, error="broken"))
    assert (stream.getvalue() == b"") is (failed <= 1000)
    table.close()
    assert stream.getvalue() == b"label,error\n" + b",broken\n" * failed


def test_no_record_waits_where_the_columns_are_known():
    table, stream = writer(columns=InputColumns({"a": None}))
    table.write(record({}, error="broken"))
    assert stream.getvalue() == b"a,label,error\n,,broken\n"


def test_a_field_after_the_header_is_refused_and_the_others_are_kept():
    table, stream = writer()
    table.write(record({"a": 1}))
    with pytest.raises(
        NotHeld, match='field "b" comes after the header of the csv was written; use -F jsonl'
    ) as caught:
        table.write(record({"a": 2, "b": 3}))
    assert (caught.value.fields, stream.getvalue()) == ({"a": 2}, b"a,label,error\n1,good,\n")


@pytest.mark.parametrize("format_name", ["csv", "tsv"])
@pytest.mark.parametrize("first", [True, False])
def test_half_a_surrogate_pair_is_refused_with_what_can_be_held(format_name, first):
    table, stream = writer(format_name)
    if not first:
        table.write(record({"a": "x", "n": 1}))
    before = stream.getvalue()
    with pytest.raises(NotHeld, match=f'field "a" holds half a surrogate pair, which {format_name} cannot') as caught:
        table.write(record({"a": "x\ud800y", "n": 1}))
    assert (caught.value.fields, stream.getvalue()) == ({"a": "x\ufffdy", "n": 1}, before)


def test_a_name_may_hold_half_a_pair_too_and_a_result_is_mended():
    with pytest.raises(NotHeld, match='field "\ufffd" holds') as caught:
        check_unicode({"a": 1, "\udc00": "ok"}, "csv")
    assert caught.value.fields == {"a": 1, "\ufffd": "ok"}
    check_unicode({"a": 1, "b": "😀", "c": None}, "csv")
    assert rows(record({"a": 1}, label="\ud800")) == ["a,label,error", "1,?,"]
