"""HTML, judged by lexbor: a parser of the HTML standard that has nothing to do with ours."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from nlpcli.text.markup.html_tokens import tokens
from tests.text.markup.translators import prose_of, translated, word_links

READ = {"alt", "title", "placeholder", "aria-label", "content", "value", "lang", "xml:lang", "label"}


def tree(page):
    """Each element with its ancestors and the attributes that nobody reads; how often."""
    found = Counter()
    stack = [(LexborHTMLParser(page).root, ())]
    while stack:
        node, above = stack.pop()
        while node is not None:
            if node.tag is not None and not node.tag.startswith("-"):
                attributes = tuple(sorted((k, v) for k, v in node.attributes.items() if k not in READ))
                names = tuple(sorted(node.attributes))
                path = (*above, node.tag)
                found[path, attributes, names] += 1
                if node.first_child is not None:
                    stack.append((node.first_child, path))
            node = node.next
    return found


def kept_texts(page):
    return [node.text() for node in LexborHTMLParser(page).css("script, style, pre, code, kbd, samp, var")]


# Pieces of text, and pieces of pages, that have broken a page before; a bar between two.
HOSTILE = """<b>¦</p>¦&copy=2¦&lt;h1&gt;¦<script>¦-->¦]]>¦"¦'¦`¦<¦>¦&¦<!--¦=¦/>¦</title>¦</textarea>¦\0¦\n¦a¦&amp;amp;\
¦<h1 x='y'>¦&#60;"""
SNIPPETS = """<b>¦</b>¦<i>¦</i>¦<p>¦</p>¦<a href='x'>¦</a>¦<div>¦</div>¦word ¦two words ¦CO¦<sub>2</sub>¦<sup>12</sup>\
¦&lt;b&gt;¦&amp;copy=2 ¦&nbsp;¦&mdash;¦&copy ¦<br>¦<td>¦&¦<table>¦</table>¦<tr>¦<td>cell¦<!-- c -->¦<!--\
¦<code>x y</code>¦<code>¦<pre>a  b</pre>¦<img alt='a b' src=x>¦<img alt="say &quot;hi&quot;">\
¦<img alt=bare>¦<a title="it's">¦<select>¦<option>choice¦<title>the <b> title</title>\
¦<textarea>one\ntwo</textarea>¦<script>a < b</script>¦<script><!-- <script> x </script> y --></script>\
¦<style>p{}</style>¦<svg><title>t</title></svg>¦<svg>¦<p translate=no>kept\
¦<span class=notranslate>name</span>¦<ul>¦<li>item¦</ul>¦<input value=go>¦<input type=submit value=Send>\
¦<meta name=description content='about us'>¦<html lang=en>¦<¦ < 3 ¦<a b='¦<a b=c'd>¦<a =x>¦<//>¦</ p>\
¦<?php a > b ?>¦<![CDATA[ a > b ]]>¦<math>¦<nobr>¦{{ name }}¦{% if a %}¦{% endif %}¦<%= x %>¦<h1>¦</h1>¦$\
¦<b>19</b>¦<p¦<template>¦R$ 12¦<small>,00</small>¦3.¦<sup>o</sup>"""
TEXTS = st.lists(st.sampled_from(HOSTILE.split("¦")), min_size=1, max_size=5).map("".join)
PAGES = st.lists(st.sampled_from(SNIPPETS.split("¦")), max_size=14).map("".join)


@settings(max_examples=400, deadline=None)
@given(PAGES, TEXTS)
def test_no_text_changes_the_tree(page, text):
    assert tree(translated(page, "html", lambda sentence: text)) == tree(page)


@settings(max_examples=400, deadline=None)
@given(PAGES)
@example("&mdash;&nbsp;&lt;b&gt;<img alt='a b' src=x><sub>2</sub>")
def test_no_order_of_words_changes_the_tree(page):
    def backwards(sentence):
        return " ".join(reversed(sentence.split()))

    def links(source, target):
        return [link._replace(source_start=0, source_end=1) for link in word_links(source, target)]

    def middle_last(sentence):
        words = sentence.split()
        return " ".join([*words[::2], *words[1::2]])

    for found in ((), links, word_links):
        assert tree(translated(page, "html", middle_last, links=found or (lambda source, target: ()))) == tree(page)
        written = translated(page, "html", backwards, links=found or (lambda source, target: ()))
        assert tree(written) == tree(page)
        assert kept_texts(written) == kept_texts(page)


@settings(max_examples=300, deadline=None)
@given(PAGES)
def test_tokens_are_the_page_without_gaps(page):
    found = list(tokens(page))
    assert "".join(page[token.start : token.end] for token in found) == page
    assert all(before.end == token.start for before, token in pairwise(found))


@settings(max_examples=300, deadline=None)
@given(PAGES)
@example("word 3.3.")
def test_no_visible_character_is_lost(page):
    def words(page):
        # A number is written as the target language writes it: 3.3 is 3,3.
        return Counter("".join(LexborHTMLParser(page).root.text().replace(".", ",").split()))

    assert words(translated(page, "html", lambda sentence: sentence, links=word_links)) == words(page)


@pytest.mark.parametrize(
    ("page", "written"),
    [
        ("<p>Use &lt;h1&gt; here</p>", "<p>USE &lt;h1&gt; HERE</p>"),
        ("<p>a &amp;copy=2 b</p>", "<p>A &amp;COPY=2 B</p>"),
        ("<p>wait &mdash; a&nbsp;bit</p>", "<p>WAIT &mdash; A&nbsp;BIT</p>"),
        ("<p>air has CO<sub>2</sub> in it</p>", "<p>AIR HAS CO<sub>2</sub> IN IT</p>"),
        ("<p>the report<sup>12</sup> says</p>", "<p>THE REPORT<sup>12</sup> SAYS</p>"),
        ("<p>now <span>$</span><b>19</b><sup>99</sup> each</p>", "<p>NOW <span>$</span><b>19</b><sup>99</sup> EACH</p>"),
        ("<p><b>F</b>ile and H<sub>2</sub>O here</p>", "<p><b>F</b>ile AND H<sub>2</sub>O HERE</p>"),
        ("<p>an area of 5 km<sup>2</sup> here", "<p>AN AREA OF 5 km<sup>2</sup> HERE"),
        ('<img alt="a cat" title=\'a "b"\'>', '<img alt="A CAT" title=\'A "B"\'>'),
        ("<img alt=cat>", '<img alt="CAT">'),
        ("<input placeholder='a b' aria-label='c'>", "<input placeholder='A B' aria-label='C'>"),
        ("<input type=submit value=Go><input value=Go>", '<input type=submit value="GO"><input value=Go>'),
        ("<meta name=description content='a b'>", "<meta name=description content='A B'>"),
        ("<meta property=og:title content='a b'>", "<meta property=og:title content='A B'>"),
        ("<meta name=viewport content='width=device'>", "<meta name=viewport content='width=device'>"),
        ("<html lang=en xml:lang='en-GB'>", "<html lang=pt xml:lang='pt'>"),
        ("<p translate=no>one<p>two", "<p translate=no>one<p>TWO"),
        ("<p>a <span class='x notranslate'>b c</span> d", "<p>A <span class='x notranslate'>b c</span> D"),
        ("<textarea>one\ntwo &lt;b</textarea>", "<textarea>ONE\nTWO &lt;B</textarea>"),
        ("<title>a <b> &amp; c</title>", "<title>A &lt;B> &amp; C</title>"),
        ("<p>hi <?= $name ?> and {{ a < b }}, ok", "<p>HI <?= $name ?> AND {{ a < b }}, OK"),
        ("a<!-- b --> c<![CDATA[ d ]]>", "A<!-- b --> C<![CDATA[ d ]]>"),
        ("<p>see <code>x y</code>, <kbd>Ctrl</kbd> now", "<p>SEE <code>x y</code>, <kbd>Ctrl</kbd> NOW"),
        ("<p>now <b>R$ 1.299</b><small>,00</small> each", "<p>NOW <b>R$ 1.299</b><small>,00</small> EACH"),
        ("<p>art. 3.<sup>o</sup> and n.<sup>o</sup> 2", "<p>ART. 3.<sup>o</sup> AND n.<sup>o</sup> 2"),
        ("<p>12 &euro; &copy; 3</p>", "<p>12 &euro; &copy; 3</p>"),
    ],
)  # fmt: skip
def test_each_place_is_written_as_it_needs(page, written):
    def loud(sentence):
        return sentence.upper()

    assert translated(page, "html", loud, links=word_links) == written


def test_a_model_sees_no_tags_and_no_references():
    page = "<p>It costs &euro;5 &amp; has <b>two</b> parts<sup>3</sup>.</p><img alt='a &lt; b'>"
    assert prose_of(page, "html") == ["It costs €5 & has two parts.", "a < b"]


def test_what_people_read_of_a_drawing_is_translated_and_nothing_else_of_it():
    page = '<p>see <svg role="img"><title>{}</title><desc> {} </desc><text x="1">{}<tspan>{}</tspan></text><path d="M0"/></svg></p>'
    texts, large = ("sales", "by &lt; month", "north", "east"), ("SALES", "BY &lt; MONTH", "NORTH", "EAST")
    assert translated(page.format(*texts), "html", str.upper) == page.replace("see", "SEE").format(*large)
    for kept in ('<svg translate="no"><text>a b</text></svg>', "<svg><style>a b</style><text>c d</text></svg>"):
        assert translated(f"<p>see</p>{kept}", "html", str.upper) == f"<p>SEE</p>{kept}"
