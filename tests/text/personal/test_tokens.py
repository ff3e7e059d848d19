"""Tokens stand for originals: what was masked comes back, whatever the text was."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nlpcli.text.personal.kinds import find
from nlpcli.text.personal.tokens import LABELS, Part, Tokens, label_of, unmask

_PIECES = st.sampled_from(
    ["<", ">", "PERSON", "_", "1", " ", "email", "<PERSON_1>", "ada@x.org", "&lt;", "[", "]", "\\", "《", "ID_2", "DATE", "\n",
     "10.1.2.3", "４", "〈", "card_７", "ſ", "K", "+44 20 7946 0958"]
)  # fmt: skip
_TEXTS = st.one_of(st.text(), st.lists(_PIECES, max_size=12).map("".join))


@given(st.lists(_TEXTS, min_size=1, max_size=4))
@example(["<PERSON_1> < person_2 > EMAIL_1", "a@b.deEMAIL_1", "<a@b.de>"])
def test_unmasking_gives_every_text_back(given_texts):
    tokens = Tokens({}, LABELS)
    masked = [tokens.mask(text, find(text))[0] for text in given_texts]
    assert [unmask(text, tokens.originals, LABELS) for text in masked] == [(text, []) for text in given_texts]


@given(st.text(min_size=1), st.data())
def test_any_parts_come_back(text, data):
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    parts = [Part(start, end, "PERSON") for start, end in zip(places[::2], places[1::2], strict=False) if start < end]
    tokens = Tokens({}, LABELS)
    masked, found = tokens.mask(text, parts)
    assert unmask(masked, tokens.originals, LABELS)[0] == text
    assert [masked[start:end] for _, _, (start, end) in found] == [place.token for place in found]


def test_a_value_keeps_its_token_and_two_spellings_have_two():
    tokens = Tokens({"EMAIL_4": "a@b.de"}, LABELS)
    text = "a@b.de A@b.de a@b.de"
    assert tokens.mask(text, find(text))[0] == "<EMAIL_4> <EMAIL_5> <EMAIL_4>"


@pytest.mark.parametrize(
    "written",
    ["<PERSON_1>", "< PERSON_1 >", "<Person_1>", "＜PERSON_1＞", "＜ person＿1 ＞", "《PERSON_1》", "<PERSON 1>", "<PERSON-1>", "&lt;PERSON_1&gt;",
     "\\<PERSON\\_1\\>", "<PERSON\\_1>", "[PERSON_1]", "«Person_1»", "<PERSON_ 1>", "PERSON_1", "<PERSON_１>", "<PERSON1>"],
)  # fmt: skip
def test_a_token_is_known_however_another_program_wrote_it(written):
    assert unmask(f"Hi {written}!", {"PERSON_1": "Ada"}, LABELS) == ("Hi Ada!", [])


def test_a_token_that_nobody_knows_stays_and_is_told():
    assert unmask("<PERSON_9> x", {"PERSON_1": "Ada"}, LABELS) == ("<PERSON_9> x", ["PERSON_9"])


def test_what_overlaps_is_masked_whole():
    text = "Ada Lovelace ada@x.org"
    tokens = Tokens({}, LABELS)
    masked, _ = tokens.mask(text, [*find(text), Part(0, len(text), "PERSON")])
    assert masked == "<PERSON_1><EMAIL_1>"


@pytest.mark.parametrize(("kind", "label"), [("work of art", "WORK_OF_ART"), ("B-PER", "B_PER"), ("人名", "ENTITY")])
def test_a_label_has_letters_of_ascii(kind, label):
    assert label_of(kind) == label
