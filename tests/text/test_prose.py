import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.text.main_content import markup_of, prose_of
from nlpcli.text.prose import statements
from nlpcli.text.words import count_words

SAID = "The council decided to repair the bridge before the winter, because it is unsafe."
MORE = "The work takes six weeks and costs forty thousand euros."


def texts(text):
    return [statement.text for statement in statements(text)]


def weights(text):
    return {statement.text: statement.weight for statement in statements(text)}


@pytest.mark.parametrize("mark", ['"', "'", "”", "’", "»"])
def test_a_quotation_mark_glues_no_sentences(mark):
    assert texts(f"He said it is over.{mark}His brother left the room.") == [
        f"He said it is over.{mark}",
        "His brother left the room.",
    ]


def test_lines_that_an_editor_broke_are_one_sentence_and_lines_of_a_list_are_not():
    broken = (
        "The council decided to repair the bridge before the\nwinter, because it is unsafe. The work takes six\nweeks."
    )
    assert texts(broken) == [broken[: broken.index(" The work")], "The work takes six\nweeks."]
    assert texts("milk\nbread\nthe long ladder that the neighbor wants to lend us for a week\neggs") == [
        "milk",
        "bread",
        "the long ladder that the neighbor wants to lend us for a week",
        "eggs",
    ]


# What mails, pages and talks have beside their matter, as sentences of prose.
PROSE = [
    SAID,
    MORE,
    "Ask Anna Keller: she said she would do it.",
    "Who pays for all of this work in the end?",
    "Note: it is late.",
    "PUBLISHED: 14:11 EST.",
    "Home.",
    "Tom Brandt Anna Keller",
    "It is INFO for the town",
]


@given(st.lists(st.sampled_from(PROSE), max_size=6), st.integers(0, 6))
def test_every_sentence_of_a_paragraph_weighs_one_whatever_its_shape(others, place):
    sentences = [*others[:place], SAID, *others[place:], MORE]
    found = statements(" ".join(sentences))
    assert {statement.weight for statement in found} == {1}
    assert all(statement.share == 1 for statement in found)


def test_short_sentences_on_one_line_are_judged_by_their_shape():
    byline = "By Rita Nunes. Published 3 May 2026. Present: Mr. Hall, Mrs. Ito."
    found = weights(f"{byline}\n\n{SAID} {MORE}")
    assert found[SAID] == found[MORE] == 1
    assert max(weight for text, weight in found.items() if text in byline) <= 0.3


@pytest.mark.parametrize(("opening", "closing"), [("“", "”"), ("'", "'"), ('"', '"'), ("'", "")])
def test_a_long_quotation_is_cut_at_the_full_stops_in_it_and_counts_once(opening, closing):
    said = [SAID, MORE, "Mr. Hall thinks that this is far too much for a town of this size.", SAID, MORE]
    text = f"She wrote to us today: {opening}{' '.join(said)}{closing}"
    found = statements(text)
    assert len(found) == len(said)
    assert "".join(statement.text for statement in found) == text.replace(". ", ".").replace("Mr.", "Mr. ")
    assert not any(statement.is_cut for statement in found)
    # Without a mark at its end it holds nothing together.
    assert sum(statement.share for statement in found) == pytest.approx(1 if closing else len(said))


@pytest.mark.parametrize("separator", [" ", "，"])
def test_a_text_without_full_stops_is_cut_into_parts_of_itself(separator):
    text = separator.join(["the river was made straight and the water runs faster"] * 30)
    found = statements(text)
    assert len(found) > 5
    assert all(statement.is_cut and count_words(statement.text) <= 30 for statement in found)
    assert all(statement.text in text for statement in found)


@pytest.mark.parametrize(
    "noise",
    [
        "From: Anna Keller <anna@example.org>",
        "Subject: Re: Bridge",
        "Betreff: Sitzung am Montag",
        "Assunto: Reunião",
        "By Rita Nunes",
        "Published 3 May 2026, 10:14",
        "Home | News | Sport | Contact",
        "Home > Science > Animals",
        "We use cookies to improve your experience on this site and on others.",
        "© 2026 Example. All rights reserved.",
        "Anna Keller, Head of Purchasing",
        "https://www.example.org/a/very/long/address",
        "+49 89 1234567 | www.example.org",
        "Best regards,",
        "Hello everyone,",
    ],
)
def test_what_only_stands_beside_a_text_weighs_less(noise):
    found = weights(f"{noise}\n\n{SAID}\n\n{MORE}")
    assert found[SAID] == found[MORE] == 1
    assert found.get(noise, 0) * min(1, count_words(noise) / 8) < 0.2


def test_quoted_and_forwarded_mail_and_signatures_are_no_statements():
    mail = f"{SAID}\n\n{MORE}\n\n-- \nAnna\n\nOn Monday Tom wrote:\n> quoted words\n> more of them"
    assert texts(mail) == [SAID, MORE]
    assert texts(f"{SAID}\n\n---------- Forwarded message ---------\nFrom: Tom\nSubject: x\n\nOther words here.") == [
        SAID
    ]
    assert texts("> All of it is quoted.\n> Nothing else is there.") != []


def test_a_line_that_comes_again_and_again_weighs_less_than_one_that_does_not():
    log = "\n".join([f"02:13:{n:02} heartbeat of the server is fine with {n} ms" for n in range(9)])
    error = "02:14:00 payment service did not answer within thirty seconds, so the order waits"
    found = weights(f"{log}\n{error}")
    assert found[error] > 4 * max(weight for text, weight in found.items() if text != error)


PAGE = """<html><head><title>T</title><style>p {}</style></head><body>
<nav><p>News, sport, culture and much more every day of the year.</p></nav>
<div class="cookie-banner"><p>We use cookies.</p></div>
<header><p>The daily paper of the town since 1901.</p></header>
<main><h1>Bridge</h1><p class="byline">By A. B.</p><p>The council <b>decided</b> to repair
the bridge &amp; the road before the winter, because both of them are unsafe.</p><ul><li>The work takes six weeks.<li>It costs
forty thousand euros.</ul><pre>code</pre><table><tr><td>cell</td></tr></table><aside>More</aside></main>
<footer>Contact</footer></body></html>"""


def test_of_a_page_the_main_content_is_read():
    assert prose_of(PAGE, "html") == (
        "The council decided to repair the bridge & the road before the winter, because both of them are unsafe.\n\n"
        "The work takes six weeks.\n\nIt costs forty thousand euros."
    )


@pytest.mark.parametrize(
    "page", ["", "<p>", "a < b", "<nav>Only a menu here</nav>", "<p>x</p></div></p><p>y", "<a>b</a>", "<br>"]
)
def test_a_page_of_any_kind_is_read(page):
    assert ("menu" in prose_of(page, "html")) == ("menu" in page)


def test_of_markdown_headings_code_tables_and_pictures_are_left_out():
    text = (
        "---\ntitle: x\n---\n# Head\n\n![badge](b.svg)\n\nFirst *plain* [words](x) with `code`.\n\n```\nno\n```\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n- an item\n\n> a quote\n"
    )
    assert prose_of(text, "markdown") == "First plain words with code.\n\nan item\n\na quote"


def test_auto_goes_by_the_suffix():
    assert [markup_of("auto", name) for name in ("a.html", "A.HTM", "a.md.gz", "a.txt", "stdin")] == [
        "html",
        "html",
        "markdown",
        "none",
        "none",
    ]
    assert markup_of("none", "a.html") == "none"
