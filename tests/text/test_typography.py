"""Marks go straight and come back as the writer has them."""

import pytest

from nlpcli.text.edits import Edited
from nlpcli.text.typography import restore, straighten


def there_and_back(text, target="pt"):
    edits, style = straighten(text)
    straight = Edited(text, edits).text
    restored = restore(straight, style, straight, target)
    return straight, Edited(straight, restored.edits).text, [mark.raw for mark in restored.lost]


@pytest.mark.parametrize(("text", "straight"), [
    ("He said “I’m in” and left.", 'He said "I\'m in" and left.'),
    ("The ‘big one’ isn’t ours.", 'The "big one" isn\'t ours.'),
    ("« Oui », dit-il", '"Oui", dit-il'),
    ("the dogs’ house – small", "the dogs' house - small"),
    ("A plan—old—failed", "A plan - old - failed"),
    ("pages 10–20, Paris–London", "pages 10-20, Paris-London"),
    ("Well… I go", "Well... I go"),
    ("She said 'no' to O'Neil", "She said \"no\" to O'Neil"),
])  # fmt: skip
def test_what_is_made_straight_comes_back(text, straight):
    assert there_and_back(text) == (straight, text, [])


@pytest.mark.parametrize("text", ["The sign “ is here", "'tis mine", "a ‘ b", "5’ tall"])
def test_what_stands_alone_is_left(text):
    assert there_and_back(text)[0] == text


def test_curly_quotes_are_those_of_the_target_language():
    assert there_and_back("He said “no”.", "de")[1] == "He said „no“."
    assert there_and_back("He said «no».", "de")[1] == "He said «no»."


def test_marks_without_a_place_are_lost():
    edits, style = straighten("He said “no” – and left.")
    straight = Edited("He said “no” – and left.", edits).text
    lost = restore("Ele disse não e saiu.", style, straight, "pt").lost
    assert [(mark.raw, straight[mark.start : mark.end]) for mark in lost] == [("“", '"'), ("”", '"'), (" – ", " - ")]
