"""Subtitles: what is no speech stays byte for byte, and lines break where a reader would."""

import pytest

from tests.text.markup.translators import prose_of, translated, word_links

SRT = """\
1
00:00:01,000 --> 00:00:03,500 X1:10 X2:20
{\\an8}Where were you last night?
I <i>waited for</i> you.

2
00:00:04,000 --> 00:00:06,000
- Do you believe him?
- Not for 5 < 6 seconds.

3
00:00:07,000 --> 00:00:08,000
♪ ♪
"""
VTT = """\
WEBVTT - the title
Kind: captions

NOTE
this is a note

STYLE
::cue(v) { color: red }

REGION
id:one

intro
00:01.000 --> 00:04.000 align:start line:0
<v Roger Bingham>Where were <c.loud>you</c> last night?
<v Mary>I waited &amp; waited, 3 &lt; 4.

00:05.000 --> 00:06.000
- Hello <00:00:05.500>there
- Good&nbsp;bye
"""


def loud(sentence):
    return sentence.upper()


def test_a_file_of_subrip_keeps_all_but_its_speech():
    assert translated(SRT, "srt", loud, links=word_links) == SRT.replace("Where were you last night?", "WHERE WERE YOU LAST NIGHT?").replace(
        "I <i>waited for</i> you.", "I <i>WAITED FOR</i> YOU."
    ).replace("Do you believe him?", "DO YOU BELIEVE HIM?").replace("Not for 5 < 6 seconds.", "NOT FOR 5 < 6 SECONDS.")  # fmt: skip


def test_a_file_of_webvtt_keeps_all_but_its_speech():
    written = translated(VTT, "vtt", loud, links=word_links)
    changed = [(old, new) for old, new in zip(VTT.splitlines(), written.splitlines(), strict=True) if old != new]
    assert [new for _, new in changed] == [
        "<v Roger Bingham>WHERE WERE <c.loud>YOU</c> LAST NIGHT?",
        "<v Mary>I WAITED &amp; WAITED, 3 &lt; 4.",
        "- HELLO <00:00:05.500>THERE",
        "- GOOD&nbsp;BYE",
    ]


def test_what_a_translation_says_is_no_markup_in_webvtt():
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n"
    assert translated(text, "vtt", lambda sentence: "a --> <b> & c") == text.replace(
        "hello", "a --&gt; &lt;b&gt; &amp; c"
    )


def test_line_ends_stay():
    text = "1\r\n00:00:01,000 --> 00:00:02,000\r\na first line\r\nthe second one\r\n\r\n"
    assert translated(text, "srt", loud) == text.replace("a first line", "A FIRST LINE").replace(
        "the second one", "THE SECOND ONE"
    )


def test_a_model_sees_a_whole_speech():
    assert prose_of(SRT, "srt")[0] == "Where were you last night? I waited for you."


@pytest.mark.parametrize(
    ("speech", "lines"),
    [
        ("I saw the man, and he saw me too", ["I saw the man,", "and he saw me too"]),
        ("He came home after a very long journey", ["He came home after", "a very long journey"]),
        ("We will leave in the morning of Monday", ["We will leave", "in the morning of Monday"]),
        ("Yes", ["Yes"]),
        ("Não sei. Talvez ele venha amanhã.", ["Não sei.", "Talvez ele venha amanhã."]),
    ],
)
def test_lines_break_where_a_reader_would(speech, lines):
    # The full stop is the source's: a result that lost it would get it back.
    end = "." if speech.endswith(".") else ""
    cue = f"1\n00:00:01,000 --> 00:00:02,000\nsome words\nmore words{end}\n"
    assert translated(cue, "srt", lambda sentence: speech).splitlines()[2:] == lines
