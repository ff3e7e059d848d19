"""Real files through the starter models: structure equal by parser, every visible text translated, no more changed."""

import json
import re
from pathlib import Path

import docx
import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.text.markup.test_html import kept_texts, tree
from tests.text.markup.test_markdown import PARSER, structure

pytestmark = pytest.mark.starter
FOLDER = Path(__file__).parents[1] / "data" / "markup"
# Names, and words that both languages have.
SAME = {"kettle", "love", "manual", "fjord & sons", "no", "pt", "build", "releases"}


@pytest.fixture(params=["en", "pt"])
def files(request, pull_starter, call):
    """Path → its text and its translation."""
    source, target = request.param, "pt" if request.param == "en" else "en"
    pull_starter(f"starter/{source}-{target}")
    paths = sorted(FOLDER.glob(f"*.{source}.*"))
    done = call("translate", "--from", source, "--to", target, "-F", "jsonl", "-i", *paths)
    assert done.status == 0, done.complaints
    rows = [json.loads(line) for line in done.output.splitlines()]
    return {path: (path.read_text(), row["translation"]) for path, row in zip(paths, rows, strict=True)}


def untranslated(before, after):
    """The words of visible texts that are the same in both, without numbers and names."""
    both = {text.strip().lower() for text in before} & {text.strip().lower() for text in after}
    return {text for text in both if re.search(r"[^\W\d_]{3}", text) and not re.search("@|://", text)} - SAME


def texts_of_page(page):
    root = LexborHTMLParser(page)
    for node in root.css("script, style, pre, code, [translate=no]"):
        node.decompose()
    return [node.text_content for node in root.root.traverse(include_text=True) if node.tag == "-text"]


def texts_of_document(text):
    body = re.sub(r"\A(---|\+\+\+)\n.*?\n\1\n", "", text, flags=re.DOTALL)
    found = [child.content for token in PARSER.parse(body) for child in token.children or () if child.type == "text"]
    return [text for text in found if not re.match(r":::|\[!|\$|\[\^|A = ", text)]


def test_a_document_of_word_goes_through_the_shell(en_pt, call, tmp_path):
    word = docx.Document()
    word.add_paragraph("Where is the ").add_run("station").bold = True
    word.save(tmp_path / "a.docx")
    assert call("translate", "--to", "pt", "-i", tmp_path / "a.docx", "-o", tmp_path / "b.docx").status == 0
    (paragraph,) = docx.Document(tmp_path / "b.docx").paragraphs
    assert paragraph.text.startswith("Onde")
    assert [run.text for run in paragraph.runs if run.bold] == ["estação"]
    assert call("translate", "--to", "pt", "-i", tmp_path / "a.docx").output.decode() == paragraph.text + "\n"
    refused = call("sentiment", "-i", tmp_path / "a.docx", "-o", tmp_path / "c.docx")
    assert (refused.status, b"only translate writes .docx" in refused.complaints) == (2, True)
    (tmp_path / "broken.docx").write_bytes(b"PK\3\4")
    done = call("translate", "--to", "pt", "-F", "jsonl", "-i", tmp_path / "broken.docx")
    assert (done.status, b"no document of Word" in done.complaints) == (3, True)


def test_what_a_glossary_says_is_text_in_every_markup(en_pt, call, tmp_path):
    (tmp_path / "terms.tsv").write_text("research\tR&D <b>\n")
    done = call(
        "translate", "--to", "pt", "--glossary", tmp_path / "terms.tsv", "--markup", "html", "<p>We do research.</p>"
    )
    assert b"R&amp;D &lt;b&gt;" in done.output
    assert tree(done.output.decode()) == tree("<p>We do research.</p>")


def cues_of(text):
    """What is not said, and what is."""
    lines = [
        (bool(re.match(r"(\d+|.*-->.*|WEBVTT.*|NOTE.*|STYLE|::cue.*|)$", line)), line) for line in text.splitlines()
    ]
    tags = re.findall(r"<[^>]*>|\{.*?\}|^- ", text, re.MULTILINE)
    return (
        [line if kept else "speech" for kept, line in lines],
        sorted(tags),
        [line for kept, line in lines if not kept],
    )


def test_real_files_keep_their_structure_and_every_visible_text_is_translated(files):
    for path, (before, after) in files.items():
        if path.suffix == ".html":
            assert tree(after) == tree(before), path
            assert kept_texts(after) == kept_texts(before)
            assert not untranslated(texts_of_page(before), texts_of_page(after)), path
        elif path.suffix == ".md":
            assert structure(after) == structure(before), path
            assert len(after.splitlines()) == len(before.splitlines())
            assert not untranslated(texts_of_document(before), texts_of_document(after)), path
        else:
            kept, tags, said = cues_of(before)
            assert (kept, tags) == cues_of(after)[:2], path
            assert not untranslated(said, cues_of(after)[2]), path
