"""Markdown, judged by markdown-it-py: the same blocks, the same marks, the same addresses."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nlpcli.pipelines.translation.inline import Link
from nlpcli.text.markup import parse
from nlpcli.text.markup.segments import Pieces, Segment, Unwritable
from tests.text.markup.translators import prose_of, translated, word_links

KEPT = {"code_inline", "fence", "code_block"}
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def structure(text):
    """Blocks in order, and what is in each of them as a bag: words may change places."""
    found = []
    for token in PARSER.parse(text):
        inside = Counter(
            (child.type, child.markup, tuple(child.attrs.items()), child.content if child.type in KEPT else "")
            for child in token.children or ()
            if child.type not in ("text", "softbreak")
        )
        found.append((token.type, token.tag, token.level, token.markup, token.attrs, inside, token.info))
    return found


DOCUMENT = """\
+++
title = "keep me"
+++

# The *old* tool

Use the `code` and [the guide](https://x.org/a_b "Guide"), or see [guide], [a text][guide] and [guide][].
A second line with <b>tags</b>, an ![old picture](a.png) and a note[^1].

> [!NOTE]
> Useful words for the reader.

::: warning
Take care of the dog.
:::

The sum $a_1 + b_1$ is \\(x^2\\), it costs $5 or $6 today.

$$
E = m c_1

+ k
$$

Roses are red\x20\x20
violets are blue\\
sugar is sweet.

1. One thing
   - [ ] nested task
   - [x] done *well*

| Name | Meaning |
| --- | --: |
| a \\| b | The **bold** word |

[^1]: The note says it.

[guide]: https://x.org/guide

Line one
===

<details>
<summary>More words</summary>

Inside text.

</details>
"""
# Pieces of text, and pieces of documents; a bar between two.
HOSTILE = """# heading¦1. one¦- item¦* x¦+ y¦> q¦```¦~~~¦---¦===¦|¦a | b¦*¦**¦_¦__¦`¦[x]¦[guide]¦](y)¦<b>¦</div>¦<!--¦&amp;\
¦\\¦\\*¦![¦:::¦$$¦$x$¦~~¦http://a.b¦[^1]¦[^1]: z¦ ¦2) two¦#¦word¦word word¦.¦\t¦    code¦(¦)¦"¦[a]: b"""
BLOCKS = """word ¦two words ¦\n¦\n\n¦# ¦## a heading\n¦- ¦1. ¦> ¦  ¦    ¦*one*¦**two**¦***three***¦_four_¦a_b_c¦*¦**¦_¦`code`¦`¦``¦\
¦[link](x)¦[link](¦[guide]¦[a][guide]¦\n\n[guide]: /url\n\n¦[¦]¦![alt](y)¦<b>¦</b>¦<br>¦<div>\n¦</div>\n¦<!-- c -->¦<!--¦&amp;¦\
&nbsp;¦\\*¦\\¦  \n¦\\\n¦| a | b |\n|---|---|\n| c d | e |\n¦|¦\n---\n¦\n===\n¦```\ncode\n```\n¦~~~\n¦$a_b$¦$$\n¦:::\n¦~~gone~~¦\
[^1]¦\n[^1]: note\n¦http://a.b/c_d¦\r\n¦\r¦\x0b¦\u2028¦\0¦\t¦(¦)¦!¦"""
TEXTS = st.lists(st.sampled_from(HOSTILE.split("¦")), min_size=1, max_size=4).map(" ".join)
DOCUMENTS = st.lists(st.sampled_from(BLOCKS.split("¦")), max_size=16).map("".join)


def loud(sentence):
    return sentence.upper()


def test_a_document_keeps_every_form():
    written = translated(DOCUMENT, "markdown", loud, links=word_links)
    assert structure(written) == structure(DOCUMENT)
    assert len(written.splitlines()) == len(DOCUMENT.splitlines())
    for kept in (
        '+++\ntitle = "keep me"\n+++\n', "`code`", "](https://x.org/a_b \"Guide\")", "[A TEXT][guide]", "[GUIDE][guide]",
        "> [!NOTE]\n> USEFUL WORDS", "::: warning\nTAKE CARE", "$a_1 + b_1$", "\\(x^2\\)", "$5 OR $6", "RED  \nVIOLETS",
        "BLUE\\\nSUGAR", "- [ ] NESTED", "A \\| B", "[^1]: THE NOTE", "NOTE[^1]", "E = m c_1\n\n+ k\n$$", "<b>TAGS</b>",
        "![OLD PICTURE](a.png)", "<summary>MORE WORDS</summary>", "LINE ONE\n===",
    ):  # fmt: skip
        assert kept in written


def test_what_is_translated_into_itself_is_the_same_text():
    assert translated(DOCUMENT, "markdown", lambda sentence: sentence, links=word_links) == DOCUMENT


def test_a_text_that_would_end_the_block_around_it_is_kept_and_told():
    document = parse("[a][guide]<div>\n<!-- c -->| a | b |\n|---|---|\n| c d | e |\n\nAnd more words.\n", "markdown")
    nodes = [["a | b   # heading"] for _ in document.segments[:-1]] + [["E mais palavras."]]
    written = document.write(nodes, "pt")
    assert "E mais palavras." in written
    assert document.kept


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, TEXTS)
def test_no_text_changes_the_structure(document, text):
    assert structure(translated(document, "markdown", lambda sentence: text)) == structure(document)


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS)
def test_no_character_is_lost(document):
    written = translated(document, "markdown", lambda sentence: sentence, links=word_links)
    lost = Counter("".join(document.split())) - Counter(written)
    assert not set(lost) - {"\\", "\0"}  # an escape that is not needed


@pytest.mark.parametrize(
    ("text", "source", "written"),
    [
        ("1. It is", "a b", "1\\. It is"),
        ("# It is", "a b", "\\# It is"),
        ("+ It is", "a b", "\\+ It is"),
        ("> It is", "a b", "\\> It is"),
        ("It *is* so", "a b", "It \\*is\\* so"),
        ("5 * 3 and a_b", "a b", "5 * 3 and a_b"),
        ("a # b", "# a b", "# a # b"),
        ("a #", "# a b", "# a \\#"),
        ("a | b", "|x|\n|-|\n|y|", "|a \\| b|\n|-|\n|a \\| b|"),
    ],
)
def test_text_that_would_be_markup_is_escaped_and_no_other(text, source, written):
    assert translated(source, "markdown", lambda sentence: text) == written


def test_a_placeholder_in_a_link_is_text():
    source = "See the page [docs/a.md](docs/a.md) or {name} here"
    assert (
        translated(source, "markdown", loud, links=word_links) == "SEE THE PAGE [docs/a.md](docs/a.md) OR {name} HERE"
    )


def test_marks_around_nothing_go_around_a_word():
    source = "The **old** tool"
    for found in ((), [Link(0, 1, 0, 3)], [Link(0, 18, 8, 12)]):
        written = translated(source, "markdown", lambda sentence: "A velha ferramenta", links=lambda s, t, f=found: f)
        assert structure(written) == structure(source)
        assert "velha" in written


def test_a_model_sees_prose_alone():
    assert prose_of("A *b* `c` \\* d &amp; [e](f) $x$ **1**\n", "markdown") == ["A b K1K * d & e K2K K3K"]


def test_what_no_escape_can_write_stays_and_is_told():
    def write(nodes):
        raise Unwritable("*raw*")

    document = Pieces(["a ", Segment(("text",), write), " b"])
    assert document.write([["texto"]], "pt") == "a *raw* b"
    assert document.kept == ["*raw*"]
