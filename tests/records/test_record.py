"""Where a record is from, in one line; and what a class of records promises to those who hold its values."""

import importlib
import inspect
import pkgutil
from dataclasses import is_dataclass

import pytest

import nlpcli.records
from nlpcli.records.record import Origin, Record, printable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a b.txt", "a b.txt"),
        ("水", "水"),
        ("a\nb", "a\\nb"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\u202eb", "a\\u202eb"),
        ("", ""),
    ],
)
def test_a_name_is_shown_in_one_line(name, shown):
    assert (printable(name), str(Origin(name, 3))) == (shown, f"{shown}:3")


def test_a_record_begins_with_neither_result_nor_error():
    record = Record("a", {}, Origin("a", 1))
    assert (record.result, record.error, record.file) == (None, None, None)


MODULES = [
    importlib.import_module(f"nlpcli.records.{module.name}") for module in pkgutil.iter_modules(nlpcli.records.__path__)
]
# What a run fills in as it goes; all others are values.
FILLED = {"InputColumns", "InputFile", "Reading", "Record"}


def test_values_cannot_be_changed_and_have_no_attribute_by_mistake():
    classes = [
        kind
        for module in MODULES
        for kind in vars(module).values()
        if inspect.isclass(kind) and kind.__module__ == module.__name__ and vars(kind).get("__annotations__")
    ]
    assert len(classes) > 25
    for kind in classes:
        assert {"__init__", "__new__"} & vars(kind).keys(), f"{kind} lost its @dataclass"
    values = [kind for kind in classes if is_dataclass(kind)]
    assert {kind.__name__ for kind in values if not kind.__dataclass_params__.frozen} == FILLED
    assert [kind.__name__ for kind in values if "__slots__" not in vars(kind)] == []
