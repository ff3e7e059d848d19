import json
import math
import pickle

import numpy as np
import pytest

from nlpcli.records.json_text import Number, encode_json, read_json
from nlpcli.records.record import Origin, Record
from nlpcli.records.template import render
from tests.records.tables import convert, read


@pytest.mark.parametrize(
    "text",
    [
        "12345678901234567.89", "1e400", "-0.0", "-0", "1.10", "1E5", "0.1", "18446744073709551616", "-9" * 1, "9" * 5000,
        '{"a":[1.10,{"b":1e400}]}', '"\\ud800"', '{"\\ud800":1}', '[18446744073709551616,"\\udc00",1.50]', "1e-7", "1e22",
        '{"a":"1.5","b":0.5}', "123456789012345680.0", "[" * 256 + "]" * 256,
    ],
)  # fmt: skip
def test_what_is_read_is_written_with_the_same_digits(text):
    assert encode_json(read_json(text)).decode() == text


def test_what_is_no_number_is_text_in_json_and_stays_out_of_the_way_of_others():
    found = read_json('{"a": NaN, "b": [Infinity, -Infinity], "c": 18446744073709551616}')
    assert math.isnan(found["a"])
    assert encode_json(found) == b'{"a":"NaN","b":["Infinity","-Infinity"],"c":18446744073709551616}'


def test_of_repeated_keys_the_last_counts():
    assert read_json('{"a": 1, "b": 2.50, "a": 3}') == {"a": 3, "b": 2.5}


def test_a_number_computes_and_travels_like_any_other():
    number = read_json("1.10")
    assert (number * 2, f"{number}", str(pickle.loads(pickle.dumps(number)))) == (2.2, "1.10", "1.10")
    record = Record("x", {"price": number, "twice": [number]}, Origin("a", 1))
    assert render("{{ price }} {{ price > 1 }} {{ '%.3f' | format(price) }}", record) == "1.10 true 1.100"


@pytest.mark.parametrize(
    ("literal", "fits"),
    [("1.10", True), ("0.10000000000000001", True), ("12345678901234567.89", False), ("1e400", False), ("NaN", True),
     ("0.1234567890123456789", False), ("-0.0", True)],
)  # fmt: skip
def test_a_number_knows_whether_64_bits_hold_it(literal, fits):
    assert Number(literal).fits_float is fits


def test_arrays_are_written_in_their_shortest_form():
    assert encode_json({"v": np.array([0.1, 2], np.float32), "n": np.int64(1)}) == b'{"v":[0.1,2.0],"n":1}'


@pytest.mark.parametrize("output", ["jsonl", "json", "csv", "tsv"])
def test_digits_go_through_every_text_format(tmp_path, output):
    literals = ["12345678901234567.89", "1e400", "-0.0", "1.10", "123456789012345678901234567890", "NaN"]
    (tmp_path / "a.jsonl").write_text("".join(f'{{"text": "x", "n": {literal}}}\n' for literal in literals))
    convert([tmp_path / "a.jsonl"], tmp_path / f"o.{output}", output)
    (convert([tmp_path / f"o.{output}"], tmp_path / "p.csv", "csv", names={}, result={}),)
    assert [record.fields["n"] for record in read(tmp_path / "p.csv")] == literals


@pytest.mark.parametrize("field", ["a.b[0]", "a.b[-2]", "c[1].d"])
def test_a_nested_field_is_read_in_json_and_parquet(tmp_path, field):
    row = {"text": "no", "a": {"b": ["yes", "no"]}, "c": [None, {"d": "yes"}]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    convert([tmp_path / "a.jsonl"], tmp_path / "a.parquet", "parquet")
    for name in ("a.jsonl", "a.parquet"):
        assert [record.text for record in read(tmp_path / name, field=field)] == ["yes"]


def test_a_field_that_bears_the_whole_name_comes_first(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a.b[0]": "whole", "a": {"b": ["part"]}}\n{"a": {"b": ["part"]}}\n')
    assert [record.text for record in read(tmp_path / "a.jsonl", field="a.b[0]")] == ["whole", "part"]


def test_a_number_inside_a_vector_of_32_bits_has_its_own_digits(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n')
    names, vector = {"v": "list<float32>"}, np.array([0.1, 0.2], np.float32)
    convert([tmp_path / "a.jsonl"], tmp_path / "a.parquet", "parquet", {"v": vector}, names)
    assert [record.text for record in read(tmp_path / "a.parquet", field="v[1]")] == ["0.2"]


@pytest.mark.parametrize("output", ["jsonl", "json", "csv", "tsv", "parquet"])
@pytest.mark.parametrize("name", ["a.jsonl", "b.jsonl"])
def test_what_is_nested_as_deeply_as_can_be_read_can_be_written(tmp_path, output, name):
    nested = "[" * 255 + "]" * 255 if name == "a.jsonl" else '{"a":' * 255 + "1" + "}" * 255
    deeper = nested.replace("[]", "[[]]").replace("1", '{"a":1}')
    (tmp_path / name).write_text("".join(f'{{"text":"x","d":{value}}}\n' for value in (nested, deeper)))
    assert convert([tmp_path / name], tmp_path / f"o.{output}", output) == ["broken JSON: nested too deeply"]
    convert([tmp_path / f"o.{output}"], tmp_path / "p.csv", "csv", names={}, result={})
    assert read(tmp_path / "p.csv")[0].fields["d"] == nested


def nested(depth, opened="[", closed="]"):
    return opened * depth + "1" + closed * depth


@pytest.mark.parametrize("around", ["{}", "[[],[],{}]", '["[[[[[[",{}]', '{{"a":[],"b":{}}}'])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_only_what_is_nested_too_deeply_is_refused_not_what_is_much(around, opened, closed):
    outside = 0 if around == "{}" else 1
    deepest = around.format(nested(256 - outside, opened, closed))
    assert encode_json(read_json(deepest)).decode() == deepest
    with pytest.raises(RecursionError):
        read_json(around.format(nested(257 - outside, opened, closed)))


def test_what_is_wide_is_not_deep():
    wide = "[" + ",".join(["[]", "{}"] * 300) + "]"
    assert encode_json(read_json(wide)).decode() == wide
