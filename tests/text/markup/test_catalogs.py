"""PO and XLIFF: only what has no translation gets one; judged by polib and by ElementTree."""

import xml.etree.ElementTree as ET

import polib
import pytest

from nlpcli.errors import InputBroken
from nlpcli.text.markup import parse
from tests.text.markup.translators import translated, word_links

PO = """\
# A comment
msgid ""
msgstr ""
"Project-Id-Version: x\\n"
"Language: \\n"
"Content-Type: text/plain; charset=CHARSET\\n"
"Plural-Forms: nplurals=INTEGER; plural=EXPRESSION;\\n"

#. a note
#: src/a.c:12
#, python-format
msgctxt "menu"
msgid "Open %(name)s now\\n"
msgstr ""

#, fuzzy
msgid "Old"
msgstr "Velho"

msgid "Done"
msgstr "Feito"

msgid "one <b>file</b>"
msgid_plural "%d files"
msgstr[0] ""
msgstr[1] ""

#~ msgid "gone"
#~ msgstr "foi"
"""
OLD = """\
<?xml version="1.0" encoding="utf-8"?>
<!-- a comment -->
<xliff version='1.2' xmlns="urn:oasis:names:tc:xliff:document:1.2">
  <file source-language="en"   datatype="plaintext" original="a">
    <body>
      <trans-unit id="1">
        <source>Hello <g id="1">big</g> world &amp; <x id="I" equiv-text="{{n}}"/>, <ph id="2">&lt;br&gt;</ph> now</source>
        <note>Do not touch</note>
      </trans-unit>
      <trans-unit id="2"><source>Second thing</source><target state="new"/></trans-unit>
      <trans-unit id="3"><source>Third</source><target>Terceiro</target></trans-unit>
      <trans-unit id="4" translate="no"><source>Kept</source></trans-unit>
      <trans-unit id="5"><source>Fifth</source><alt-trans><source>a</source><target>c</target></alt-trans></trans-unit>
      <trans-unit id="6"><source>One <bpt id="1">&lt;b&gt;</bpt>bold<ept id="1">&lt;/b&gt;</ept> word</source></trans-unit>
    </body>
  </file>
</xliff>
"""
NEW = """\
<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" version="2.0" srcLang="en">
 <file id="f"><unit id="1"><segment state="initial"><source>Hi <pc id="1">there</pc> <ph id="2"/> friend</source></segment>
 <segment><source>Two</source><target>Dois</target></segment></unit>
 <unit id="2" translate="no"><segment><source>Kept</source></segment></unit></file></xliff>
"""


def loud(sentence):
    return sentence.upper()


def test_a_catalog_gets_what_it_lacks_and_nothing_else():
    written = translated(PO, "po", loud, links=word_links)
    expected = PO.replace("Language: ", "Language: pt").replace("CHARSET", "UTF-8")
    expected = expected.replace("nplurals=INTEGER; plural=EXPRESSION", "nplurals=2; plural=(n > 1)")
    expected = expected.replace('now\\n"\nmsgstr ""', 'now\\n"\nmsgstr "OPEN %(name)s NOW\\n"')
    expected = expected.replace('msgstr[0] ""\nmsgstr[1] ""', 'msgstr[0] "ONE <b>FILE</b>"\nmsgstr[1] "%d FILES"')
    assert written == expected


def test_a_language_with_three_forms_gets_three():
    catalog = polib.pofile(translated(PO, "po", loud, language="pl"))
    assert list(catalog.find("one <b>file</b>").msgstr_plural.values()) == ["ONE <b>FILE</b>", "%d FILES", "%d FILES"]


def units(text):
    found = {}
    for unit in ET.fromstring(text).iter():
        if unit.tag.endswith(("trans-unit", "}segment")):
            targets = [child for child in unit if child.tag.endswith("}target")]
            found[unit.get("id") or len(found)] = "".join(targets[0].itertext()) if targets else None
    return found


def test_units_without_a_target_get_one_and_every_other_byte_stays():
    written = translated(OLD, "xliff", loud, links=word_links)
    assert units(written) == {
        "1": "HELLO BIG WORLD & , <br> NOW", "2": "SECOND THING", "3": "Terceiro", "4": None, "5": "FIFTH",
        "6": "ONE <b>BOLD</b> WORD",
    }  # fmt: skip
    for added in (
        '\n        <target state="translated">HELLO <g id="1">BIG</g> WORLD &amp; <x id="I" equiv-text="{{n}}"/>, <ph id="2">&lt;br&gt;</ph> NOW</target>',
        '<target state="translated">FIFTH</target>',
        '<target state="translated">ONE <bpt id="1">&lt;b&gt;</bpt>BOLD<ept id="1">&lt;/b&gt;</ept> WORD</target>',
        ' target-language="pt"',
    ):
        assert written.count(added) == 1
        written = written.replace(added, "")
    assert written == OLD.replace('<target state="new"/>', '<target state="translated">SECOND THING</target>')


def test_units_of_version_2_have_the_state():
    written = translated(NEW, "xliff", loud, links=word_links)
    assert units(written) == {0: "HI THERE  FRIEND", 1: "Dois", 2: None}
    assert written == NEW.replace(
        'initial"><source>Hi <pc id="1">there</pc> <ph id="2"/> friend</source>',
        'translated"><source>Hi <pc id="1">there</pc> <ph id="2"/> friend</source>'
        '<target>HI <pc id="1">THERE</pc> <ph id="2"/> FRIEND</target>',
    ).replace('srcLang="en"', 'srcLang="en" trgLang="pt"')  # fmt: skip


@pytest.mark.parametrize("hostile", ["<b>&amp;]]>", "a < b & c > d", "\"'", "\0\x01"])
def test_no_text_breaks_the_xml(hostile):
    assert units(translated(OLD, "xliff", lambda sentence: hostile)).keys() == units(OLD).keys()


@pytest.mark.parametrize(("markup", "text"), [("xliff", "<xliff><file>"), ("po", "nonsense")])
def test_what_is_broken_says_so(markup, text):
    with pytest.raises(InputBroken):
        parse(text, markup)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE xliff [<!ENTITY e "dear">]>',
        '<!DOCTYPE xliff [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE xliff [<!ENTITY % e SYSTEM "file:///etc/passwd"> %e;]>',
        '<!DOCTYPE xliff [<!ENTITY e "' + "ha " * 9 + '"><!ENTITY f "' + "&e;" * 99 + '">]>',
        '<!DOCTYPE xliff SYSTEM "http://127.0.0.1:9/xliff.dtd">',
    ],
)
def test_an_entity_whose_text_would_be_lost_is_refused_by_name(doctype):
    text = OLD.replace("<!-- a comment -->", doctype).replace("Hello", "Hello &e;")
    with pytest.raises(InputBroken, match="the entity e of its own DOCTYPE"):
        parse(text, "xliff")


def test_a_doctype_without_entities_is_read():
    doctype = '<!DOCTYPE xliff PUBLIC "-//XLIFF//DTD XLIFF//EN" "http://www.oasis-open.org/xliff.dtd">'
    assert len(parse(OLD.replace("<!-- a comment -->", doctype), "xliff").segments) == len(parse(OLD, "xliff").segments)
