"""Mails, pages, minutes, transcripts, logs and dialogues of our own: the first sentence of a summary is one of content.

`tests/data/summaries/documents.txt` holds them: a name, what may come first, the text.
"""

import re
from pathlib import Path

import pytest

from nlpcli.models.cache import ready_to_load, resolve
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.device import Placement
from nlpcli.tasks.summary import SummarizeOptions
from tests.tasks_by_hand import results_of, task_of

pytestmark = pytest.mark.starter

FEWEST_RIGHT = 28
PATH = Path(__file__).parents[1] / "data" / "summaries" / "documents.txt"


def documents():
    """Name, what may come first, and text of each."""
    for part in re.split(r"^=== ", PATH.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name, *lines = part.splitlines()
        first = [line.removeprefix("? ") for line in lines if line.startswith("? ")]
        yield name, first, "\n".join(line for line in lines if not line.startswith("? ")) + "\n"


def firsts(**options):
    """The first sentence of each summary."""
    model = ready_to_load(resolve("starter/minilm", None, True, lambda *_: None), lambda *_: None)
    task = task_of("summarize", SummarizeOptions(bullets=True, **options), model, Placement("cpu", "float32", "", ""))
    records = [Record(text, {}, Origin(name, 1)) for name, _, text in documents()]
    return [result["summary"].splitlines()[0].removeprefix("- ") for result in results_of(task, records)]


@pytest.mark.parametrize("length", ["short", "medium"])
def test_the_first_sentence_says_what_the_document_is_about(starter, length):
    wrong = {}
    for (name, accepted, _), first in zip(documents(), firsts(length=length), strict=True):
        if not any(start in first for start in accepted):
            wrong[name] = first
    assert len(list(documents())) == 30
    assert len(wrong) <= 30 - FEWEST_RIGHT, wrong
