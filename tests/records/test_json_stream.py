import pytest

from nlpcli.records.json_stream import JsonBroken, json_values

VALUES = [{"text": "a\nb ]", "n": [1, {"x": None}]}, "你好", -12.5e3, True, [], {}]
ARRAY = '[ {"text": "a\\nb ]", "n": [1, {"x": null}]},\n"你好" ,\n-12.5e3,\ntrue, [],{} ]\n'
STREAM = '{"text": "a\\nb ]", "n": [1, {"x": null}]}\n"你好"\n-12.5e3\ntrue\n{}'


def values(text, size=1000):
    return list(json_values(iter([text[start : start + size] for start in range(0, len(text), size)])))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
def test_values_do_not_depend_on_how_the_text_arrives(size):
    assert [found.value for found in values(ARRAY, size)] == VALUES
    assert [found.line for found in values(ARRAY, size)] == [1, 2, 3, 4, 4, 4]
    assert [found.value for found in values(STREAM, size)] == [*VALUES[:4], {}]


@pytest.mark.parametrize("text", ["", " \n", "[]", "[ ]\n"])
def test_nothing_is_no_value(text):
    assert values(text) == []


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("[1,\n2\n", "the array has no end", 3),
        ("[1\n2]", "a comma is missing", 2),
        ("[1]\n[2]", "more behind the end", 2),
        ("[] x", "more behind the end", 1),
        ('[1,\n{"a": }]', "Expecting value", 2),
        ("\n" + "[" * 100_000, "nested too deeply", 2),
    ],
)
def test_what_is_not_json_is_said_with_its_line(text, problem, line):
    with pytest.raises(JsonBroken, match=problem) as caught:
        values(text)
    assert caught.value.line == line


def test_a_value_is_there_before_the_stream_ends():
    def texts():
        yield '[{"a": 1}, '
        raise AssertionError("read too far")

    assert next(json_values(texts())).value == {"a": 1}
