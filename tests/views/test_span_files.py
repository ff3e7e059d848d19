"""CoNLL's columns and spaCy's JSON of texts with spans."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.records.record import Origin, Record
from nlpcli.text.spans import byte_offsets
from nlpcli.views.span_files import conll, spacy_json, spans_of

PIECES = [*"abc1.,' \n\t", "  ", "\r\n", "é", "e\u0301", "😀", "👩\u200d🚀", "你好", "\u00a0"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=15).map("".join)


def record_of(text, *spans):
    return Record(
        text, {}, Origin("x", 1), {"entities": [{"start": s, "end": e, "label": label} for s, e, label in spans]}
    )


def test_tokens_have_the_labels_of_bio():
    record = record_of("Ada Lovelace's aunt, in Bath.", (0, 12, "PERSON"), (24, 28, "GPE"))
    assert conll(record, "characters").splitlines() == [
        "Ada\tB-PERSON", "Lovelace\tI-PERSON", "'\tO", "s\tO", "aunt\tO", ",\tO", "in\tO", "Bath\tB-GPE", ".\tO",
    ]  # fmt: skip


def test_entities_that_touch_are_two():
    record = record_of("ab", (0, 1, "A"), (1, 2, "A"))
    assert conll(record, "characters") == "a\tB-A\nb\tB-A\n"


def test_a_text_in_chinese_has_its_characters_as_tokens():
    assert conll(record_of("我在北京", (2, 4, "LOC")), "characters") == "我\tO\n在\tO\n北\tB-LOC\n京\tI-LOC\n"


def test_of_spans_within_each_other_the_longer_stays():
    assert spans_of(record_of("a b c", (0, 5, "A"), (2, 3, "B")), "characters") == [(0, 5, "A")]


@st.composite
def texts_with_spans(draw):
    text = draw(TEXTS)
    visible = [place for place, character in enumerate(text) if not character.isspace()]
    if not visible:
        return text, []
    places = sorted(draw(st.lists(st.sampled_from(visible), max_size=6, unique=True)))
    return text, [
        (first, last + 1, "AB"[n % 2]) for n, (first, last) in enumerate(zip(places[::2], places[1::2], strict=False))
    ]


@given(texts_with_spans())
def test_the_columns_hold_the_spans(case):
    text, spans = case
    found, place = [], 0
    for line in conll(record_of(text, *spans), "characters").splitlines():
        token, _, label = line.rpartition("\t")
        place = text.index(token, place)
        if label.startswith("B-"):
            found.append([place, 0, label[2:]])
        if label != "O":
            found[-1][1] = place + len(token)
        place += len(token)
    assert [tuple(span) for span in found] == spans


@settings(deadline=None)
@given(texts_with_spans())
def test_spacy_reads_the_text_and_the_spans(case):
    spacy = pytest.importorskip("spacy", reason="the extra `extract` is not installed")
    text, spans = case
    made = json.loads(spacy_json(record_of(text, *spans), "characters"))
    doc = spacy.tokens.Doc(spacy.blank("xx").vocab).from_json(made) if text else None
    assert doc is None or doc.text == text
    assert doc is None or [(one.start_char, one.end_char, one.label_) for one in doc.ents] == spans


@given(texts_with_spans())
def test_offsets_in_bytes_are_understood(case):
    text, spans = case
    in_bytes = byte_offsets(text, range(len(text) + 1))
    record = record_of(text, *[(in_bytes[start], in_bytes[end], label) for start, end, label in spans])
    assert spans_of(record, "bytes") == spans
