"""What must stay is taken out of a text as one piece; ordinary prose is left whole."""

import pytest

from nlpcli.text.markup.placeholders import with_placeholders
from nlpcli.text.markup.segments import Tag
from tests.text.markup.translators import prose_of, translated, word_links

KEPT = """{name}¦{0}¦{{ name }}¦{{{raw}}}¦${name}¦$name¦$user->name¦#{name}¦%{name}¦%<name>s¦%name%¦@name@¦:name¦%s¦%d¦%1$s¦\
%(name)s¦%.2f¦%@¦%%¦<0>¦<%= name %>¦{% if x %}¦{n, number}¦{price, number, currency}¦{d, date, short}¦$(NAME)¦\
https://x.org/a?b=1&c=2¦http://x.org/a_(b)¦www.x.org¦a.b@x.org¦mailto:a@x.org¦/usr/local/bin¦/etc/hosts¦~/notes¦./run.sh¦\
src/app/main.py¦C:\\Users\\me\\a.txt¦README.md¦config.yaml¦report.pdf¦#hashtag¦#100days¦@mention¦@a.b¦`code here`¦caf\\u00e9¦\
:smile:"""
PROSE = """It costs $5 or $6.50 today¦Meet me at 10:30 or 9:5¦50% of people, 100 % sure, 5%¦and/or, he/she, km/h, w/o¦\
Note: this is it¦A ratio of 3:2¦number #1 and C# code¦U.S. and e.g. this¦Really?! Yes...¦a {b and c} d¦x < 5 and y > 3¦\
AT&T and R&D¦it's 5'10" tall¦the 1/2 cup, 3/4 full¦page 12.5 of it¦Hello.World is one¦5 @ 3 dollars¦50%-off sale¦\
the end.So it goes"""


@pytest.mark.parametrize("kept", KEPT.split("¦"))
def test_a_placeholder_is_one_piece(kept):
    nodes = with_placeholders([f"Look at {kept} now, or ({kept}) and {kept}."])
    assert [node.raw for node in nodes if isinstance(node, Tag)] == [kept] * 3


@pytest.mark.parametrize("prose", PROSE.split("¦"))
def test_prose_has_none(prose):
    assert with_placeholders([prose]) == (prose,)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{n, plural, one {# item} other {# items}}", "{n, plural, one {# ITEM} other {# ITEMS}}"),
        ("You have {n, plural, =0 {no mail} one {a mail} other {# mails}}.", "YOU HAVE {n, plural, =0 {NO MAIL} one {A MAIL} other {# MAILS}}."),
        ("{g, select, male {He said} female {She said} other {They said}}", "{g, select, male {HE SAID} female {SHE SAID} other {THEY SAID}}"),
        ("{n, plural, offset:1 other {{name} and # friends}}", "{n, plural, offset:1 other {{name} AND # FRIENDS}}"),
        ("{a, select, x {{n, plural, other {# deep}}} other {y z}}", "{a, select, x {{n, plural, other {# DEEP}}} other {Y Z}}"),
        ("{n, plural, broken", "{N, PLURAL, BROKEN"),
    ],
)  # fmt: skip
def test_branches_of_a_choice_are_translated_and_its_structure_stays(text, written):
    assert translated(text, "none", lambda sentence: sentence.upper(), links=word_links) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("\tname\tage of it   city  here", "\tNAME\tAGE OF IT   CITY  HERE"),
        ("    indented text  ", "    INDENTED TEXT  "),
        ("first line\\nsecond\\tcolumn", "FIRST LINE\\nSECOND\\tCOLUMN"),
        ('he said \\"yes sir\\" twice', 'HE SAID \\"YES SIR\\" TWICE'),
        ("10&nbsp;km &amp; more, AT&amp;T", "10&nbsp;KM &amp; MORE, AT&amp;T"),
        ("a <b>bold</b> word <br/> and <0>link</0>", "A <b>BOLD</b> WORD <br/> AND <0>LINK</0>"),
        ("copy <file> to <target dir>", "COPY <file> TO <TARGET DIR>"),
        ("{% if a %}one{% else %}two{% endif %}", "{% if a %}ONE{% else %}TWO{% endif %}"),
    ],
)
def test_plain_text_keeps_its_columns_escapes_and_tags(text, written):
    assert translated(text, "none", lambda sentence: sentence.upper(), links=word_links) == written


def test_what_is_only_a_placeholder_is_shown_to_no_model():
    assert prose_of("{name}\n%s: %d\nhttps://x.org\n`code here`", "none") == []


def test_a_placeholder_that_the_model_loses_is_there_all_the_same():
    assert translated("Hello {name}, you have %d mails", "none", lambda sentence: "x") == "x {name}x %d x"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("{n, plural, one {# day} other {# days}}", ["1", "7"]),
        ("{n, plural, =1 {# file left} few {# files left}}", ["1", "7"]),
        ("{n, plural, other {# of 12 days}}", [""]),
        ("{n, plural, other {# of # days}}", ["", ""]),
    ],
)
def test_the_number_of_a_plural_is_read_as_one_where_the_branch_has_no_other(text, numbers):
    (choice,) = with_placeholders([text])
    tags = [node for part in choice.inside for node in part.segment.nodes if not isinstance(node, str)]
    assert [tag.read_as for tag in tags] == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("%d files", ["7"]), ("{count} files", ["7"]), ("%{n} files", ["7"]), ("%s files", [""]), ("{name} and {n}", ["", "7"]),
        ("page %d of %d", ["", ""]), ("%d of 3", [""]), ("%1$d of 3", [""]),
    ],
)  # fmt: skip
def test_a_placeholder_of_a_number_is_read_as_one_where_it_is_the_only_one(text, numbers):
    assert [node.read_as for node in with_placeholders([text]) if isinstance(node, Tag)] == numbers
