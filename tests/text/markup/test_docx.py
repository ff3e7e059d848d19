"""Documents of Word, judged by python-docx: other words, the same paragraphs, formats, links, tables and notes."""

import io
import zipfile

import docx
import pytest
from docx.oxml.parser import parse_xml

from nlpcli.errors import InputBroken
from nlpcli.pipelines.translation.inline import Sentence, sentences_of, with_stand_ins
from nlpcli.pipelines.translation.tag_transfer import render
from nlpcli.text.clauses import whole
from nlpcli.text.markup.docx import parse
from tests.text.markup.translators import always, no_terms, word_links

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def document():
    word = docx.Document()
    paragraph = word.add_paragraph("Hello ")
    paragraph.add_run("bold").bold = True
    paragraph.add_run(" wor")
    paragraph.add_run("ld, see ")
    link = parse_xml(
        f'<w:hyperlink xmlns:w="{W}" w:anchor="top"><w:r><w:rPr><w:u w:val="single"/></w:rPr><w:t>the link</w:t></w:r></w:hyperlink>'
    )
    paragraph._p.append(link)
    paragraph.add_run(" here").italic = True
    paragraph.add_run("\tname\nnext line")
    word.add_heading("A heading", 1)
    word.add_paragraph("12.5")
    table = word.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "first cell", "second cell"
    word.sections[0].header.paragraphs[0].text = "the header"
    word.sections[0].footer.paragraphs[0].text = "the footer"
    content = io.BytesIO()
    word.save(content)
    return content.getvalue()


def loud(data):
    found = parse(data)
    translations = []
    for segment in found.segments:
        prose = with_stand_ins(segment.nodes, no_terms, 0)
        nodes = []
        for part in sentences_of(prose, whole(prose.text, "en", always)):
            if isinstance(part, Sentence):
                target = part.text.upper()
                nodes += render(part, target, word_links(part.text, target))
            else:
                nodes.append(part)
        translations.append(nodes)
    text = found.write(translations, "pt")
    return text, found.file


def shape(data):
    """Paragraphs and runs with their looks, texts in lower case; adjacent runs of one look as one, spaces aside."""
    word = docx.Document(io.BytesIO(data))
    section = word.sections[0]
    paragraphs = [*word.paragraphs, *(p for row in word.tables[0].rows for cell in row.cells for p in cell.paragraphs)]
    found = []
    for paragraph in [*paragraphs, *section.header.paragraphs, *section.footer.paragraphs]:
        runs = []
        for run in paragraph.runs:
            look = (run.bold, run.italic, run.underline)
            if runs and runs[-1][0] == look:
                runs[-1] = (look, runs[-1][1] + run.text.lower())
            else:
                runs.append((look, run.text.lower()))
        links = [link.text.lower() for link in paragraph.hyperlinks]
        found.append((paragraph.style.name, [(look, " ".join(text.split())) for look, text in runs], links))
    return found


def test_formats_links_tables_headers_and_footers_stay():
    data = document()
    text, written = loud(data)
    assert shape(written) == shape(data)
    assert text.split("\n")[:3] == ["HELLO BOLD WORLD, SEE THE LINK HERE\tNAME NEXT LINE", "A HEADING", "12.5"]
    assert {"FIRST CELL", "SECOND CELL", "THE HEADER", "THE FOOTER"} <= set(text.split("\n"))
    assert parse(written).text == text


def test_notes_are_translated_and_every_other_part_is_the_same():
    with zipfile.ZipFile(io.BytesIO(document())) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    notes = f'<w:footnotes xmlns:w="{W}"><w:footnote w:id="1"><w:p><w:r><w:t>a note</w:t></w:r></w:p></w:footnote></w:footnotes>'
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    types, relations = "[Content_Types].xml", "word/_rels/document.xml.rels"
    parts["word/footnotes.xml"] = notes.encode()
    parts[types] = parts[types].replace(
        b"</Types>", f'<Override PartName="/word/footnotes.xml" ContentType="{kind}"/></Types>'.encode()
    )
    relation = '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes" Target="footnotes.xml"/>'
    parts[relations] = parts[relations].replace(b"</Relationships>", f"{relation}</Relationships>".encode())
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        for name, part in parts.items():
            package.writestr(name, part)
    text, written = loud(content.getvalue())
    assert "A NOTE" in text.split("\n")
    with zipfile.ZipFile(io.BytesIO(written)) as package:
        assert b"A NOTE" in package.read("word/footnotes.xml")
        assert package.read("word/theme/theme1.xml") == parts["word/theme/theme1.xml"]
        assert set(package.namelist()) == set(parts)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"text"])
def test_what_is_no_document_says_so(data):
    with pytest.raises(InputBroken):
        parse(data)


def repacked(**parts):
    """A document with other parts: names → what is written of them, piece by piece."""
    content, packed = io.BytesIO(), io.BytesIO()
    docx.Document().save(content)
    with zipfile.ZipFile(content) as before, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            if name not in parts:
                after.writestr(name, before.read(name))
        for name, (unit, count) in parts.items():
            with after.open(name, "w", force_zip64=True) as part:
                for _ in range(count):
                    part.write(unit)
    return packed.getvalue()


def test_a_document_that_unpacks_to_more_than_memory_is_refused_before_it_is_read():
    mebibyte = b" " * (1 << 20)
    for name, count in (("word/document.xml", 65), ("word/styles.xml", 65), ("x/y.xml", 65), ("word/media/a.png", 300)):
        with pytest.raises(InputBroken, match=r"unpacks to \d+ entries of \d+ MiB, .* exhaust memory"):
            parse(repacked(**{name: (mebibyte, count)}))
    with pytest.raises(InputBroken, match=r"unpacks to 10,0\d\d entries"):
        parse(repacked(**{f"x/{number}": (b"", 1) for number in range(10_000)}))
    assert parse(repacked(**{"word/media/a.png": (mebibyte, 100)})).text == ""


def test_an_archive_that_lies_about_its_size_is_read_no_further():
    data = bytearray(repacked(**{"word/document.xml": (b" " * (1 << 20), 65)}))
    true, lie = (65 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little")
    while (place := data.find(true)) >= 0:
        data[place : place + 4] = lie
    with pytest.raises(InputBroken, match=r"no document of Word"):
        parse(bytes(data))


@pytest.mark.parametrize(
    "doctype", ['<!DOCTYPE x [<!ENTITY e "dear">]>', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>']
)
def test_an_entity_whose_text_would_be_lost_is_refused(doctype):
    content = io.BytesIO()
    docx.Document().save(content)
    with zipfile.ZipFile(content) as package:
        declaration, xml = package.read("word/document.xml").decode().split("?>", 1)
    text = "<w:p><w:r><w:t>Hello &e; you</w:t></w:r></w:p></w:body>"
    changed = f"{declaration}?>{doctype}{xml.replace('</w:body>', text)}".encode()
    with pytest.raises(InputBroken, match="has a DOCTYPE"):
        parse(repacked(**{"word/document.xml": (changed, 1)}))


def test_styles_that_lie_outside_are_refused_before_anything_is_translated():
    content = io.BytesIO()
    docx.Document().save(content)
    with zipfile.ZipFile(content) as package:
        links = package.read("word/_rels/document.xml.rels")
    changed = links.replace(b'Target="styles.xml"', b'Target="file:///etc/passwd" TargetMode="External"')
    with pytest.raises(InputBroken, match="no document of Word"):
        parse(repacked(**{"word/_rels/document.xml.rels": (changed, 1)}))
