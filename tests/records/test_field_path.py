import pytest

from nlpcli.errors import FieldMissing
from nlpcli.records.field_path import NotThere, value_at
from tests.records.tables import read

FIELDS = {"a": {"b": ["x", {"c": 1}], "n": None}, "t": "text"}


@pytest.mark.parametrize(("path", "value"), [("a.b[0]", "x"), ("a.b[1].c", 1), ("a.b[-1].c", 1), ("t", "text")])
def test_a_path_leads_to_a_value(path, value):
    assert value_at(FIELDS, path) == value


@pytest.mark.parametrize(
    ("path", "what_is_there"),
    [
        ("z", "it has: a, t"),
        ("z.y", "it has: a, t"),
        ("a.z", '"a" has: b, n'),
        ("a.b[2]", '"a.b" is a list of 2'),
        ("a.b.c", '"a.b" is a list of 2'),
        ("a.n.c", '"a.n" is null'),
        ("t[0]", '"t" is no object and no list'),
        ("a[0]", '"a" has: b, n'),
        ("a..b", "it has: a, t"),
    ],
)
def test_a_path_that_leads_nowhere_says_what_is_there(path, what_is_there):
    with pytest.raises(NotThere) as caught:
        value_at(FIELDS, path)
    assert str(caught.value) == what_is_there


def test_a_record_without_the_nested_field_fails_alone_unless_it_is_the_first(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": {"b": "x"}}\n{"a": {"c": "y"}}\n')
    assert read(tmp_path / "a.jsonl", field="a.b")[1].error == 'no field "a.b"; "a" has: c'
    with pytest.raises(FieldMissing, match=r'no field "a\.z" in .*a\.jsonl:1; "a" has: b \(choose one with --field\)'):
        read(tmp_path / "a.jsonl", field="a.z")


def test_a_later_file_without_the_field_does_not_end_the_run(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n')
    (tmp_path / "b.jsonl").write_text('{"other": "y"}\n{"text": "z"}\n')
    assert [record.error for record in read(tmp_path / "a.jsonl", tmp_path / "b.jsonl")] == [
        None,
        'no field "text"',
        None,
    ]
