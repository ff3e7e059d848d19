"""Words on buttons and signs, titles: how they are asked for, and which answer is taken."""

import pytest

from nlpcli.pipelines.translation.preparation import Languages
from nlpcli.pipelines.translation.short_texts import (
    SIGNS,
    Asked,
    best_of,
    is_title,
    other_variants_of,
    sign_of,
    titled,
    variants_of,
)
from nlpcli.pipelines.translation.translators import Translation
from nlpcli.text.edits import Edited

EN_PT, PT_EN = Languages("en", "pt"), Languages("pt", "en")
COMMON = frozenset(
    ["the", "quick", "brown", "fox", "will", "smith", "wins", "size", "color", "a", "rápida", "raposa", "marrom"]
)


def asked(text, languages=EN_PT, in_capitals=False):
    return Asked(text, languages, in_capitals, COMMON.__contains__)


@pytest.mark.parametrize("text", ["The Quick Brown Fox", "Save As", "Gone With the Wind", "Are You Sure?", "My iPhone"])
def test_a_title_is_told_by_the_capitals_of_all_but_little_words(text):
    assert is_title(text, "en")
    assert not is_title(text.capitalize(), "en")
    assert not is_title(f"{text}.".replace("?", ""), "en")
    assert not is_title(text, "de")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a hora da estrela", "A Hora da Estrela"), ("save as", "Save As"), ("the iPhone of tomorrow", "The iPhone of Tomorrow"),
     ("inscreva-se já", "Inscreva-se Já"), ("", "")],
)  # fmt: skip
def test_a_title_gets_its_capitals_back(text, expected):
    assert Edited(text, titled(text)).text == expected


def test_a_text_is_asked_for_with_and_without_its_full_stop():
    assert variants_of("Save") == ["Save", "Save."]
    assert variants_of("Save.") == ["Save.", "Save"]
    assert variants_of("Sure?") == ["Sure?"]


def test_names_money_and_abbreviations_keep_their_capitals():
    assert "will smith wins" in other_variants_of(asked("Will Smith Wins"), "Vai Ferreiro Ganha")
    assert other_variants_of(asked("Will Smith Wins"), "Will Smith ganha") == ["Will Smith wins", "Will Smith wins."]
    assert {one.rstrip(".") for one in other_variants_of(asked("I Pay R$ 5 to NATO"), "")} == {
        "I pay R$ 5 to NATO", "I Pay R$ 5 to NATO"
    } - {"I Pay R$ 5 to NATO"}  # fmt: skip
    assert "size or color" in other_variants_of(asked("Size/Color"), "")


def test_what_copies_loses_or_adds_words_has_to_be_surer():
    def best(text, *tried):
        return best_of(asked(text), [(text, Translation(one, score=score)) for one, score in tried]).translation.text

    text = "The Quick Brown Fox"
    assert best(text, ("O Quick Brown Fox", -0.03), ("A rápida raposa marrom", -0.1)) == "A rápida raposa marrom"
    assert best(text, ("A raposa", -0.01), ("A rápida raposa marrom", -0.1)) == "A rápida raposa marrom"
    assert best(text, ("A rápida raposa marrom (em inglês)", -0.01), ("A rápida raposa marrom", -0.1))[-1] != ")"
    assert best("Will Smith wins", ("Will Smith ganha", -0.1), ("Vai Ferreiro ganha", -0.4)) == "Will Smith ganha"


@pytest.mark.parametrize(
    ("text", "languages", "expected"),
    [("On/Off", EN_PT, "Ligado/Desligado"), ("yes/no", EN_PT, "sim/não"), ("Save As.", EN_PT, "Salvar como"),
     ("Liga/Desliga", PT_EN, "On/Off"), ("On/Off", Languages("en", "de"), None), ("Quick/Brown", EN_PT, None)],
)  # fmt: skip
def test_signs_are_looked_up_whole_and_by_their_parts(text, languages, expected):
    assert sign_of(text, languages) == expected


def test_the_list_of_signs_has_no_text_twice():
    rows = [line.split("\t") for line in SIGNS.read_text(encoding="utf-8").splitlines()]
    assert all(len(row) == 2 and all(row) for row in rows)
    english = [row[0] for row in rows]
    assert len(english) == len(set(english))
