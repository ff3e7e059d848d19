import socket

import pytest

from nlpcli.text.detection import Languages, detect, probabilities


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("This is an ordinary sentence.", "en"),
        ("这是一个普通的句子。", "zh"),
        ("Esta é uma frase comum, escrita em português.", "pt"),
        ("ESTA É UMA FRASE COMUM, ESCRITA EM PORTUGUÊS.", "pt"),
        ("Dies ist\nein gewöhnlicher Satz\r\nauf Deutsch.", "de"),
    ],
)
def test_a_language_is_told_from_a_sentence(text, code):
    assert detect(text).code == code
    assert detect(text).confidence > 0.9


def test_no_connection_is_opened(monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    assert detect("Another ordinary sentence of English.").code == "en"


def test_nothing_is_no_language():
    assert detect("").confidence < 0.9
    assert detect("12 34 !!").confidence < 0.9


def languages_of(texts, codes=("en", "pt")):
    languages = Languages(codes)
    return [languages.detect(text, file, probabilities(text)).code for file, text in texts]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Quanto custa?", "pt"), ("Onde fica?", "pt"), ("Sim.", "pt"), ("Cancelar", "pt"), ("Bom dia", "pt"),
        ("Yes.", "en"), ("Good morning", "en"), ("Open file", "en"), ("OK", "en"), ("", "en"),
    ],
)  # fmt: skip
def test_a_short_text_is_in_one_of_the_languages_that_there_may_be(text, code):
    assert languages_of([("a", text)]) == [code]


SURE = "Onde fica a estação de comboios mais próxima?", "Where is the nearest railway station?"


def test_what_a_short_text_leaves_open_the_texts_before_it_in_its_file_say():
    portuguese, english = SURE
    assert languages_of([("a", portuguese), ("a", "Total"), ("a", english), ("a", "Total")]) == ["pt", "pt", "en", "en"]
    assert languages_of([("a", portuguese), ("b", "Total")]) == ["pt", "pt"]
    mixed = [("a", portuguese), ("b", english), ("a", "Total"), ("b", "Total"), ("c", portuguese), ("d", "Total")]
    assert languages_of(mixed) == ["pt", "en", "pt", "en", "pt", "pt"]


def test_a_sure_text_is_what_it_is_whatever_stood_before_it():
    portuguese, english = SURE
    assert languages_of([("a", portuguese)] * 20 + [("a", english)])[-1] == "en"


def test_a_text_in_none_of_the_languages_says_nothing_of_those_behind_it():
    german = ("a", "Das ist ein schöner Tag, nicht wahr?")
    assert languages_of([german] * 5 + [("a", "Total")])[-1] == languages_of([("a", "Total")])[-1]


def test_of_many_languages_a_short_text_is_in_that_of_its_file():
    codes = ("en", "pt", "it", "es", "fr", "de", "nl", "ru", "zh", "ja", "sv", "da")
    assert languages_of([("a", SURE[0]), ("a", "Quanto custa?")], codes) == ["pt", "pt"]
