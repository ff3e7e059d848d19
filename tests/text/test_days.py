"""Days and months: which of them a translation lacks."""

import pytest

from nlpcli.text.days import missing_days, without_ordinal_days


@pytest.mark.parametrize(
    ("source", "translation", "languages", "missing"),
    [
        ("moved from Thu 3pm to Fri 11 a.m.", "movido das 15h para sexta-feira 11", ("en", "pt"), ["Thursday"]),
        ("on Mon, Wed and Sun", "em Mon, Wed e domingo", ("en", "pt"), ["Monday", "Wednesday"]),
        ("on Monday and in March 2023", "na segunda-feira e em março de 2023", ("en", "pt"), []),
        ("on 12 March 2024", "em 12/03/2024", ("en", "pt"), []),
        ("May 12 it begins", "12 começa", ("en", "pt"), ["May"]),
        ("You may sit in the Sun", "Pode sentar-se ao sol", ("en", "pt"), []),
        ("Mar y Sol is a song; out of it", "Mar y Sol", ("en", "pt"), []),
        ("entre jan. e set. de 2023", "between Jan and 2023", ("pt", "en"), ["setembro"]),
        ("na terça-feira, 5 de maio", "on Tuesday, 5 May", ("pt", "en"), []),
        ("a quarta parte da segunda obra", "the fourth part", ("pt", "en"), []),
        ("open Tue-Sat", "aberto Tue-Sat", ("en", "pt"), ["Tuesday", "Saturday"]),
        ("a sat-nav, the Mon-like", "um", ("en", "pt"), []),
        ("on Monday", "am Montag", ("en", "de"), []),
    ],
)
def test_days_and_months_that_a_translation_lacks_are_seen(source, translation, languages, missing):
    assert [day.full for day in missing_days(source, translation, *languages)] == missing


@pytest.mark.parametrize(
    ("text", "day"), [("na 3.ª feira", "terça-feira"), ("às 2ªs", None), ("desde 2.ª-feira", "segunda-feira"), ("6ª feiras", "sextas-feiras")]
)  # fmt: skip
def test_days_that_are_counted_are_named(text, day):
    assert [new for _, _, new in without_ordinal_days(text)] == ([day] if day else [])
