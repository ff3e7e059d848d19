"""What tells records apart to a task, and what does not."""

import pytest

from nlpcli.records.keys import key_of
from nlpcli.records.record import Origin, Record


def record(text="a", fields=None, source="a.txt", line=1, file=None):
    return Record(text, fields or {}, Origin(source, line), file=file)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"line": 2}, ()),
        ({"text": "b"}, ("text", "fields", "name")),
        ({"fields": {"n": 1}}, ("fields",)),
        ({"source": "b.txt"}, ("name",)),
        ({"file": b""}, ("text", "fields", "name")),
        ({"text": "\ud800"}, ("text", "fields", "name")),
    ],
)
def test_records_differ_by_what_the_task_reads(other, told):
    for what, whole, named in (("text", False, False), ("fields", True, False), ("name", False, True)):
        one, two = key_of(record(), whole, named), key_of(record(**other), whole, named)
        assert (one != two, len(one)) == (what in told, 16)
        assert one == key_of(record(), whole, named)


def test_files_and_names_tell_apart():
    keys = {
        key_of(record(file=file, source=name), True, True) for file in (None, b"a", b"b") for name in ("a", "\udcff")
    }
    assert len(keys) == 6
