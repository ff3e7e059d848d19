"""`nlpcli extract`, with a tiny random model."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny import save_token_classifier

LONG = "h 😀 i j é " + " ".join("abcdefghijklmnopqrstuvwxyz")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_token_classifier(tmp_path_factory.mktemp("ner"))


@pytest.fixture
def extract(call, model):
    return lambda *arguments, stdin=b"": call("extract", "-m", model, *arguments, stdin=stdin)


def rows(done):
    assert done.status == 0, done.complaints
    return [json.loads(line) for line in done.output.splitlines()]


def test_jsonl_has_the_entities_of_a_record_in_its_order(extract):
    (row,) = rows(extract("-F", "jsonl", LONG))
    assert list(row["entities"][0]) == ["text", "label", "start", "end", "score"]
    assert all(LONG[one["start"] : one["end"]] == one["text"] for one in row["entities"])
    assert row["entities"] == sorted(row["entities"], key=lambda one: one["start"])


def test_offsets_in_bytes_slice_the_bytes(extract):
    (row,) = rows(extract("-F", "jsonl", "--offsets", "bytes", LONG))
    encoded = LONG.encode()
    assert all(encoded[one["start"] : one["end"]].decode() == one["text"] for one in row["entities"])
    assert any(one["start"] > LONG.index(one["text"]) for one in row["entities"])


@pytest.mark.parametrize("offsets", ["characters", "bytes"])
def test_a_line_is_label_text_and_place(extract, tmp_path, offsets):
    (tmp_path / "a.txt").write_text("é a\n\n😀 b c\n", encoding="utf-8")
    done = extract("--offsets", offsets, "-i", tmp_path / "a.txt")
    found = [line.split("\t") for line in done.output.decode().splitlines()]
    lines = (tmp_path / "a.txt").read_text(encoding="utf-8").splitlines()
    for label, text, place in found:
        file, line, column = place.rsplit(":", 2)
        assert (label, file) == ("PER", str(tmp_path / "a.txt"))
        assert lines[int(line) - 1][int(column) - 1 :].startswith(text)
    assert len(found) == 5


def test_lines_of_a_document_are_counted_in_its_file(extract, tmp_path):
    (tmp_path / "a.txt").write_text("a\r\n\r\nb c", encoding="utf-8", newline="")
    done = extract("--per", "document", "-i", tmp_path / "a.txt")
    places = [line.split("\t")[2].rsplit(":", 2)[1:] for line in done.output.decode().splitlines()]
    assert places == [["1", "1"], ["3", "1"], ["3", "3"]]


def test_a_table_has_a_row_for_each_entity_with_the_fields_of_its_record(extract, tmp_path):
    (tmp_path / "in.csv").write_text("id,body\n7,a b\n8,\n9,c\n")
    done = extract("-i", tmp_path / "in.csv", "--field", "body")
    table = list(csv.DictReader(io.StringIO(done.output.decode())))
    assert [(row["id"], row["entity"], row["start"]) for row in table] == [
        ("7", "a", "0"),
        ("7", "b", "2"),
        ("9", "c", "0"),
    ]
    done = extract("-i", tmp_path / "in.csv", "--field", "body", "-o", tmp_path / "out.parquet")
    assert done.status == 0, done.complaints
    assert [row["entity"] for row in pq.read_table(tmp_path / "out.parquet").to_pylist()] == ["a", "b", "c"]


def test_the_format_of_a_pipe_decides_the_form_too(extract):
    table = io.BytesIO()
    pq.write_table(pa.table({"text": ["a b", ""]}), table)
    done = extract(stdin=table.getvalue())
    assert done.status == 0, done.complaints
    assert [row["entity"] for row in pq.read_table(io.BytesIO(done.output)).to_pylist()] == ["a", "b"]


def test_a_text_without_entities_has_no_line_and_its_place_in_jsonl(extract):
    assert extract("").output == b""
    assert rows(extract("-F", "jsonl", "", "a"))[0] == {"text": "", "entities": []}


def test_types_are_those_of_the_model_however_they_are_written(extract):
    assert rows(extract("-F", "jsonl", "--types", "per，loc", "a"))[0]["entities"]
    assert rows(extract("-F", "jsonl", "--types", "LOC", "a b"))[0]["entities"] == []
    done = extract("--types", "city", "a")
    assert (done.status, b"PER, LOC" in done.complaints) == (2, True)


def test_counts_are_of_all_records(extract):
    done = extract("--count", "a b a", "a", "", "b\tc")
    assert [tuple(line.split("\t")) for line in done.output.decode().splitlines()] == [
        ("PER", "a", "3", "2"), ("PER", "b", "2", "2"), ("PER", "c", "1", "1"),
    ]  # fmt: skip


def test_one_output_per_file_has_its_own_rows(extract, tmp_path):
    (tmp_path / "a.txt").write_text("a b\n")
    (tmp_path / "b.txt").write_text("c\n")
    done = extract("-i", tmp_path / "a.txt", tmp_path / "b.txt", "-o", f"{tmp_path}/out/")
    assert done.status == 0, done.complaints
    assert (tmp_path / "out" / "a.txt").read_text().count("\n") == 2


def test_a_model_that_labels_no_tokens_is_refused(call, tmp_path):
    from tiny import save_classifier

    done = call("extract", "-m", save_classifier(tmp_path), "a")
    assert (done.status, b"labels no tokens" in done.complaints) == (1, True)


def test_layouts_are_text_whatever_the_input_is(extract, tmp_path):
    (tmp_path / "in.csv").write_text("text\na b\nc\n")
    assert extract("-i", tmp_path / "in.csv", "--layout", "conll").output == b"a\tB-PER\nb\tB-PER\n\nc\tB-PER\n\n"
    lines = extract("-i", tmp_path / "in.csv", "--layout", "spacy").output.splitlines()
    assert json.loads(lines[1])["ents"] == [{"start": 0, "end": 1, "label": "PER"}]
    for options in (["-F", "jsonl"], ["--count"], ["--html", tmp_path / "a.html"]):
        assert extract("--layout", "conll", *options, "a").status == 2


def test_a_page_takes_the_place_of_lines_unless_both_are_asked_for(extract, tmp_path):
    page = tmp_path / "found.html"
    assert extract("--html", page, "a b").output == b""
    assert page.read_text().count("<mark ") == 2
    assert extract("--html", page, "-F", "text", "a b").output.count(b"\n") == 2
    assert extract("--html", page, "--count", "a").status == 2
