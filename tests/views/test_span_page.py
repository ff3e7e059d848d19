"""The page of `extract --html`: what it says, and in a browser what it does."""

import re

import pytest
from browser import Browser, find

from nlpcli.records.record import Origin, Record
from nlpcli.views.span_page import SpanPage

ODD = '<script>alert("x")</script> & 😀'


def records():
    spans = [{"start": 0, "end": 3, "label": "PERSON"}, {"start": 7, "end": 11, "label": "GPE"}]
    for number in range(1, 40):
        yield Record("Ada in Bath\nand there", {}, Origin("a<b>.txt", number), {"entities": spans})
    yield Record(ODD, {}, Origin("b", 1), {"entities": [{"start": 0, "end": 8, "label": "<T>"}]})
    yield Record("x", {}, Origin("b", 2), error="it & that broke")


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "found.html"
    assert len(list(SpanPage(path, "characters")(records()))) == 41
    return path


def test_nothing_of_a_text_is_markup_and_all_of_it_is_there(page):
    content = page.read_text(encoding="utf-8")
    body = content[content.index("<main>") : content.index("</main>")]
    assert "<script>alert" not in body
    assert "&lt;script&gt;" in body
    assert "it &amp; that broke" in body
    assert body.count("<mark ") == 79
    assert "a&lt;b&gt;.txt:1" in body
    assert not re.search(r"(src|href)=", content)


def test_a_page_without_records_says_so(tmp_path):
    assert list(SpanPage(tmp_path / "a.html", "characters")(iter([]))) == []
    assert "no texts" in (tmp_path / "a.html").read_text()


@pytest.mark.skipif(find() is None, reason="no Chromium")
def test_types_are_put_out_and_the_list_jumps(page, tmp_path):
    browser = Browser(find(), tmp_path / "profile")
    try:
        browser.open(page)
        assert browser.value("document.querySelectorAll('#found li').length") == 3
        browser.value("document.querySelector('#types input').click()")
        assert browser.value("getComputedStyle(document.querySelector('mark.t0 small')).display") == "none"
        assert browser.value("getComputedStyle(document.querySelector('mark.t1 small')).display") != "none"
        browser.value("document.getElementById('next').click()")
        assert browser.value("document.querySelector('mark.here').textContent") == "BathGPE"
        browser.value("document.querySelectorAll('#found button')[2].click()")
        assert browser.value("document.querySelector('mark.here').textContent") == "<script><T>"
        browser.value("document.getElementById('theme').click()")
        assert browser.value("document.documentElement.className") in ("dark", "light")
    finally:
        browser.close()
