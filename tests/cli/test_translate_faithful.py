"""`nlpcli translate` with the starter models loses no character, no number and no capital of a text."""

import json
import re

import number_sentences
import pytest

pytestmark = [pytest.mark.starter, pytest.mark.usefixtures("loading_once")]

LATIN = [chr(code) for code in [*range(0x21, 0x30), *range(0x3A, 0x41), *range(0x5B, 0x61), *range(0x7B, 0x7F),
                                *range(0xA0, 0x100)]]  # fmt: skip
PUNCTUATION = [chr(code) for code in range(0x2000, 0x2070) if code not in (0x2028, 0x2029, 0x2065)]
CURRENCIES, ARROWS = map(chr, range(0x20A0, 0x20C1)), map(chr, range(0x2190, 0x2200))
MATH = "∀∂∃∅∆∇∈∉∋∏∑−∓∗∘√∝∞∠∧∨∩∪∫∴∼≅≈≠≡≤≥⊂⊃⊆⊇⊕⊗⊥⋅"
EMOJI = ["😀", "😂", "🥲", "😍", "🤔", "😭", "👍", "👎", "👏", "🙏", "💪", "❤️", "💔", "🔥", "✨", "🎉", "🎂", "🚀", "⭐", "☀️", "⚡", "❄️", "☕", "🍕", "🍎", "🐶", "🐱", "🦄", "🌍", "🌈", "⚽", "🏆", "💻", "📱", "📧", "🔒", "✅", "❌", "⚠️", "♻️", "™️", "👍🏽", "👩🏿\u200d🚀", "👨\u200d👩\u200d👧\u200d👦", "🏳️\u200d🌈", "🇧🇷", "🇵🇹", "🇬🇧", "1️⃣", "#️⃣", "*️⃣", "👩\u200d💻", "🤷\u200d♂️"]  # fmt: skip
CHARACTERS = [*LATIN, *PUNCTUATION, *CURRENCIES, *ARROWS, *MATH, *EMOJI]
# They are words: no sentence says whether the letter is meant, a list does.
WORDS = {"pt": set("éàóÉÀÓ"), "en": set()}
ALONE = {"en": "The sign {} stands here.", "pt": "O sinal {} está aqui."}
BEFORE_A_NUMBER = {"en": "We paid {}250 for the book.", "pt": "Nós pagamos {}250 pelo livro."}


@pytest.fixture(params=["en-pt", "pt-en"])
def pair(request, pull_starter):
    pull_starter(f"starter/{request.param}")
    return request.param


@pytest.fixture
def rows(pair, call):
    def translated(texts):
        lines = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
        done = call("translate", "-m", f"starter/{pair}", "-F", "jsonl", "--input-format", "jsonl", stdin=lines)
        assert done.status == 0, done.complaints
        return [json.loads(line) for line in done.output.splitlines()]

    return translated


@pytest.mark.parametrize("frames", [ALONE, BEFORE_A_NUMBER])
def test_each_character_of_a_sentence_is_in_its_translation(pair, rows, frames):
    source = pair[:2]
    characters = [character for character in CHARACTERS if character not in WORDS[source]]
    found = rows([frames[source].format(character) for character in characters])
    lost = [(c, row["translation"]) for c, row in zip(characters, found, strict=True) if c not in row["translation"]]
    assert lost == []


@pytest.mark.parametrize("between", [" ", ""])
def test_all_characters_in_one_text_are_in_its_translation(pair, rows, between):
    frame = {"en": "All the signs are here: {} and that is all.", "pt": "Todos os sinais estão aqui: {} e é tudo."}
    characters = [character for character in CHARACTERS if between or character not in WORDS[pair[:2]]]
    (row,) = rows([frame[pair[:2]].format(between.join(characters))])
    assert [character for character in characters if character not in row["translation"]] == []


IS = ["O que é?", "O tempo é, também, como comparamos a duração.", "O problema é: há uma só resposta.",
      'Quem é "o chefe"?', "Como é à noite?", "A resposta é à pergunta."]  # fmt: skip


def test_words_of_one_letter_are_translated(pull_starter, call):
    """An accent alone makes no sign of a word that a mark follows."""
    pull_starter("starter/pt-en")
    done = call("translate", "-m", "starter/pt-en", "--from", "pt", stdin="\n".join(IS).encode())
    assert not set("éà") & set(done.output.decode())


def test_the_numbers_of_a_hundred_sentences_are_those_of_their_translations(pair, rows):
    texts = number_sentences.sentences(pair, 100)
    found = rows(texts)
    changed = [
        (text, row["translation"])
        for text, row in zip(texts, found, strict=True)
        if "warning" not in row and not number_sentences.same(text, row["translation"])
    ]
    assert changed == []
    assert sum("warning" in row for row in found) == 0


SIGNS = {
    "en-pt": {"CONTACT US TODAY": "CONTACTE-NOS HOJE", "OPEN": "ABERTO", "SAVE CHANGES": "SALVAR AS ALTERAÇÕES",
              "EU AND NATO AGREE ON USB": "A UE E A NATO CONCORDAM COM A USB", "NASA": "NASA",
              "This is VERY important.": "Isso é MUITO importante."},
    "pt-en": {"FALE CONOSCO HOJE": "CONTACT US TODAY", "CANCELAR": "CANCEL", "AÇÃO SOCIAL": "SOCIAL ACTION",
              "Isto é MUITO importante.": "This is VERY important."},
}  # fmt: skip
BUTTONS = {
    "en-pt": {"Cancel": "Cancelar", "cancel": "cancelar", "Search": "Pesquisar", "Settings": "Configurações", "Yes": "Sim"},
    "pt-en": {"Cancelar": "Cancel", "Editar": "Edit", "Colar": "Paste", "Sim": "Yes", "Leia mais": "Read more"},
}  # fmt: skip


TITLES = {
    "en-pt": {
        "The Quick Brown Fox": "A Rápida Raposa Marrom", "Undo Last Action": "Desfazer a Última Ação",
        "Heavy Rain Closes Schools in New York": "Chuva Forte Fecha Escolas em Nova York",
        "Apple Unveils New iPhone at Annual Event": "Apple Revela Novo iPhone no Evento Anual",
        "Will Smith Wins Oscar": "Will Smith Ganha Oscar", "WET FLOOR": "PISO MOLHADO", "EXIT ONLY": "SOMENTE SAÍDA",
        "On/Off": "Ligado/Desligado", "Yes/No": "Sim/Não", "Read/Write": "Leitura/Gravação", "Size/Color": "Tamanho/Cor",
        "km/h": "km/h", "TCP/IP": "TCP/IP", "I paid $5 for it.": "Eu paguei $5 por ele.",
    },
    "pt-en": {
        "Cem Anos de Solidão": "A Hundred Years of Loneliness", "Termos de Uso": "Terms of Use",
        "Chuva Forte Fecha Escolas em Belo Horizonte": "Strong Rain Closes Schools in Belo Horizonte",
        "Memórias Póstumas de Brás Cubas": "Posthumous Memories of Brás Cubas", "ESGOTADO": "SOLD OUT",
        "Ligado/Desligado": "On/Off", "Nome/Endereço": "Name/Address", "É verdade.": "It is true.",
        "À noite, todos os gatos são pardos.": "At night, all cats are brown.", "Ó Maria, vem cá.": "Oh Mary, come here.",
        "Junte 2 xíc. de açúcar e 1 xíc. de leite.": "Add 2 cups of sugar and 1 cup of milk.",
    },
}  # fmt: skip


@pytest.mark.parametrize("texts", [SIGNS, BUTTONS, TITLES])
def test_signs_stay_in_capitals_and_buttons_say_what_they_do(pair, rows, texts):
    assert {row["text"]: row["translation"] for row in rows(texts[pair])} == texts[pair]


def test_what_is_put_back_is_escaped_in_html(en_pt, call, tmp_path):
    page = "<p>If x &lt; 10 and y ≤ 5, “stop” now &amp; pay £250. <b>It costs ½&nbsp;€.</b></p>\n"
    (tmp_path / "a.html").write_text(page)
    text = call("translate", "-i", tmp_path / "a.html").output.decode()
    assert [part for part in ("x &lt; 10", "£250", "≤ 5", "“", "½", "<b>", "</b>") if text.count(part) != 1] == []
    assert re.findall("<.*?>", text) == ["<p>", "<b>", "</b>", "</p>"]


ENDS = {
    "en-pt": {
        "Error 404: Page not found. Please contact us.": "encontrada. ",
        "At p < 0.05, n = 24, the difference was -3.2 ± 0.4 mmol/L (95% CI, -4.0 to -2.4).": "-2,4).",
        "It costs US$ 1,299.99 (incl. 20% VAT), i.e. about €1.2k or ¥190,000.": "ou seja ",
        "She said “wait…” and left.": "…” ",
        "The Tenant shall pay £1,250.00 (one thousand two hundred and fifty pounds) per month.":
            "£1.250,00 (mil duzentos e cinquenta libras)",
        "The fee is 250 (two hundred and fifty) euros.": "250 (duzentos e cinquenta)",
        "HDMI 2.1 and CSS 3.2": "HDMI 2.1 e CSS 3.2",
        "R_eplace": "_",
        "x < 10 && y > 5.": "x < 10 && y > 5",
        "The field user_id is empty.": " user_id ",
    },
    "pt-en": {
        "“Não vou…”, disse ela.": "won't…",
        "O Sr. e a Sra. Silva moram em Lisboa.": "Mr. and Mrs. Silva",
        "Custa € 500.000 (quinhentos mil euros).": "(five hundred thousand euros)",
        "São R$ 2.345,00 (dois mil trezentos e quarenta e cinco reais).": "(two thousand three hundred and forty-five",
        "Sai_r": "_",
    },
}  # fmt: skip


def test_ends_brackets_and_numbers_in_words_are_those_of_the_text(pair, rows):
    found = {row["text"]: row["translation"] for row in rows(ENDS[pair])}
    assert {text: found[text] for text, part in ENDS[pair].items() if part not in found[text]} == {}
