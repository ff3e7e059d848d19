"""The task of translating, with translators that do what real ones do now and then."""

import logging
import re
from pathlib import Path

import pytest
from tasks_by_hand import results_of

from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.translation.glossary import Glossary
from nlpcli.pipelines.translation.inline import Link
from nlpcli.pipelines.translation.translators import Translation
from nlpcli.records.record import Origin, Record
from nlpcli.tasks.translate import TranslateOptions, TranslateTask


class Knows:
    """A vocabulary of some characters, and of words in small letters."""

    def __init__(self, characters=""):
        self.lacking = set(characters)

    def lacks(self, text):
        return self.lacking & set(text)

    def has_word(self, word):
        return word.islower() and word not in ("zoe", "lodz")


class Echo:
    """Says every sentence again; one with "lost" in it without that word."""

    longest_input = 64
    batch_tokens = None
    decode_slots = None
    reads_sentences = True
    source = "en"
    # Of no such language are the joining words known.
    target = "xx"
    vocabulary = Knows()

    def cost(self, text, source):
        return len(text.split()) + 1

    def translate(self, texts, source, linked):
        return [Translation(said(text), left_out="lost" if "lost" in text else "") for text in texts]

    def translate_scored(self, texts, source):
        return self.translate(texts, source, False)

    def wider(self):
        return self


def said(text):
    return text.replace(" lost", "").replace("lost", "")


def results(texts, translator=None):
    task = TranslateTask(TranslateOptions(source="en"), translator or Echo(), LocalModel("echo", Path()), Glossary({}))
    records = [Record(text, {}, Origin("a.txt", line)) for line, text in enumerate(texts, start=1)]
    return results_of(task, records)


def test_what_is_left_out_marks_its_record_and_is_announced_once(caplog):
    with caplog.at_level(logging.WARNING, "nlpcli"):
        found = results(["All is here.", "This is lost. So is lost this.", "And lost."])
    assert "warning" not in found[0]
    assert found[1]["warning"] == found[2]["warning"] == "the translation seems to leave out: lost"
    assert found[1]["translation"] == "This is. So is this."
    (announced,) = caplog.messages
    assert announced.startswith("a.txt:2: the translation seems to leave out: lost")


class LosesWhatIsLong(Echo):
    """Loses the clauses of a sentence behind its third; `wider` loses none."""

    def __init__(self, most=3, wide=None):
        self.most, self.wide = most, wide

    def translate(self, texts, source, linked):
        clauses = [text.split(", ") for text in texts]
        return [
            Translation(", ".join(of_text[: self.most]), left_out=", ".join(of_text[self.most :]))
            for of_text in clauses
        ]

    def wider(self):
        return self.wide or self


LONG = "Ann sang, and Bob slept, and Eve cooked, and Dan read, and Kim wrote, and Joe ran."


def test_what_is_left_out_of_a_sentence_is_not_left_out_of_its_halves(caplog):
    (result,) = results([LONG], LosesWhatIsLong(most=3))
    assert result == {"translation": LONG, "source_lang": "en", "target_lang": "xx"}
    (result,) = results([LONG], LosesWhatIsLong(most=2))
    assert result["translation"] == LONG
    assert not caplog.messages


def test_what_is_left_out_of_the_halves_too_is_searched_wider():
    (result,) = results(["Ann sang, Bob slept."], LosesWhatIsLong(most=0, wide=LosesWhatIsLong(most=9)))
    assert result == {"translation": "Ann sang, Bob slept.", "source_lang": "en", "target_lang": "xx"}


class Miscounts(Echo):
    """Says 1,650 for 1,450; with `always`, whatever stands for it too."""

    target = "pt"

    def __init__(self, always=False):
        self.always = always

    def translate(self, texts, source, linked):
        return [Translation(self.miscounted(text)) for text in texts]

    def miscounted(self, text):
        found = text.replace("1,450", "1,650")
        return re.sub(r"\bK1K\b|\bXQ1Z\b|\bZx1b\b", "7", found) if self.always else found


def test_a_number_that_a_model_changes_goes_through_as_a_stand_in_and_is_written_as_the_language_does():
    (result,) = results(["The price is $1,450.00 today."], Miscounts())
    assert result == {"translation": "The price is $1.450,00 today.", "source_lang": "en", "target_lang": "pt"}


def test_another_number_than_that_of_the_source_marks_the_record(caplog):
    class Adds(Miscounts):
        def translate(self, texts, source, linked):
            return [Translation(f"{text} 77.") for text in texts]

    with caplog.at_level(logging.WARNING, "nlpcli"):
        one, two = results(["It costs 1,450 dollars.", "No sum at all here."], Adds())
    assert one["warning"] == two["warning"] == "the translation says 77, which its text does not"
    assert len(caplog.messages) == 1


class Lacks(Echo):
    """Drops what its vocabulary lacks."""

    def __init__(self, characters):
        self.vocabulary = Knows(characters)

    def translate(self, texts, source, linked):
        lacking = str.maketrans("", "", "".join(self.vocabulary.lacking))
        return [Translation(text.translate(lacking)) for text in texts]


@pytest.mark.parametrize("text", [
    "It costs £250 now.", "If x ≤ 10, stop.", "Great!🎉 See you at five.", "He said “no” and left.", "The pub is O’Malley’s.",
    "A plan – which failed – was old.", "A plan—which failed—was old.", "Pages 10–20 are out.", "• One thing more",
    "Zoë lives in Łódź.", "The word 漢字 テスト is here.", "Press 1️⃣ now.", "A 👩🏿‍🚀 and a 🇧🇷 flag.", "5\u00a0kg of rice.",
    "Well… I do not know…", "See x² and ½ cup.", "Read more…", "It is Zoë’s bag.", "« Oui », he said.", "Acme® makes it.", "#tag and @me are kept.",
])  # fmt: skip
def test_what_a_vocabulary_lacks_comes_through_a_model_that_drops_it(text):
    lacking = {character for character in text if not character.isascii()} | set("#@")
    (result,) = results([text], Lacks(lacking))
    assert result["translation"] == text


def test_a_text_in_capitals_is_given_small_letters_and_comes_out_in_capitals():
    seen = []

    class Sees(Echo):
        def translate(self, texts, source, linked):
            seen.extend(texts)
            return super().translate(texts, source, linked)

    found = results(["PLEASE CALL THE NASA OFFICE TODAY", "This is VERY good."], Sees())
    assert [row["translation"] for row in found] == ["PLEASE CALL THE NASA OFFICE TODAY", "This is VERY good."]
    assert {"Please call the NASA office today", "This is very good."} <= set(seen)
    assert not [text for text in seen if text.replace("NASA", "").upper() == text or "VERY" in text]


def test_a_text_without_a_full_stop_gets_none_and_no_word_twice():
    class Doubles(Echo):
        def translate(self, texts, source, linked):
            return [Translation(f"{text.rstrip('.')} {text.rstrip('.')}.") for text in texts]

    assert results(["Cancel"], Doubles())[0]["translation"] == "Cancel"


def test_the_variant_of_a_short_text_of_which_a_model_is_surer_is_taken():
    class PrefersFullStops(Echo):
        def translate_scored(self, texts, source):
            return [Translation("Colar." if "." in text else "Pasta", score=-len(text)) for text in texts]

    class PrefersNone(PrefersFullStops):
        def translate_scored(self, texts, source):
            found = super().translate_scored(texts, source)
            return [translation._replace(score=-translation.score) for translation in found]

    assert results(["Paste"], PrefersFullStops())[0]["translation"] == "Pasta"
    assert results(["Paste"], PrefersNone())[0]["translation"] == "Colar"


def test_a_dash_that_a_model_drops_stands_between_words_again():
    class DropsDashes(Echo):
        def translate(self, texts, source, linked):
            said = [text.replace(" - ", " ") for text in texts]
            return [Translation(text, links=word_links(of, text)) for of, text in zip(texts, said, strict=True)]

    text = "A plan – which failed — was old."
    assert results([text], DropsDashes())[0]["translation"] == text


def word_links(source, target):
    """Each word of the target with the same word of the source."""
    pairs = zip(re.finditer(r"\S+", target), re.finditer(r"[^\s-]+", source), strict=True)
    return [Link(*own.span(), *other.span()) for own, other in pairs]


class Says(Echo):
    """Says what it was told to say of each text, in Portuguese; else the text again."""

    target = "pt"

    def __init__(self, **says):
        self.says = {text.replace("_", " "): said for text, said in says.items()}

    def translate(self, texts, source, linked):
        return [Translation(self.says.get(text, text)) for text in texts]


@pytest.mark.parametrize(
    ("text", "says", "written"),
    [
        ("It is on Thu at noon.", {"It is on Thu at noon.": "É ao meio-dia.", "It is on Thursday at noon.": "É na quinta-feira."}, "É na quinta-feira."),
        ("Two salt & pepper pots.", {"Two salt & pepper pots.": "Dois potes de sal.", "Two salt and pepper pots.": "Dois potes de sal e pimenta."}, "Dois potes de sal e pimenta."),
        ("Two salt & pepper pots and a lid.", {"Two salt & pepper pots and a lid.": "Dois potes de sal e pimenta e uma tampa."}, "Dois potes de sal & pimenta e uma tampa."),
        ("Mr. & Mrs. Lee", {"Mr. and Mrs. Lee": "O Sr. e a Sra. Lee"}, "O Sr. e a Sra. Lee"),
        ("From Jan to Mar 2023 sales fell.", {"From January to March 2023 sales fell.": "De janeiro a março de 2023 caíram."}, "De janeiro a março de 2023 caíram."),
        ("Apr. to Sept. they rose.", {"April to September they rose.": "De abril a setembro subiram."}, "De abril a setembro subiram."),
        ("Sales of Jan.-Feb.", {"Sales of January-February.": "Vendas de janeiro-fevereiro."}, "Vendas de janeiro-fevereiro."),
        ("&File", {"File": "Arquivo"}, "&Arquivo"),
        ("Save &As...", {"Save As...": "Salvar como..."}, "S&alvar como..."),
        ("&Open file", {"Open file": "Abrir o arquivo"}, "Abrir &o arquivo"),
        ("R&D", {"R&D": "P&D"}, "P&D"),
        ("It lasts 12 (twelve) months.", {"It lasts 12 (twelve) months.": "Dura 12 (s) meses."}, "Dura 12 (doze) meses."),
        ("In 25 (twenty-five) days.", {"In 25 (twenty-five) days.": "Em 25 (5) dias."}, "Em 25 (vinte e cinco) dias."),
        ("All rights of it.", {"All rights of it.": "todos os direitos (a)."}, "Todos os direitos."),
        ("May 12 is the day.", {"May 12 is the day.": "12 de maio é o dia."}, "12 de maio é o dia."),
        ("npm is used here.", {"npm is used here.": "npm é usado."}, "npm é usado."),
        ("Read more »", {"Read more": "Leia mais"}, "Leia mais »"),
        ("« Back", {"Back": "Voltar"}, "« Voltar"),
        ("About us", {"About us": "Sobre nós Sobre nós"}, "Sobre nós"),
    ],
)  # fmt: skip
def test_days_signs_spaces_and_capitals_are_those_of_the_text(text, says, written):
    (found,) = results([text], Says(**says))
    assert found["translation"] == written
    assert "warning" not in found


def test_a_day_that_no_attempt_says_marks_the_record():
    (found,) = results(["It is on Monday."], Says(**{"It is on Monday.": "É hoje."}))
    assert found["warning"] == "the translation lacks Monday"
