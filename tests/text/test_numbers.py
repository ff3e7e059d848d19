"""Numbers are compared by their values and written by the rule of the language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.text.clocks import corrections
from nlpcli.text.edits import Edit, Edited
from nlpcli.text.numbers import codes_in, compare, localized


def compared(source, translation, source_language="en", target_language="pt"):
    found = compare(source, translation, source_language, target_language)
    texts = [[number.text for number in numbers] for numbers in (found.missing, found.extra)]
    return Edited(translation, found.edits).text, *texts


@pytest.mark.parametrize(("source", "translation", "written"), [
    ("$1,450.00 now", "$1,450.00 agora", "$1.450,00 agora"),
    ("1,234 people", "1,234 pessoas", "1.234 pessoas"),
    ("a .5 chance", "0,5 de chance", "0,5 de chance"),
    ("1.234 m", "1.234 m", "1,234 m"),
    ("in 1985", "em 1.985", "em 1985"),
    ("10 000 people", "10.000 pessoas", "10 000 pessoas"),
    ("version 2.14.3", "versão 2.14.3", "versão 2.14.3"),
    ("version 2.5 and 2.5 kg", "versão 2.5 e 2.5 kg", "versão 2.5 e 2,5 kg"),
    ("with Python 3.12", "com Python 3.12", "com Python 3.12"),
    ("at 192.168.0.1", "em 192.168.0.1", "em 192.168.0.1"),
])  # fmt: skip
def test_separators_are_those_of_the_target_language(source, translation, written):
    assert compared(source, translation) == (written, [], [])


@pytest.mark.parametrize(("source", "translation"), [
    ("2 dogs", "dois cães"), ("at 3 pm", "às 15:00"), ("at 3:45 pm", "às 15:45"), ("the 1990s", "os anos 90"),
    ("the 21st century", "o século XXI"), ("1,500 people", "1,5 mil pessoas"), ("twenty-five", "25"),
    ("03/04/2024", "3 de abril de 2024"), ("July 4, 1776", "4 de julho de 1776"), ("a dozen eggs", "12 ovos"),
    ("the 3rd floor", "o terceiro andar"), ("3–2", "3 a 2"), ("two hundred and five", "205"),
])  # fmt: skip
def test_words_dates_clocks_and_scales_may_stand_for_digits(source, translation):
    assert compared(source, translation)[1:] == ([], [])
    assert compared(translation, source, "pt", "en")[1:] == ([], [])


def test_other_digits_are_missing_and_extra():
    assert compared("$1,450.00", "1.650,00")[1:] == (["1,450.00"], ["1.650,00"])
    assert compared("5 dogs and 7 cats", "5 cães")[1:] == (["7"], [])
    assert compared("some dogs", "40 cães")[1:] == ([], ["40"])


@given(st.integers(0, 10**9), st.integers(0, 999), st.sampled_from(["pt", "en", "de", "fr", "ja"]))
def test_a_number_copied_as_it_was_is_the_same_number_behind_the_rule(whole, thousandths, target):
    text = f"{whole:,}.{thousandths:03}"
    there = localized(text, "en", target)
    assert compare(text, text, "en", target).missing == []
    assert Edited(text, compare(text, text, "en", target).edits).text == there
    back = localized(there, target, "en")
    assert back == text or (target == "fr" and back.replace("\u00a0", ",") == text)


def test_codes_are_found():
    text = "Order A-1234, ISBN 978-3-16-148410-0, 192.168.0.1, H2O, on 2024-05-06 and 12.05.2024."
    assert [text[slice(*span)] for span in codes_in(text)] == ["A-1234", "978-3-16-148410-0", "192.168.0.1", "H2O"]


@pytest.mark.parametrize(("source", "translation", "right", "languages"), [
    ("before 11 pm", "antes das 11h", "antes das 23h", ("en", "pt")),
    ("before 11 am", "antes das 11h", "antes das 11h", ("en", "pt")),
    ("at 4 pm", "às 4h da tarde", "às 4h da tarde", ("en", "pt")),
    ("às 10h40", "at 10:40 p.m.", "at 10:40 a.m.", ("pt", "en")),
    ("às 15h26", "at 3:26 a.m.", "at 3:26 p.m.", ("pt", "en")),
    ("às 12h59", "at 12:59 p.m.", "at 12:59 p.m.", ("pt", "en")),
])  # fmt: skip
def test_an_hour_is_in_the_same_half_of_the_day(source, translation, right, languages):
    assert Edited(translation, corrections(source, translation, *languages)).text == right


def test_places_move_with_edits():
    edited = Edited("one two three", [Edit(4, 7, "2"), Edit(0, 3, "first")])
    assert edited.text == "first 2 three"
    assert [edited.place(place) for place in (0, 3, 4, 7, 8, 13)] == [0, 5, 6, 7, 8, 13]
