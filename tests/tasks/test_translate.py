"""The task of translating, with translators that do what real ones do now and then."""

import logging
from pathlib import Path

from tasks_by_hand import results_of

from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.translation.glossary import Glossary
from nlpcli.pipelines.translation.translators import Translation
from nlpcli.records.record import Origin, Record
from nlpcli.tasks.translate import TranslateOptions, TranslateTask


class Echo:
    """Says every sentence again; one with "lost" in it without that word."""

    longest_input = 64
    batch_tokens = None
    decode_slots = None
    reads_sentences = True
    source = "en"
    # Of no such language are the joining words known.
    target = "xx"

    def cost(self, text, source):
        return len(text.split()) + 1

    def translate(self, texts, source, linked):
        return [Translation(said(text), left_out="lost" if "lost" in text else "") for text in texts]

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
