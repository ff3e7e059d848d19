import pytest

from nlpcli.errors import FieldMissing, InputBroken, UsageError
from nlpcli.records.delimited import dialect, rows
from tests.cpu_time import grows_as_its_size, takes_less_than
from tests.records.tables import convert, read


def cells(text, format_name="csv", **options):
    return [row.cells for row in rows([text], dialect(format_name, **options))]


def test_a_quote_in_tsv_is_a_character(tmp_path):
    (tmp_path / "a.tsv").write_text('id\ttext\n1\t"Hello\n2\tsay "x" \\n\n3\t"whole"\n')
    assert [record.text for record in read(tmp_path / "a.tsv")] == ['"Hello', 'say "x" \\n', '"whole"']
    (tmp_path / "b.tsv").write_text('id\ttext\n1\t"Hello\nyou"\n')
    assert [record.text for record in read(tmp_path / "b.tsv", quote='"')] == ["Hello\nyou"]


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ('1,"Hello', 3),
        ('1,"Hello"x', 3),
        ('"two\nlines","open', 4),
        ('"a""', 3),
        ('1,"Hello ""you""', 3),
    ],
)
@pytest.mark.parametrize("rest", ["2,world\n3,end\n", '2,"world"\n3,end\n', ""])
def test_an_open_quote_costs_its_own_row_and_names_its_line(tmp_path, broken, line, rest):
    (tmp_path / "a.csv").write_text(f"id,text\n0,first\n{broken}\n{rest}")
    first, bad, *after = read(tmp_path / "a.csv")
    assert first.text == "first"
    assert bad.error == f"the quote that opens on line {line} is not closed where a field ends"
    assert bad.fields == {"id": "", "text": broken}
    assert [record.fields["id"] for record in after] == (["2", "3"] if rest else [])


def test_many_open_quotes_take_linear_time():
    def found(lines):
        return list(rows(["a,b\n" + '1,"open ""quoted""\n' * lines], dialect("csv")))

    assert grows_as_its_size(found, 5000)
    assert [row.line for row in found(20_000)][-1] == len(found(20_000)) == 20_001


@pytest.mark.parametrize("bad", ["x\ry,1", "only", "x,1,2", "x\0y,1\r,", ""])
@pytest.mark.parametrize("output", ["csv", "tsv", "jsonl", "parquet"])
def test_one_bad_row_does_not_end_a_run(tmp_path, bad, output):
    (tmp_path / "a.csv").write_text(f"text,n\na,1\n{bad}\nb,2\n", newline="")
    errors = convert([tmp_path / "a.csv"], tmp_path / f"o.{output}", output)
    assert len(errors) == bool(bad)
    assert [record.text for record in read(tmp_path / f"o.{output}")][0 :: 2 if bad else 1] == ["a", "b"]


def test_a_field_of_any_length_and_null_bytes_are_read(tmp_path):
    long = "x" * 300_000
    (tmp_path / "a.csv").write_text(f'text,n\n"{long}",a\0b\n')
    (record,) = read(tmp_path / "a.csv")
    assert (record.text, record.fields["n"]) == (long, "a\0b")


@pytest.mark.parametrize(
    ("options", "text", "expected"),
    [
        ({"delimiter": ";"}, 'a;b\n"x;y";1\n', [["a", "b"], ["x;y", "1"]]),
        ({"delimiter": r"\t"}, "a\tb\n", [["a", "b"]]),
        ({"quote": "none"}, '"a,b\n', [['"a', "b"]]),
        ({"quote": "'"}, "'a,b','it''s'\n", [["a,b", "it's"]]),
    ],
)
def test_delimiter_and_quote_are_those_asked_for(options, text, expected):
    assert cells(text, **options) == expected


@pytest.mark.parametrize("options", [{"delimiter": ""}, {"delimiter": ";;"}, {"quote": "''"}, {"quote": ","}])
def test_delimiter_and_quote_are_one_character_each(options):
    with pytest.raises(UsageError, match=r"takes .*one character"):
        dialect("csv", **options)


def test_columns_without_a_header_are_numbered(tmp_path):
    (tmp_path / "a.csv").write_text("1,good\n2,bad\n")
    records = read(tmp_path / "a.csv", no_header=True, field="2")
    assert [record.text for record in records] == ["good", "bad"]
    assert [record.origin.line for record in records] == [1, 2]
    with pytest.raises(FieldMissing, match="it has: 1, 2"):
        read(tmp_path / "a.csv", no_header=True)


def test_a_broken_header_names_its_line(tmp_path):
    (tmp_path / "a.csv").write_text('id,"text\n1,x\n')
    with pytest.raises(InputBroken, match=r"a\.csv:1: .*quote that opens on line 1"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["", "a"])
def test_thousands_of_repeated_names_take_a_moment(tmp_path, name):
    header = ",".join([name] * 20_000)
    (tmp_path / "a.csv").write_text(f"text,{header}\nx{',1' * 20_000}\n")
    failures = []
    assert takes_less_than(5, lambda: failures.extend(convert([tmp_path / "a.csv"], tmp_path / "o.csv", "csv")))
    assert failures == []
    assert len(read(tmp_path / "o.csv")[0].fields) == 20_004


@pytest.mark.parametrize("format_name", ["csv", "tsv"])
def test_a_header_without_rows_is_kept(tmp_path, format_name):
    (tmp_path / "a.csv").write_text("text,label,n\n")
    convert([tmp_path / "a.csv"], tmp_path / "o", format_name)
    between = "," if format_name == "csv" else "\t"
    assert (tmp_path / "o").read_text() == between.join(["text", "input_label", "n", "label", "score", "error"]) + "\n"


def test_files_of_other_columns_are_one_table_with_the_columns_of_all(tmp_path):
    (tmp_path / "a.csv").write_text("text,n\nx,1\n")
    (tmp_path / "b.csv").write_text("m,text\n2,y\n")
    (tmp_path / "c.jsonl").write_text('{broken\n{"text": "z", "k": 3}\n{"text": "w", "late": 4}\n')
    convert([tmp_path / name for name in ("a.csv", "b.csv", "c.jsonl")], tmp_path / "o.csv", "csv")
    content = (tmp_path / "o.csv").read_text().splitlines()
    assert content[:3] == ["text,n,m,k,late,label,score,error", "x,1,,,,good,0.5,", "y,,2,,,good,0.5,"]
    assert content[-1] == "w,,,,4,good,0.5,"


@pytest.mark.parametrize("name", ["b.csv", "b.tsv", "b.parquet"])
def test_a_file_that_lacks_the_field_is_said_before_the_work_begins(tmp_path, name):
    (tmp_path / "a.csv").write_text("text\nx\n")
    if name.endswith("parquet"):
        convert([tmp_path / "a.csv"], tmp_path / name, "parquet", names={}, result={}, field="text")
        (tmp_path / "c.csv").write_text("other\nx\n")
        convert([tmp_path / "c.csv"], tmp_path / name, "parquet", names={}, result={}, field="other")
    else:
        (tmp_path / name).write_text("other\nx\n")
    with pytest.raises(FieldMissing, match=f'no column "text" in .*{name}'):
        convert([tmp_path / "a.csv", tmp_path / name], tmp_path / "o.csv", "csv")
    assert (tmp_path / "o.csv").exists() is False


@pytest.mark.parametrize("output", ["csv", "tsv", "jsonl", "json", "parquet"])
def test_no_input_column_is_overwritten_by_a_result(tmp_path, output):
    (tmp_path / "a.csv").write_text("text,label,label,input_label,input_label_2,error\nx,1,2,3,4,5\n")
    convert([tmp_path / "a.csv"], tmp_path / f"o.{output}", output)
    (record,) = read(tmp_path / f"o.{output}")
    values = list(record.fields.values())
    assert values[:6] == ["x", "1", "2", "3", "4", "5"]
    assert record.fields["label"] == "good"
    assert record.fields["input_label"] == "3"


def test_a_row_that_never_ends_is_not_held_in_memory(monkeypatch):
    monkeypatch.setattr("nlpcli.records.delimited._MOST_CHARACTERS", 1000)
    given = 0

    def lines():
        nonlocal given
        for line in ['a,b\n1,"x\n', *["y\n"] * 10_000]:
            given += 1
            yield line

    found = rows(lines(), dialect("csv"))
    assert next(found).cells == ["a", "b"]
    assert "is not closed" in next(found).problem
    assert given < 2000
    # As many characters in many rows are no long row.
    assert len(cells("a,b\n" * 1000)) == 1000
