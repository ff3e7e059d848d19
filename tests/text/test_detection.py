import socket

import pytest

from nlpcli.text.detection import detect


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
