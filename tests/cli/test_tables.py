"""What goes in comes out, through the whole command with a tiny model."""

import json
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests import tiny
from tests.records.tables import read
from tests.records.test_parquet import read_table, table_of_everything, written

FORMATS = ["csv", "tsv", "jsonl", "json", "parquet"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny.save_classifier(tmp_path_factory.mktemp("classifier"))


@pytest.fixture
def sentiment(call, model):
    return partial(call, "sentiment", "-m", model)


def write(folder, name, rows):
    path = folder / f"in.{name}"
    if name in {"csv", "tsv"}:
        between = "," if name == "csv" else "\t"
        path.write_text(
            "".join(between.join(map(str, row)) + "\n" for row in [rows[0], *(row.values() for row in rows)])
        )
    elif name == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_every_pair_of_formats_keeps_fields_and_rows_and_overwrites_none(sentiment, tmp_path, source, target):
    rows = [{"text": f"a {number}", "label": f"mine {number}", "error": "none"} for number in range(3)]
    done = sentiment("-i", write(tmp_path, source, rows), "-o", tmp_path / f"o.{target}")
    assert (done.status, done.complaints) == (0, b"")
    back = [record.fields for record in read(tmp_path / f"o.{target}")]
    assert [list(row.values())[:3] for row in back] == [list(row.values()) for row in rows]
    assert [*back[0]][:3] == ["text", "input_label", "input_error"]


def test_parquet_goes_through_the_command_untouched(sentiment, tmp_path):
    before = written(table_of_everything(), tmp_path / "a.parquet")
    assert sentiment("-i", tmp_path / "a.parquet", "-o", tmp_path / "b.parquet", "--all-scores").status == 0
    after = read_table(tmp_path / "b.parquet")
    assert after.select(range(before.num_columns)).schema.equals(before.schema, check_metadata=True)
    assert after.schema.field("scores").type == pa.map_(pa.string(), pa.float64())
    assert sentiment("-i", tmp_path / "b.parquet", "-o", tmp_path / "c.parquet", "--all-scores").status == 0
    assert "input_scores" in read_table(tmp_path / "c.parquet").schema.names


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_skipped_rows_leave_a_table_of_the_others(sentiment, tmp_path, name):
    pq.write_table(pa.table({"text": ["a", None, "c"], "n": pa.array([1, 2, 3], pa.int8())}), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text('text,n\na,1\nb,"2\nc,3\n')
    done = sentiment("-i", tmp_path / name, "-o", tmp_path / "o.parquet", "--on-error", "skip")
    assert done.status == 3
    assert list(map(str, read_table(tmp_path / "o.parquet").column("n").to_pylist())) == ["1", "3"]


@pytest.mark.parametrize("target", FORMATS)
def test_a_count_of_labels_has_columns_of_its_own(sentiment, tmp_path, target):
    (tmp_path / "a.csv").write_text("text,n\na,1\nb,2\nc\n")
    assert sentiment("-i", tmp_path / "a.csv", "-o", tmp_path / f"o.{target}", "--aggregate").status == 3
    if target == "csv":
        lines = (tmp_path / "o.csv").read_text().splitlines()
        assert lines[0] == "label,count,share,score,error"
        assert lines[-1].endswith("1 values for 2 columns")


@pytest.mark.parametrize("source", ["csv", "tsv", "parquet"])
def test_a_header_without_rows_goes_through(sentiment, tmp_path, source):
    path = write(tmp_path, source, [{"text": "x", "n": "1"}])
    empty = tmp_path / f"empty.{source}"
    if source == "parquet":
        pq.write_table(read_table(path).slice(0, 0), empty)
    else:
        empty.write_text(path.read_text().splitlines()[0] + "\n")
    assert sentiment("-i", empty, "-o", tmp_path / "o.csv").status == 0
    assert (tmp_path / "o.csv").read_text() == "text,n,label,score,error\n"
    assert sentiment("-i", empty, "-o", tmp_path / "o.parquet").status == 0
    assert read_table(tmp_path / "o.parquet").schema.names == ["text", "n", "label", "score", "error"]
    assert sentiment("-i", empty, "-o", tmp_path / "o.json").status == 0
    assert json.loads((tmp_path / "o.json").read_text()) == []


def test_a_header_alone_on_standard_input_goes_through(sentiment):
    done = sentiment("--input-format", "csv", stdin=b"text,n\n")
    assert (done.status, done.output) == (0, b"text,n,label,score,error\n")


def test_an_array_without_rows_has_the_width_of_the_vectors(embed, tmp_path):
    (tmp_path / "a.csv").write_text("text,n\n")
    assert embed("-i", tmp_path / "a.csv", "-o", tmp_path / "o.npy").status == 0
    (tmp_path / "b.csv").write_text("text,n\na,1\n")
    assert embed("-i", tmp_path / "b.csv", "-o", tmp_path / "p.npy").status == 0
    assert np.load(tmp_path / "o.npy").shape == (0, np.load(tmp_path / "p.npy").shape[1])


def test_a_late_key_in_a_pipe_is_an_error_of_its_record(sentiment):
    lines = b'{broken\n{"text": "a"}\n{"text": "b", "late": 1}\n{"text": "c"}\n'
    done = sentiment("--input-format", "jsonl", "-F", "csv", stdin=lines)
    rows = done.output.decode().splitlines()
    assert done.status == 3
    assert rows[0] == "text,label,score,error"
    assert rows[1].startswith("{broken,,,broken JSON")
    assert rows[3] == 'b,,,"field ""late"" comes after the header of the csv was written; use -F jsonl"'
    assert rows[4].startswith("c,")
    assert b"stdin:3: field" in done.complaints


def test_what_a_table_cannot_hold_ends_a_run_only_where_that_is_asked_for(sentiment, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a", "y": "\\ud800"}\n{"text": "b", "y": "z"}\n')
    assert sentiment("-i", tmp_path / "a.jsonl", "-o", tmp_path / "o.csv").status == 3
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 3
    assert sentiment("-i", tmp_path / "a.jsonl", "-o", tmp_path / "o.csv", "--on-error", "skip").status == 3
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 2
    done = sentiment("-i", tmp_path / "a.jsonl", "-o", tmp_path / "p.csv", "--on-error", "fail")
    assert done.status == 1
    assert b'a.jsonl:1: field "y" holds half a surrogate pair' in done.complaints


def test_options_of_csv_are_options_of_the_command(sentiment, tmp_path):
    (tmp_path / "a.csv").write_text("1;'good; very'\n2;bad\n")
    options = ["--delimiter", ";", "--quote", "'", "--no-header", "--field", "2", "-F", "jsonl"]
    done = sentiment("-i", tmp_path / "a.csv", *options)
    assert [json.loads(line)["2"] for line in done.output.splitlines()] == ["good; very", "bad"]
