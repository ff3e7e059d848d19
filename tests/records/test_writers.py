import gc
import io
import json
import warnings

import numpy as np
import pyarrow.parquet as pq
import pytest

from nlpcli.errors import UsageError
from nlpcli.records.formats import OUTPUT_FORMATS
from nlpcli.records.outputs import output_stream
from nlpcli.records.record import Origin, Record
from nlpcli.records.writers import NpyWriter, make_writer

NAMES = {"score": "float64"}
RECORDS = [
    Record("a", {"text": "你好,\n", "score": "mine"}, Origin("x", 1), result={"score": 0.5}),
    Record("b", {"text": "b", "score": "2"}, Origin("x", 2), error="broken"),
]


def write(format_name, path, records=RECORDS):
    with output_stream(str(path), "") as stream:
        writer = make_writer(format_name, stream, NAMES, lambda record: str(record.result["score"]), False)
        for record in records:
            writer.write(record)
        writer.close()
    return path


def test_text_keeps_the_place_of_a_failed_record(tmp_path):
    assert write("text", tmp_path / "o").read_text() == "0.5\n\n"


@pytest.mark.parametrize("format_name", ["jsonl", "json"])
def test_json_keeps_every_input_field_and_renames_one_that_bears_a_results_name(tmp_path, format_name):
    content = write(format_name, tmp_path / "o").read_text(encoding="utf-8")
    rows = json.loads(content) if format_name == "json" else [json.loads(line) for line in content.splitlines()]
    assert rows == [
        {"text": "你好,\n", "input_score": "mine", "score": 0.5},
        {"text": "b", "input_score": "2", "score": None, "error": "broken"},
    ]


def test_csv_quotes_and_has_an_error_column(tmp_path):
    content = write("csv", tmp_path / "o").read_text(encoding="utf-8")
    assert content == 'text,input_score,score,error\n"你好,\n",mine,0.5,\nb,2,,broken\n'


def test_parquet_keeps_types_and_nulls(tmp_path):
    table = pq.read_table(write("parquet", tmp_path / "o.parquet"))
    assert table.column("score").to_pylist() == [0.5, None]
    assert table.column("error").to_pylist() == [None, "broken"]


def test_a_field_that_only_some_results_have_is_a_column_and_no_key(tmp_path):
    names = {"score": "float64", "warning": "string"}
    rows = [
        Record("a", {}, Origin("x", 1), {"score": 0.5}),
        Record("b", {}, Origin("x", 2), {"score": 1.0, "warning": "w"}),
    ]

    def written(format_name):
        with output_stream(str(tmp_path / format_name), "") as stream:
            writer = make_writer(format_name, stream, names, str, False)
            for row in rows:
                writer.write(row)
            writer.close()
        return tmp_path / format_name

    assert written("csv").read_text() == "score,warning,error\n0.5,,\n1.0,w,\n"
    assert written("jsonl").read_text() == '{"score":0.5}\n{"score":1.0,"warning":"w"}\n'
    assert pq.read_table(written("parquet")).column("warning").to_pylist() == [None, "w"]


def test_no_record_is_still_a_sound_file(tmp_path):
    assert json.loads(write("json", tmp_path / "o", []).read_text()) == []
    assert pq.read_table(write("parquet", tmp_path / "o.parquet", [])).num_rows == 0


def interrupted_write(path):
    with output_stream(str(path), "") as stream:
        stream.write(b"half")
        raise RuntimeError("stop")


def test_an_output_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError, match="stop"):
        interrupted_write(tmp_path / "o")
    assert list(tmp_path.iterdir()) == []


def test_an_array_has_a_row_for_each_record_of_which_failed_ones_are_blank(tmp_path):
    records = [
        Record("a", {}, Origin("x", 1), error="broken"),
        Record("b", {}, Origin("x", 2), result={"embedding": np.array([1.0, 2.0], np.float32)}),
        Record("c", {}, Origin("x", 3), result={"embedding": np.array([3.0, 4.0], np.float32)}),
        Record("d", {}, Origin("x", 4), error="broken"),
    ]
    with output_stream(str(tmp_path / "o.npy"), "") as stream:
        writer = make_writer("npy", stream, {"embedding": "list<float32>"}, lambda record: "", False)
        for record in records:
            writer.write(record)
        writer.close()
    found = np.load(tmp_path / "o.npy")
    assert found.shape == (4, 2)
    assert found[1:3].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert np.isnan(found[[0, 3]]).all() or not found[[0, 3]].any()


@pytest.mark.parametrize(("dtype", "blank"), [("int8", 0), ("float32", np.nan)])
def test_a_record_that_failed_is_a_row_of_nan_and_of_zeros_where_there_is_none(dtype, blank, tmp_path):
    path = tmp_path / "x.npy"
    with output_stream(str(path), "") as stream:
        writer = make_writer("npy", stream, {"embedding": f"list<{dtype}>"}, str, False)
        for vector in (None, np.array([1, 2], dtype), None):
            result = None if vector is None else {"embedding": vector}
            writer.write(Record("a", {}, Origin("x", 1), result, None if result else "no"))
        writer.close()
    assert np.array_equal(np.load(path), np.array([[blank] * 2, [1, 2], [blank] * 2], dtype), equal_nan=dtype != "int8")


@pytest.mark.parametrize("format_name", sorted({*OUTPUT_FORMATS} - {"docx"}))
def test_a_writer_that_is_left_where_a_run_failed_leaves_nothing_open(format_name, tmp_path, monkeypatch):
    heard = []
    monkeypatch.setattr("sys.unraisablehook", heard.append)
    names = {"embedding": "list<float32>"}
    with output_stream(str(tmp_path / "o"), "") as stream, warnings.catch_warnings(action="error"):
        writer = make_writer(format_name, stream, names, lambda record: record.text, False)
        # So many that some are on disk.
        for number in range(300):
            record = Record("a", {"text": "a"}, Origin("x", number), {"embedding": np.zeros(2000, np.float32)})
            writer.write(record)
        del writer
        gc.collect()
    assert heard == []


@pytest.mark.parametrize("kind", ["list<string>", "string", "map<string, float64>"])
def test_an_array_of_vectors_holds_no_texts(kind):
    with pytest.raises(UsageError, match="npy holds vectors"):
        NpyWriter(io.BytesIO(), {"completions": kind})
