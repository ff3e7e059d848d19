"""Sentences and passages: nothing is lost, and Chinese is cut where its sentences end."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.text.sentences import passages, sentences, split

ENGLISH = "Dr. Smith came. He said: “No.” Why?\n\nA new paragraph\n\n- one\n- two\n 3.5 million came . and went. End"
CHINESE = "今天天气很好！他说：“你好。”然后走了。真的吗？是的……好吧，我们走。\n\n新的一段。"
THAI = "สวัสดีครับ " * 200
UNBROKEN = "字" * 999
TEXTS = [ENGLISH, CHINESE, THAI, UNBROKEN, "word " * 300, "\n\n Start. ", "", " \n "]


def count(texts):
    return [len(text.encode()) for text in texts]


@pytest.mark.parametrize("text", TEXTS)
def test_together_the_sentences_are_the_text(text):
    assert "".join(sentences(text)) == text


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("room", [7, 40, 5000])
def test_together_the_passages_are_the_text_and_each_fits(text, room):
    found = passages(text, count, room)
    assert "".join(passage.text for passage in found) == text
    assert all(passage.tokens <= room for passage in found)


def test_chinese_and_japanese_are_cut_at_their_full_stops():
    assert [sentence.strip() for sentence in sentences(CHINESE)][:4] == [
        "今天天气很好！",
        "他说：“你好。”",
        "然后走了。",
        "真的吗？",
    ]
    assert sentences("これはペンです。はい。") == ["これはペンです。", "はい。"]


def test_a_small_letter_starts_no_sentence():
    assert sentences("They came . and went. Then more.") == ["They came . and went. ", "Then more."]
    assert sentences("A title\n\nand a paragraph.") == ["A title\n\n", "and a paragraph."]


def test_thai_without_full_stops_is_cut_at_its_spaces():
    assert len(sentences(THAI)) == 200


def test_passages_are_about_equally_long():
    text = "Nine words stand here in a row, you see. " * 22
    sizes = [passage.tokens for passage in passages(text, count, 300)]
    assert len(sizes) == 4
    assert max(sizes) - min(sizes) <= 2 * 42


# One sentence each; behind "|" another begins.
SPLIT = {
    "en": (
        "The price is 10 dollars incl. VAT today.| The max. speed is approx. 50 km.",
        "See No. 5 and fig. 3.| Dr. Smith, e.g. John, met Mrs. Jones vs. Mr. Brown.",
        "He sailed with the U.S. Navy.| He lives in the U.S.| He likes it.",
        "It was 5 p.m.| The shop was shut.| Apple Inc. Chairman Tim Cook came on Jan. 5 at St. Paul etc.| They left.",
        "J. Smith and A. B. Jones wrote Vol. 2, p. 12.| It was good.",
        "Non-U.S. citizens pay.| Version 2.0 is out.| See example.com.Then go.",
        "“Why?” he asked.| She said: “No.”| What now?",
        "i went home.| then i slept approx. ten hours.",
        "Gen. Lee met Capt. Hook at 12 noon.| The temp. was 3 deg. below zero.",
    ),
    "pt": (
        "Ele mora no 3.º andar.| O preço incl. IVA é alto.",
        "No séc. XIX, o art. 5.º dizia p. ex. que sim.| A 2.ª edição saiu.",
        "O Sr. João e a Sra. Ana viram o Dr. Luís às 5 h.| Custa R$ 5,00.| E daí?",
        "No ano 1000 a.C. Roma era pequena.| O túmulo é do séc. IV d.C. e fica na Av. Paulista.",
        "Trata-se da pág. 12, fig. 3, vol. 2.| Veja tb. o cap. 4.",
        "Nelson Piquet Jr. passou por um mau bocado.| A empresa S.A. fechou em 5 de jan.| Depois abriu.",
    ),
    "de": (
        "Das ist z. B. gut.| Am 3. Mai kam er im 19. Jahrhundert an.",
        "Das kostet ca. 5 Euro, d. h. viel.| Vgl. Abb. 3 bzw. Nr. 7.| Er kam 1990.| Dann ging er.",
    ),
    "fr": ("M. Dupont est venu.| Mme. Durand aussi, cf. p. 12.", "Voir l’art. 5 du chap. IV.| Merci."),
    "es": ("El Sr. Pérez vive en EE.UU. desde 1990.| Ud. sabe, p. ej. la pág. 5.", "¿Qué?| ¡No!| Sí."),
    "it": ("Il sig. Rossi abita a pag. 5.| Il dott. Bianchi no.",),
    "zh": ("你好。|今天天气很好！|他说：“你好。”|然后走了。",),
    "ja": ("今日は。|元気ですか？|はい。",),
    None: ("Dr. Foo came.| Bar e.g. Baz.",),
}  # fmt: skip


@pytest.mark.parametrize(("language", "marked"), [(code, text) for code, texts in SPLIT.items() for text in texts])
def test_abbreviations_ordinals_and_small_letters_end_no_sentence(language, marked):
    text = marked.replace("|", "")
    assert "|".join(part.strip() for part in split(text, language)) == marked.replace("| ", "|")


@given(st.lists(st.sampled_from(["a.", "A.", "Dr.", "3.", "º", "end.", "The", "U.S.", "。", "x", " ", "\n", "?", "”"])))
def test_no_sentence_ends_within_a_word(pieces):
    text = "".join(pieces)
    for language in ("en", "pt", "de", "zh", None):
        parts = split(text, language)
        assert "".join(parts) == text
        assert all(re.search(r"\s\Z|。[”]*\Z", part) for part in parts[:-1])
