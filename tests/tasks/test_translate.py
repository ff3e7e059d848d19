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
    target = "pt"

    def cost(self, text, source):
        return len(text.split()) + 1

    def translate(self, texts, source, linked):
        return [Translation(text.replace(" lost", ""), left_out="lost" if " lost" in text else "") for text in texts]


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
