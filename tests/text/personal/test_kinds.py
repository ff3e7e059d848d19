"""Personal data planted in texts of our own is found, and what only looks like it is left alone."""

from collections import Counter

import pytest
from text.personal.planted import CHECKSUMMED, texts

from nlpcli.text.personal.kinds import KINDS, find


def _found(text, kinds=frozenset(KINDS)):
    return [(part.label, text[part.start : part.end]) for part in find(text, kinds)]


def test_of_5000_texts_every_kind_is_found_and_hardly_anything_else():
    planted, hits, extra = Counter(), Counter(), Counter()
    for item in texts(5000):
        found = _found(item.text)
        planted[item.kind] += 1
        hits[item.kind] += (item.kind, item.item) in found
        extra.update(label for label, text in found if (label, text) != (item.kind, item.item))
    recall = {kind: hits[kind] / planted[kind] for kind in KINDS}
    precision = {kind: hits[kind] / (hits[kind] + extra[kind]) for kind in CHECKSUMMED}
    assert min(recall.values()) >= 0.99, recall
    assert min(precision.values()) >= 0.98, precision


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Ada" <ada.l+x@mail.example.co.uk>', [("EMAIL", "ada.l+x@mail.example.co.uk")]),
        ("请发邮件到zhang@example.com请回复", [("EMAIL", "zhang@example.com")]),
        ("ada [at] example [dot] org", [("EMAIL", "ada [at] example [dot] org")]),
        ("ftp://bob@example.org/x, b@c.de", [("URL", "ftp://bob@example.org/x"), ("EMAIL", "b@c.de")]),
        ("１３８１２３４５６７８", [("PHONE", "１３８１２３４５６７８")]),
        ("card 4111 1111 1111 1111 123", [("CARD", "4111 1111 1111 1111")]),
        ("DE89 3704 0044 0532 0130 00 BIC COBADEFF", [("IBAN", "DE89 3704 0044 0532 0130 00")]),
        ("IP：fe80::1ff:fe23:4567:890a", [("IP", "fe80::1ff:fe23:4567:890a")]),
        ("(née le 4 mars 1971)", [("BIRTH_DATE", "4 mars 1971")]),
        ("1990年5月17日出生", [("BIRTH_DATE", "1990年5月17日")]),
    ],
)
def test_a_span_is_that_of_the_item_alone(text, expected):
    assert _found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "std::vector and abc::Def at 12:30:45",
        "Version 1.2.3.4, build v10.0.1.2",
        "Meeting on 2024-05-17 12:30, 17.05.2024, 2019-2020",
        "ISBN 978-3-16-148410-0",
        "order 123-45-6789, 订单号13812345678, Bestellnummer 030 123456",
        "1 234 567 890 EUR, 3.14159265358979, $ 212 736 5000",
        '<html xmlns="http://www.w3.org/1999/xhtml">',
        "00:00:01,000 --> 00:00:02,500",
        "4111 1111 1111 1112",
        "He said it on 5 May 1990.",
    ],
)
def test_what_only_looks_like_personal_data_stays(text):
    assert _found(text) == []


def test_only_the_kinds_that_were_asked_for_are_found():
    assert _found("https://x.org/?m=a@b.de 192.168.0.1", {"EMAIL"}) == [("EMAIL", "a@b.de")]
