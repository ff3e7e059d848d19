"""`nlpcli extract --schema`, with the starter model and with tiny ones."""

import json

import jsonschema
import pyarrow.parquet as pq
import pytest
from tiny import save_token_classifier

pytestmark = [pytest.mark.starter, pytest.mark.usefixtures("loading_once")]

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"}, "born": {"type": "integer"}, "likes": {"type": "array", "items": {"type": "string"}}
    },
    "required": ["name", "likes"],
    "additionalProperties": False,
}  # fmt: skip
TEXTS = [
    "Ada Lovelace was born in London in 1815.", "", "12 😀 é e\u0301\r\n{}[]\"", "x " * 300, "她在北京工作。",
    "The council of Brightwater voted on Monday. " * 40,
]  # fmt: skip


@pytest.fixture
def schema(tmp_path):
    (tmp_path / "person.json").write_text(json.dumps(PERSON))
    return tmp_path / "person.json"


def rows(done):
    assert done.status == 0, done.complaints
    return [json.loads(line) for line in done.output.splitlines()]


def test_fields_are_valid_and_no_value_without_a_place_is_called_grounded(call, schema, starter):
    for text, row in zip(TEXTS, rows(call("extract", "--schema", schema, "-F", "jsonl", "--", *TEXTS)), strict=True):
        if not text:
            assert (row["fields"], row["values"]) == (None, [])
            continue
        jsonschema.validate(row["fields"], PERSON)
        for value in row["values"]:
            assert value["grounded"] == (value["start"] is not None)
            assert not value["grounded"] or text[value["start"] : value["end"]] == value["text"]


# No object says that it has no other properties, and a number may have any digits.
OPEN = {
    "type": "object",
    "properties": {
        "company": {"type": "object", "properties": {"name": {"type": "string"}, "since": {"type": ["number", "null"]}}, "required": ["name", "since"]},
        "mood": {"enum": ["good", "bad"]},
    },
    "required": ["company", "mood"],
}  # fmt: skip


def test_a_schema_of_open_objects_is_filled_and_nothing_is_added(call, tmp_path, starter):
    (tmp_path / "open.json").write_text(json.dumps(OPEN))
    texts = [text for text in TEXTS[:5] if text]
    for row in rows(call("extract", "--schema", tmp_path / "open.json", "-F", "jsonl", "--", *texts)):
        jsonschema.validate(row["fields"], OPEN)
        assert (row["fields"].keys(), row["fields"]["company"].keys()) == ({"company", "mood"}, {"name", "since"})


def test_grounded_only_leaves_nothing_else(call, schema, starter):
    (row,) = rows(call("extract", "--schema", schema, "--grounded-only", "-F", "jsonl", TEXTS[0]))
    assert all(value["grounded"] for value in row["values"])


def test_relations_are_shipped(call, starter):
    (row,) = rows(call("extract", "--schema", "relations", "-F", "jsonl", "Ada Lovelace wrote notes."))
    assert {"subject", "relation", "object"} == set(row["fields"]["relations"][0])


def test_examples_are_checked_before_a_model_is_loaded(call, schema, tmp_path):
    (tmp_path / "shots.jsonl").write_text('{"text": "a", "fields": {"name": 3, "likes": []}}\n')
    done = call("extract", "--schema", schema, "--examples", tmp_path / "shots.jsonl", "a")
    assert (done.status, b"shots.jsonl:1" in done.complaints) == (2, True)


@pytest.mark.parametrize(
    "options",
    [["--grounded-only"], ["--schema", "{schema}", "--types", "A"], ["--schema", "/nowhere.json"], ["--examples", "x"]],
)
def test_what_does_not_go_together_is_refused(call, schema, options):
    done = call("extract", *[option.format(schema=schema) for option in options], "a")
    assert done.status in (1, 2)
    assert done.complaints


def test_a_model_that_writes_finds_types_of_ones_own(call, starter):
    (row,) = rows(call("extract", "--types", "city,scientist", "-F", "jsonl", "Marie Curie worked in Paris."))
    assert {one["label"] for one in row["entities"]} <= {"city", "scientist"}
    assert all(row["text"][one["start"] : one["end"]] == one["text"] for one in row["entities"])
    done = call("extract", "-m", "starter/smollm2", "a")
    assert (done.status, b"--types" in done.complaints) == (2, True)


def test_a_model_that_labels_tokens_fills_no_schema(call, schema, tmp_path):
    assert call("extract", "--schema", schema, "-m", save_token_classifier(tmp_path / "m"), "a").status == 1


def test_a_table_has_a_row_for_each_value_as_text(call, schema, tmp_path, starter):
    done = call("extract", "--schema", schema, "-o", tmp_path / "out.parquet", TEXTS[0])
    assert (done.status, done.complaints) == (0, b"")
    table = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert next(row["path"] for row in table) == "name"
    assert all(isinstance(row["value"], str) for row in table)
