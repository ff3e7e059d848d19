"""Objects of a schema: limits, places, parts that become one, answers that were cut off."""

import json
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llguidance import LLMatcher, LLTokenizer

from nlpcli.errors import UsageError
from nlpcli.tasks.field_values import (
    SchemaNodes,
    bounded,
    grounded,
    least_sizes,
    merged,
    salvaged,
    without_repetition,
    without_ungrounded,
)
from nlpcli.text.grounding import Folded

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"}, "born": {"type": "string", "format": "date"}, "age": {"type": ["integer", "null"]},
        "mood": {"enum": ["glad", "sad"]}, "friends": {"type": "array", "items": {"$ref": "#/$defs/friend"}},
    },
    "required": ["name"],
    "$defs": {
        "friend": {"type": "object", "properties": {"name": {"type": "string"}, "town": {"type": "string"}}, "required": ["name"]}
    },
}  # fmt: skip
NODES = SchemaNodes(PERSON)
TEXT = "Ada, born on 10 December 1815, was 36. Her friend Mary lived in Bath."
FIELDS = {
    "name": "ada", "born": "1815-12-10", "age": 36, "mood": "glad",
    "friends": [{"name": "Mary", "town": "Rome"}, {"name": "Zoe", "town": "Bath"}],
}  # fmt: skip


def values(fields=FIELDS):
    return grounded(fields, NODES, TEXT, Folded(TEXT))


def test_every_value_has_its_place_in_the_text_or_none():
    assert {value.path: value.place and TEXT[slice(*value.place)] for value in values()} == {
        "name": "Ada", "born": "10 December 1815", "age": "36", "friends[0].name": "Mary", "friends[0].town": None,
        "friends[1].name": None, "friends[1].town": "Bath",
    }  # fmt: skip


PIECES = [
    "Ada",
    "ada",
    "Bath",
    "São Paulo",
    "北京",
    "36",
    "1,200.50",
    "-7",
    "10 December 1815",
    "2020-02-03",
    "é",
    "e\u0301",
    "😀",
    ".",
    "\r\n",
    "fi",
    "ﬁ",
    "ß",
    "SS",
]
WRITTEN = st.sampled_from(["Ada", "ADA", "Bath", "são paulo", "北京", "京", "Rome", "", " ", "ss", "fi", "é", "😀"])
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "name": WRITTEN | st.text(max_size=6),
        "born": st.sampled_from(["1815-12-10", "2020-02-03", "2021-01-01", "yesterday"]),
        "age": st.none() | st.integers(-40, 40) | st.sampled_from([1200]),
        "mood": st.sampled_from(["glad", "sad"]),
        "friends": st.lists(st.fixed_dictionaries({"name": WRITTEN}, optional={"town": WRITTEN}), max_size=3),
    },
)  # fmt: skip


@given(OBJECTS, st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_what_is_called_grounded_stands_in_the_text_and_says_the_same(fields, text):
    found = grounded(fields, NODES, text, Folded(text))
    for value in found:
        if value.place is None:
            continue
        there = text[value.place.start : value.place.end]
        if isinstance(value.value, int):
            assert float(there.replace(",", "")) == value.value
        elif value.path == "born" and value.value[:1].isdigit():
            assert there in {"10 December 1815", "2020-02-03"}
        else:
            fold = [
                " ".join(normalize("NFKD", normalize("NFKD", one).casefold()).split()) for one in (there, value.value)
            ]
            assert fold[0] == fold[1]
    missing = frozenset(value.path for value in found if value.place is None)
    kept = grounded(without_ungrounded(fields, NODES, missing), NODES, text, Folded(text))
    assert all(value.place is not None for value in kept)


def test_a_day_in_words_is_one_only_where_the_schema_asks_for_days():
    nodes = SchemaNodes({"properties": {"born": {"type": "string"}}})
    assert grounded({"born": "1815-12-10"}, nodes, TEXT, Folded(TEXT))[0].place is None


def test_what_is_not_in_the_text_goes_with_what_requires_it():
    missing = frozenset(value.path for value in values() if value.place is None)
    assert without_ungrounded(FIELDS, NODES, missing)["friends"] == [{"name": "Mary"}]
    assert without_ungrounded({"name": "x"}, NODES, frozenset({"name"})) == {}


def test_parts_become_one_by_key():
    first = {"name": "Zoe", "friends": [{"name": "Mary"}]}
    second = {"name": "Ada", "friends": [{"name": "mary"}, {"name": "Zoe"}], "age": 36}
    assert merged([(first, frozenset()), (second, frozenset({"name"}))], NODES) == {
        "name": "Ada", "friends": [{"name": "Mary"}, {"name": "Zoe"}], "age": 36,
    }  # fmt: skip


def test_limits_stand_where_the_schema_has_none():
    made = bounded(PERSON)
    assert made["properties"]["name"]["maxLength"]
    assert made["properties"]["friends"]["maxItems"]
    assert made["properties"]["age"]["maximum"]
    assert made["properties"]["born"]["format"] == "date"
    assert made["additionalProperties"] is False
    assert made["$defs"]["friend"]["additionalProperties"] is False
    assert bounded({"type": "string", "maxLength": 3}) == {"type": "string", "maxLength": 3}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"a": {}}, "required": ["b"]},
        {"type": "object", "properties": {"a": {}}, "patternProperties": {"^x": {}}},
        {
            "type": "object",
            "properties": {"a": {}, "b": {}},
            "required": ["a"],
            "additionalProperties": {"type": "null"},
        },
        {"properties": {"a": {}}, "anyOf": [{"required": ["b"]}, {"required": ["c"]}]},
        {"properties": {"x": {"properties": {"a": {}}}}, "allOf": [{"properties": {"b": {}}, "required": ["b"]}]},
        {
            "$ref": "#/$defs/base",
            "properties": {"a": {}},
            "$defs": {"base": {"properties": {"b": {}}, "required": ["b"]}},
        },
    ],
)
def test_what_a_schema_asks_for_is_not_shut_out(schema):
    assert not any(part.get("additionalProperties") is False for part in objects(bounded(schema)))
    assert not LLMatcher.validate_grammar(
        LLMatcher.grammar_from_json_schema(json.dumps(bounded(schema))), LLTokenizer("byte")
    )


def objects(schema):
    below = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    return [*([schema] if isinstance(schema, dict) else []), *(part for one in below for part in objects(one))]


ENDLESS = {
    "number": ({"type": "number"}, "0." + "3" * 400),
    "a number of two kinds": ({"type": ["number", "null"]}, "1" * 400),
    "an integer": ({"type": "integer"}, "1" * 400),
    "a string": ({"type": "string"}, '"' + "a" * 400 + '"'),
    "a pattern": ({"type": "string", "pattern": "^a+$"}, '"' + "a" * 400 + '"'),
    "a format": ({"type": "string", "format": "email"}, '"' + "a" * 400 + '@b.de"'),
    "a list": ({"type": "array", "items": {"type": "null"}}, "[" + ",".join(["null"] * 400) + "]"),
    "names of one's own": ({"type": "object"}, "{" + ",".join(f'"{n}":1' for n in range(400)) + "}"),
    "more names": ({"type": "object", "properties": {"a": {}}}, "{" + ",".join(f'"{n}":1' for n in range(400)) + "}"),
    "values of one's own": (
        {"type": "object", "additionalProperties": {"type": "integer"}}, "{" + ",".join(f'"{n}":1' for n in range(400)) + "}"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
def test_nothing_that_a_schema_leaves_open_can_be_written_without_end(name):
    schema, answer = ENDLESS[name]
    assert is_allowed(schema, answer)
    assert not is_allowed(bounded(schema), answer)


@pytest.mark.parametrize("text", ["0", "-2", "1250.50", "0.000001", "900000000000000", "-273.15"])
def test_common_numbers_remain(text):
    assert is_allowed(bounded({"type": "number"}), text)
    assert is_allowed(bounded({"type": ["number", "null"], "minimum": -300.5}), text)


def is_allowed(schema, text):
    """Whether a model that is held to the schema can write the text."""
    tokenizer = LLTokenizer("byte")
    grammar = LLMatcher.grammar_from_json_schema(json.dumps(schema), overrides={"whitespace_flexible": False})
    assert not LLMatcher.validate_grammar(grammar, tokenizer)
    matcher, tokens = LLMatcher(tokenizer, grammar), tokenizer.tokenize_str(text)
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=4), below, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=4), st.data())
def test_what_was_cut_off_is_closed_behind_a_whole_value(fields, data):
    text = json.dumps(fields)
    cut = text[: data.draw(st.integers(0, len(text)))]
    for candidate in salvaged(cut):
        assert isinstance(json.loads(candidate), dict)


def test_the_longest_rest_comes_first():
    assert next(salvaged('{"a": [{"b": 1}, {"b": 2}, {"b": "xy')) == '{"a": [{"b": 1}, {"b": 2}]}'


@pytest.mark.parametrize(
    ("items", "expected"), [([1, 1, 2], [1, 2]), (["Ab", "ab", "c"], ["Ab", "c"]), ([[1], [1]], [[1]])]
)
def test_lists_do_not_repeat_themselves(items, expected):
    assert without_repetition({"a": items}) == {"a": expected}


def test_a_list_of_unique_items_is_written_freely_and_loses_what_stands_there_twice():
    schema = {"type": "array", "items": {"type": "number"}, "uniqueItems": True, "minItems": 1}
    assert "uniqueItems" not in bounded(schema)
    assert without_repetition([1, 1.0, 2, "1"]) == [1, 2, "1"]
    with pytest.raises(UsageError, match="minItems"):
        bounded({"type": "object", "properties": {"a": {**schema, "minItems": 2}}})


def test_what_a_schema_needs_at_least_is_counted():
    schema = {"properties": {"a": {"minItems": 3, "items": {"minLength": 7}}, "b": {"minLength": 2}}}
    assert least_sizes(schema) == (3, 9)
