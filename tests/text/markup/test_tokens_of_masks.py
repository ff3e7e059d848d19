"""Tokens of `extract --mask` stand for words in every markup, though they look like its elements."""

import pytest

from nlpcli.text.markup import parse
from nlpcli.text.markup.segments import Tag, TagKind

TEXT = "Please call <PHONE_1> today, <BIRTH_DATE_12>."


@pytest.mark.parametrize(
    ("markup", "source"),
    [
        ("none", TEXT),
        ("html", f"<p>{TEXT}</p>"),
        ("markdown", TEXT),
        ("srt", f"1\n00:00:01,000 --> 00:00:02,000\n{TEXT}\n"),
        ("vtt", f"WEBVTT\n\n00:01.000 --> 00:02.000\n{TEXT}\n"),
        ("po", f'msgid ""\nmsgstr "Language: pt\\n"\n\nmsgid "{TEXT}"\nmsgstr ""\n'),
    ],
)
def test_a_token_is_a_word(markup, source):
    segments = parse(source, markup).segments
    words = [
        node.raw
        for segment in segments
        for node in segment.nodes
        if isinstance(node, Tag) and node.kind in {TagKind.WORD, TagKind.TEXT}
    ]
    assert words == ["<PHONE_1>", "<BIRTH_DATE_12>"]


def test_an_element_of_such_a_name_that_is_closed_is_an_element():
    (segment,) = parse("Use <ITEM_1>the red</ITEM_1> one.", "none").segments
    assert [node.kind for node in segment.nodes if isinstance(node, Tag)] == [TagKind.OPEN, TagKind.CLOSE]
