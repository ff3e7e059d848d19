"""What a JSON Schema promises holds of every text that counts, as another library reads it."""

import json
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.errors import UsageError
from nlpcli.records.schema import EXACT, Schema, with_exact_formats

OPEN = {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 2}


@pytest.mark.parametrize(
    ("schema", "answer"),
    [
        (OPEN, '{"a":"1","b":"2"}'),
        ({"type": "integer", "minimum": 2**53 + 1}, str(2**53 + 1)),
        ({"type": "number", "multipleOf": 0.1}, "0.3"),
        ({"type": "integer"}, "1.0"),
        ({"enum": [0.1, 1e3]}, "1000"),
        ({"$defs": {"x": {"type": "null"}}, "$ref": "#/$defs/x"}, "null"),
        ({"type": "string", "format": "date"}, '"2024-02-29"'),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "null"}]}, "[null, 1]"),
    ],
)
def test_a_valid_answer_has_no_problem(schema, answer):
    assert Schema(json.dumps(schema)).problem_of(answer) is None


@pytest.mark.parametrize(
    ("schema", "answer", "said"),
    [
        (OPEN, '{"a":"1","a":"2"}', 'the key "a" stands twice in one object'),
        ({}, '[{"b":{"é":1,"é":1}}]', 'the key "é" stands twice in one object'),
        (OPEN, '{"a":"1"}', "at $: "),
        ({"type": "integer", "maximum": 2**53}, str(2**53 + 1), "at $: 9007199254740993 is greater than"),
        ({"type": "integer", "multipleOf": 3}, str(3 * 2**60 + 1), "at $: "),
        ({"properties": {"a": {"items": {"maximum": 1}}}}, '{"a":[1,2]}', "at $.a[1]: 2 is greater than"),
        ({"type": "string", "format": "date"}, '"2023-02-30"', "at $: "),
        ({"type": "number"}, "1e999", "1e999 is beyond what a number can be"),
        ({}, "NaN", "NaN is no JSON"),
        ({}, "[-Infinity]", "-Infinity is no JSON"),
        ({}, '{"a":', "it is no JSON: "),
        ({"type": "string"}, '"\\ud800"', "half a surrogate pair"),
    ],
)
def test_what_is_wrong_with_an_answer_is_one_line_that_says_where(schema, answer, said):
    problem = Schema(json.dumps(schema)).problem_of(answer)
    assert problem is not None
    assert said in problem
    assert "\n" not in problem
    assert len(problem) < 300


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "--schema is not valid JSON"),
        ("[]", "--schema is no JSON Schema; that is an object"),
        ('{"type": "strin"}', "--schema is no JSON Schema, at $.type: 'strin'"),
        ('{"properties": {"a": {"minimum": "1"}}}', "--schema is no JSON Schema, at $.properties.a.minimum: '1'"),
        ('{"pattern": "(("}', "--schema is no JSON Schema, at $.pattern: '(('"),
        ('{"$schema": "https://example.org/mine"}', "--schema names a $schema that is not known"),
    ],
)
def test_what_is_no_schema_is_said(text, said):
    with pytest.raises(UsageError) as caught:
        Schema(text)
    assert str(caught.value).startswith(said)


def test_no_reference_leaves_the_machine(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    problem = Schema('{"$ref": "https://example.org/x.json"}').problem_of("1")
    assert problem is not None
    assert "https://example.org/x.json" in problem


@given(st.integers(0, 9999), st.integers(0, 14), st.integers(0, 33))
def test_a_date_can_be_written_exactly_if_it_is_a_day(year, month, day):
    text = f"{year:04}-{month:02}-{day:02}"
    try:
        date.fromisoformat(text)
        is_day = True
    except ValueError:
        is_day = False
    assert (re.fullmatch(EXACT["date"], text) is not None) == is_day
    assert (re.fullmatch(EXACT["date-time"], f"{text}T23:59:59Z") is not None) == is_day
    schema = Schema('{"type": "string", "format": "date-time"}')
    assert (schema.problem_of(json.dumps(f"{text}T00:00:00.5+01:00")) is None) == is_day


def test_formats_are_patterns_and_names_of_properties_are_names():
    schema = {
        "properties": {"format": {"format": "date"}, "enum": {"type": "string", "format": "time"}},
        "enum": ["date"],
    }
    made = with_exact_formats(schema)
    assert made["enum"] == ["date"]
    assert [sorted(part) for part in made["properties"].values()] == [["pattern"], ["pattern", "type"]]
    own = {"format": "date", "pattern": "^20"}
    assert with_exact_formats(own) == own
