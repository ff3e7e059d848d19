"""Where a value stands in a text: never where it does not."""

import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from nlpcli.text.grounding import Folded, find_date, find_number


def found(text, value):
    place = Folded(text).find(value)
    return None if place is None else text[place.start : place.end]


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("Ada  Lovelace\r\nwrote", "ada lovelace wrote", "Ada  Lovelace\r\nwrote"),
        ("in Zu\u0308rich", "Zürich", "Zu\u0308rich"),
        ("in Zürich", "Zu\u0308rich", "Zürich"),
        ("STRASSE 7", "Straße 7", "STRASSE 7"),
        ("ﬁne ﬁsh", "fine", "ﬁne"),
        ("O’Neil’s shop", "O'Neil", "O’Neil"),
        ("１２３ Main", "123 main", "１２３ Main"),
        ("Angela ran", "an", None),
        ("art, start", "art", "art"),
        ("restart", "start", None),
        ("Ze\u0301", "Ze", None),
        ("她在北京工作", "北京", "北京"),
        ("👩\u200d🚀 Ann", "Ann", "Ann"),
        ("👩\u200d🚀 flies", "👩", None),
        ("한국 사람", unicodedata.normalize("NFD", "한국"), "한국"),
        ("ﬃ", "f", None),
        ("anything", "", None),
        ("anything", " ", None),
        ("co-operate now", "co‑operate", "co-operate"),
    ],
)
def test_a_value_is_found_however_it_is_written(text, value, expected):
    assert found(text, value) == expected


PIECES = [*"abAB1 \n\t.-'", "e\u0301", "\u0301", "é", "ß", "ﬁ", "İ", "\u200d", "😀", "你", "\u00a0", "\u00ad", "각"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


@given(TEXTS, st.integers(0, 20), st.integers(1, 20), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
@example("İb a", 0, 2, "NFD")
def test_what_is_found_says_the_same(text, start, size, form):
    value = unicodedata.normalize(form, text[start : start + size])
    shown = found(text, value)
    if shown is not None:
        assert _same(shown) == _same(value)


def _same(text):
    return "".join(Folded(text)._folded.split())


@given(TEXTS)
def test_a_whole_text_stands_in_itself(text):
    assume(text.strip() and not text.strip().startswith(("\u0301", "\u200d")))
    assert found(text, text) is not None


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("born in 1815.", 1815, "1815"),
        ("cost 9 million pounds", 9_000_000, "9 million"),
        ("cost 9 million pounds", 9, "9"),
        ("R$ 1.200,50 por mês", 1200.5, "1.200,50"),
        ("$1,200.50 a month", 1200.5, "1,200.50"),
        ("at -3 degrees", -3, "-3"),
        ("born in 1815.", 1800, None),
        ("no number", 0, None),
    ],
)
def test_a_number_is_found_as_it_is_written(text, value, expected):
    place = find_number(text, value)
    assert (None if place is None else text[place.start : place.end]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "10 December 1815",
        "December 10th, 1815",
        "on 10 Dec. 1815",
        "1815-12-10",
        "10/12/1815",
        "12/10/1815",
        "1815年12月10日",
    ],
)
def test_a_day_is_found_in_words_and_figures(text):
    place = find_date(f"It was {text}, they say", "1815-12-10")
    assert place is not None
    assert text.endswith(f"It was {text}, they say"[place.start : place.end])
    assert find_date(f"It was {text}", "1815-12-11") is None
    assert find_date(text, "no date") is None


@pytest.mark.parametrize(
    "written",
    ["10 December 1815", "December 10th, 1815", "10 de dezembro de 1815", "10 de diciembre de 1815", "10 décembre 1815",
     "10. Dezember 1815", "10 dicembre 1815", "10 december 1815", "1815年12月10日", "1815年12月10号", "1815년 12월 10일",
     "10.12.1815", "1815/12/10"],
)  # fmt: skip
def test_a_day_is_found_in_the_words_of_many_languages(written):
    text = f"x {written}, y"
    place = find_date(text, "1815-12-10")
    assert place is not None
    assert text[place.start : place.end] == written
    assert find_date(text, "1815-12-11") is None
