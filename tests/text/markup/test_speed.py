"""Any text can be read, in a time that grows as the text does, whatever it is made of."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.errors import InputBroken
from nlpcli.text.markup import parse
from tests.cpu_time import grows_as_its_size

HARD = {
    "letters": "a",
    "words": "word ",
    "comments": "<!--",
    "tags": "<b>",
    "closing": "</b>",
    "quotes": '<a b="',
    "brackets": "[",
    "links": "[a](",
    "stars": "*a ",
    "nested": "**a *b ",
    "ticks": "`a",
    "braces": "{{",
    "choices": "{a, plural, b {",
    "percent": "%(",
    "dots": "a.",
    "slashes": "a/",
    "backslashes": "\\u0041",
    "at": "a@",
    "dollar": "$a ",
    "php": "<?php ",
    "cdata": "<![CDATA[",
    "entities": "&amp",
    "quotes in lines": "> ",
    "lists": "- ",
    "cues": "1\n00:00:01,000 --> 00:00:02,000\na b\n\n",
    "lines": "00:00:01,000 --> 00:00:02,000\n",
    "speech": "word\n",
    "voices": "WEBVTT\n\n00:01.000 --> 00:02.000\n<v a>",
    "messages": 'msgid "a"\nmsgstr ""\n\n',
    "units": "<segment><source>a b</source></segment>",
}


def read_and_write(text, markup):
    with suppress(InputBroken):
        document = parse(text, markup)
        document.write([segment.nodes for segment in document.segments], "pt")


@pytest.mark.parametrize("markup", ["none", "html", "markdown", "srt", "vtt", "po", "xliff"])
@pytest.mark.parametrize("unit", HARD.values(), ids=HARD.keys())
def test_the_time_is_linear(unit, markup):
    assert grows_as_its_size(lambda size: read_and_write((unit * (size // len(unit) + 1))[:size], markup), 5000)


def test_the_time_for_a_catalog_is_linear_in_its_units():
    unit = "<segment>\n <source>Open it</source></segment>"
    assert grows_as_its_size(lambda count: parse(f'<xliff version="2.0">{unit * count}</xliff>', "xliff"), 500)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from([*HARD.values(), "\n", "\r", "\x0b", "\0", "\u2028", "é", "<", ">", "}", ")", "`", "|"])
    ).map("".join)
)
@pytest.mark.parametrize("markup", ["none", "html", "markdown", "srt", "vtt", "po", "xliff"])
def test_any_text_can_be_read_and_written(markup, text):
    read_and_write(text, markup)
