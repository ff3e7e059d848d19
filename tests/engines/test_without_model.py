"""What needs no model gets none: on the command line and from Python."""

from typing import NamedTuple

import pytest

import nlpcli
from nlpcli.errors import UsageError
from nlpcli.text.personal.tokens import LABELS


class _Map(NamedTuple):
    originals: dict[str, str]
    labels: frozenset[str] = LABELS


def test_a_task_without_a_model_is_a_function_from_texts_to_results():
    mask = nlpcli.load("extract", result="masked", known=_Map({"EMAIL_3": "ada@example.org"}))
    assert mask.loaded is None
    assert [row["masked"] for row in mask(["bob@x.org ada@example.org", "no one"])] == ["<EMAIL_4> <EMAIL_3>", "no one"]
    assert mask(["ada@example.org"], result="unmasked") == [{"unmasked": "ada@example.org"}]
    assert mask(["< Email_3 >"], result="unmasked") == [{"unmasked": "ada@example.org"}]


def test_each_result_leaves_as_soon_as_it_is_there():
    asked = []

    def texts():
        for number in range(3):
            asked.append(number)
            yield f"u{number}@example.org"

    results = nlpcli.load("extract", result="masked").stream(texts())
    assert next(results)["masked"] == "<EMAIL_1>"
    assert asked == [0]


def test_what_needs_a_model_is_not_done_without_one():
    mask = nlpcli.load("extract", result="masked")
    with pytest.raises(UsageError, match="load it again"):
        mask(["x"], result="entities")
