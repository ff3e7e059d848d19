"""`nlpcli translate` with the starter model: lines, markup by parser, languages, glossary."""

import json
import re
from functools import partial
from html.parser import HTMLParser

import pytest
from clauses import sentence
from markdown_it import MarkdownIt

from nlpcli.kernels.linear import libraries

pytestmark = [pytest.mark.starter, pytest.mark.usefixtures("loading_once")]

SENTENCES = {
    "How are you today?": "Como você está hoje?",
    "The children were playing happily in the garden.": "As crianças estavam brincando alegremente no jardim.",
    "On 14 July 1789, the people of Paris stormed the Bastille.":
        "Em 14 de julho de 1789, o povo de Paris invadiu a Bastilha.",
    "Don't worry, be happy.": "Não se preocupe, seja feliz.",
    "Yes.": "Sim.",
    "Emojis 😀 and 漢字 are not in the vocabulary.": "Emojis 😀 e 漢字 não estão no vocabulário.",
}  # fmt: skip

PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>The old lighthouse</title><style>p { color: red }</style></head>
<body class="main"><h1 id="top">Welcome to the <em>old</em> lighthouse</h1>
<p>It was built in <strong>1887</strong> by <a href="/sailors?x=1&amp;y=2">local sailors</a>. Visitors can climb <b><i>all</i> the
steps</b> to the top.</p><ul><li>Bring water &amp; good shoes.<li>Type <code>lamp --on</code> to start.</ul>
<table><tr><th>Price</th></tr><tr><td>&euro;12</td></tr></table><img src="a.png">Monday<br>Sunday
<script>if (a < b) { alert("Hello my friend") }</script><pre>keep   this</pre><!-- a comment --></body></html>
"""
DOCUMENT = """---
title: keep
---

# A tool for **busy** people

It prints the *number of words*. It is [free](https://example.org "Free") and runs
on every computer. Use `--help` to see all options.

1. Download the file.

   ```bash
   pip install thing  # stays
   ```

> The best tools are small.
> They do one thing well.

| Option | What it does |
| --- | --: |
| `--fast` | Works faster |

- [x] write the text
  - nested ![logo](logo.png) picture
"""
SUBTITLES = """1
00:00:01,000 --> 00:00:03,500
Where were you last night?
I waited for three hours.

2
00:00:04,000 --> 00:00:06,200
<i>I am sorry,</i> my car
broke down near the bridge.

3
00:00:07,000 --> 00:00:09,000
- Do you believe him?
- Not for a second.
"""


@pytest.fixture
def translate(en_pt, call):
    return partial(call, "translate", "--dtype", "float32")


def text_of(done):
    assert done.status == 0, done.complaints
    return done.output.decode()


def test_sentences_are_those_of_the_engine(translate):
    done = translate(*SENTENCES)
    assert text_of(done).splitlines() == list(SENTENCES.values())
    assert not done.complaints


def test_the_shortlist_of_dtype_auto_agrees_on_these(en_pt, call):
    assert text_of(call("translate", "--shortlist", *SENTENCES)).splitlines()[0] == "Como você está hoje?"


@pytest.mark.skipif("fbgemm" not in libraries(), reason="this build of torch has no FBGEMM")
def test_int8_translates_and_int4_is_refused(en_pt, call):
    done = call("translate", "--dtype", "int8", *SENTENCES)
    assert text_of(done).splitlines()[0] == "Como você está hoje?"
    refused = call("translate", "--dtype", "int4", "Yes.")
    assert refused.status == 2
    assert b"runs in int8, not in int4" in refused.complaints


def test_rows_say_both_languages_and_keep_what_was_there(translate, tmp_path):
    (tmp_path / "a.csv").write_text("id,review,translation\n1,Yes.,old\n")
    header, row = text_of(translate("-i", tmp_path / "a.csv", "--field", "review")).splitlines()
    assert header == "id,review,input_translation,translation,source_lang,target_lang,warning,error"
    assert row == "1,Yes.,old,Sim.,en,pt,,"


def test_lines_stay_lines_and_white_space_stays(translate):
    lines = ["Yes.", "", "   ", "Yes.  Yes.\tYes.", "12:30", "---", "  Yes.  "]
    found = text_of(translate(stdin="\n".join(lines).encode())).split("\n")
    assert found == ["Sim.", "", "   ", "Sim.  Sim.\tSim.", "12:30", "---", "  Sim.  ", ""]


def test_a_sentence_over_the_limit_is_translated_to_its_end(translate):
    animals = ["cat", "dog", "horse", "cow", "bird", "wolf", "lion", "bear", "sheep", "goat", "duck", "tiger"]
    clauses = [f"the {animal} was waiting in front of the old house near the river" for animal in animals]
    text = text_of(translate(f"In the morning {', '.join(clauses)}, and then the telephone rang."))
    for word in (
        "gato",
        "cão",
        "cavalo",
        "vaca",
        "pássaro",
        "lobo",
        "leão",
        "urso",
        "ovelha",
        "cabra",
        "pato",
        "tigre",
    ):
        assert word in text
    assert "telefone tocou" in text


@pytest.mark.parametrize("language", ["en", "pt"])
def test_no_clause_of_a_long_sentence_is_lost_and_its_parts_read_on(en_pt, call, language):
    name = {"en": "starter/en-pt", "pt": "starter/pt-en"}[language]
    made = [sentence(language, count, seed) for seed in range(2) for count in (8, 14, 22)]
    done = call("translate", "--from", language, "-m", name, "-F", "jsonl", *(clauses.text for clauses in made))
    rows = [json.loads(line) for line in text_of(done).splitlines()]
    for clauses, row in zip(made, rows, strict=True):
        assert clauses.lost(row["translation"]) == []
        assert row["translation"].count(".") == 1
        names = {name for name, _ in clauses.wanted}
        assert set(re.findall(r"\b[A-Z]\w+", row["translation"])) == names
    assert not done.complaints


def test_placeholders_stay(translate):
    kept = ["{name}", "%d", "https://example.com/a?b=1"]
    text = text_of(translate("Hello {name}, you have %d new messages at https://example.com/a?b=1 today."))
    assert all(text.count(word) == 1 for word in kept)


class Structure(HTMLParser):
    """The tags of a page with their attributes, and its texts."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))

    def handle_endtag(self, tag):
        self.tags.append(tag)

    def handle_comment(self, data):
        self.tags.append(data)

    def handle_data(self, data):
        self.texts += [data.strip()] if data.strip() else []


def test_a_page_keeps_its_structure_and_every_visible_text_is_translated(translate, tmp_path):
    (tmp_path / "a.html").write_text(PAGE)
    text = text_of(translate("-i", tmp_path / "a.html"))
    before, after = Structure(PAGE.replace('lang="en"', 'lang="pt"')), Structure(text)
    assert after.tags == before.tags
    kept = {text for text in before.texts if text in after.texts}
    assert kept == {
        "p { color: red }", 'if (a < b) { alert("Hello my friend") }', "keep   this", "1887", "€12", "lamp --on",
    }  # fmt: skip
    assert "&amp;" in text


def markdown_structure(text):
    def kinds(tokens):
        for token in tokens:
            if token.type not in ("text", "softbreak"):
                yield token.type, token.markup, token.attrs, token.content if token.type in KEPT else ""
            yield from kinds(token.children or [])

    return list(kinds(MarkdownIt("commonmark").enable("table").parse(text)))


KEPT = {"code_inline", "fence", "code_block"}


def test_a_markdown_document_keeps_its_structure(translate, tmp_path):
    (tmp_path / "a.md").write_text(DOCUMENT)
    text = text_of(translate("-i", tmp_path / "a.md"))
    assert markdown_structure(text) == markdown_structure(DOCUMENT)
    assert text.startswith("---\ntitle: keep\n---\n")
    assert len(text.splitlines()) == len(DOCUMENT.splitlines())
    assert not re.search(r"\b(busy|number of|Download|best tools|What it does|Works|nested)\b", text)


def test_subtitles_keep_numbers_timings_and_lines(translate, tmp_path):
    (tmp_path / "a.srt").write_text(SUBTITLES)
    assert translate("-i", tmp_path / "a.srt", "-o", tmp_path / "b.srt").status == 0
    before, after = SUBTITLES.split("\n\n"), (tmp_path / "b.srt").read_text().split("\n\n")
    assert [cue.splitlines()[:2] for cue in after] == [cue.splitlines()[:2] for cue in before]
    assert [len(cue.splitlines()) for cue in after] == [len(cue.splitlines()) for cue in before]
    assert "<i>" in after[1]
    assert all(line.startswith("- ") for line in after[2].splitlines()[2:])


def test_terms_of_a_glossary_are_translated_so(translate, tmp_path):
    (tmp_path / "terms.tsv").write_text("lighthouse\tfarolete\n# a comment\nsailors\tmarujos\n")
    text = text_of(translate("--glossary", tmp_path / "terms.tsv", "The sailors saw the lighthouse."))
    assert "marujos" in text
    assert "farolete" in text


def test_the_pair_is_chosen_by_the_text_and_by_the_options(translate):
    assert text_of(translate("--to", "English", "Como você está hoje?")) == "How are you today?\n"
    assert text_of(translate("A água ferve a 100 graus Celsius.")) == "The water boils at 100 degrees Celsius.\n"


@pytest.mark.parametrize(
    ("arguments", "translation"),
    [
        (["Quanto custa?"], "How much does it cost?"),
        (["--to", "en", "Quanto custa?"], "How much does it cost?"),
        (["Where is the station?"], "Onde está a estação?"),
        (["--to", "pt", "Where is the station?"], "Onde está a estação?"),
    ],
)
def test_a_short_text_is_read_in_a_language_that_a_model_at_hand_reads(translate, arguments, translation):
    done = translate(*arguments)
    assert text_of(done) == f"{translation}\n"
    assert not done.complaints


def test_the_pair_is_chosen_by_what_a_file_says(translate, tmp_path):
    (tmp_path / "carta.md").write_text("# Custo\n\nOnde fica a estação de comboios mais próxima?\n")
    done = translate("-i", tmp_path / "carta.md")
    assert "train station" in text_of(done)
    assert not done.complaints


def test_what_is_in_the_target_language_already_stays_and_is_said_once(translate):
    texts = ["Onde fica a estação?", "Good morning, my friends!", "A água ferve a 100 graus.", "Obrigado."]
    done = translate("--to", "pt", "-F", "jsonl", *texts)
    rows = [json.loads(line) for line in text_of(done).splitlines()]
    assert [row["translation"] for row in rows] == [texts[0], "Bom dia, meus amigos!", *texts[2:]]
    assert [row["source_lang"] for row in rows] == ["pt", "en", "pt", "pt"]
    assert done.complaints.count(b"\n") == 1
    assert b"is in Portuguese already" in done.complaints
    given = translate("--from", "en", "--to", "pt", texts[0])
    assert not given.complaints


STRANGE = "Garden of the to playing in were happily of of children the the and."


@pytest.mark.parametrize("beams", ["1", "3"])
def test_scores_say_how_good_a_translation_probably_is_in_any_batch(en_pt, call, beams):
    options = ["translate", "--from", "en", "--scores", "--beams", beams, "-F", "jsonl"]
    texts = ["The children were playing happily in the garden.", STRANGE, "", "It rained. We stayed at home."]
    rows = [json.loads(line) for line in text_of(call(*options, *texts)).splitlines()]
    good, strange, empty, two = (row["confidence"] for row in rows)
    assert 0 <= strange < min(good, two)
    assert max(good, two) < 1
    assert empty is None
    alone = [json.loads(text_of(call(*options, text)))["confidence"] for text in (texts[0], STRANGE, texts[3])]
    assert alone == pytest.approx([good, strange, two], abs=0.0015)


def test_below_a_confidence_the_source_stays_and_the_record_has_an_error(translate):
    texts = ["The children were playing happily in the garden.", STRANGE]
    done = translate("--from", "en", "--min-confidence", "0.6", "-F", "jsonl", *texts)
    assert done.status == 3
    good, strange = (json.loads(line) for line in done.output.splitlines())
    assert good == {"text": texts[0], "translation": SENTENCES[texts[0]], "source_lang": "en", "target_lang": "pt"}
    assert strange["text"] == STRANGE
    assert strange["translation"] is None
    assert re.match(r"confidence 0\.\d+ is below 0\.6; the translation was: ", strange["error"])
    assert translate("--from", "en", "--min-confidence", "0", *texts).status == 0


def test_another_language_is_warned_of_once(translate):
    done = translate("--to", "pt", "Das ist ein schöner Tag, nicht wahr?", "Ich habe das Buch gestern gelesen.")
    assert done.status == 0
    assert done.complaints.decode().count("seems to be in German") == 1
    assert b"-m" in done.complaints


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--to", "portugese", "x"], 2, "pt (Portuguese)"),
        (["--to", "de", "Hello there"], 1, "-m firefox:en-de"),
        (["--from", "en", "--to", "en", "x"], 2, "same language"),
        (["--glossary", "none.tsv", "x"], 1, "none.tsv"),
        (["--beams", "0", "x"], 2, "--beams"),
        (["--min-confidence", "2", "x"], 2, "--min-confidence"),
    ],
)
def test_what_cannot_be_is_one_line(translate, arguments, status, message):
    done = translate(*arguments)
    assert done.status == status
    assert message in done.complaints.decode()
    assert done.complaints.count(b"\n") == 1


def test_beams_give_a_translation_too(translate):
    assert text_of(translate("--beams", "4", "Yes.")) == "Sim.\n"


def test_an_offline_pair_names_the_command_that_gets_it(translate):
    done = translate("--offline", "-m", "firefox:en-de", "Hello")
    assert b"nlpcli models pull firefox:en-de" in done.complaints


def test_json_has_a_row_per_record(translate):
    rows = [json.loads(line) for line in text_of(translate("-F", "jsonl", "Yes.", "")).splitlines()]
    assert rows[0] == {"text": "Yes.", "translation": "Sim.", "source_lang": "en", "target_lang": "pt"}
    assert rows[1]["translation"] == ""
