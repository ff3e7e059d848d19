"""`--model auto`: what is chosen for which first texts, what is said of it, and where there is no choice."""

import logging
import threading

import pytest

from nlpcli.engines.job import AUTO, Job, ModelSpec
from nlpcli.engines.model_choice import check_choice, with_chosen_model
from nlpcli.errors import UsageError
from nlpcli.models.catalog import catalog
from nlpcli.records.inputs import InputSpec
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.arrivals import ReadAhead
from nlpcli.tasks.embed import EmbedOptions

ENGLISH = "The train to Lisbon leaves at noon from the second platform."
CHINESE = "这部电影太好看了，我还想再看一遍。"
GERMAN = "Der Zug nach Lissabon fährt um zwölf Uhr mittags vom zweiten Gleis ab."


def chosen(texts, role="embed", name=AUTO):
    records = [Record(text, {}, Origin("texts", line)) for line, text in enumerate(texts, start=1)]
    source = ReadAhead(records)
    job = with_chosen_model(Job("embed", EmbedOptions(), InputSpec(), ModelSpec(name, role=role)), source)
    assert [record.text for record in source.take(100)] == list(texts)  # looking at them takes none away
    return job.model.name


@pytest.mark.parametrize("role", ["embed", "labels", "sentiment", "summarize"])
@pytest.mark.parametrize(
    ("texts", "foreign"),
    [
        ([ENGLISH], False), ([], False), ([""], False), (["123 :-)", "ok"], False), (["gr8 m8", ENGLISH], False),
        ([CHINESE], True), ([GERMAN], True), ([ENGLISH, "", CHINESE], True),
    ],
)  # fmt: skip
def test_the_model_that_knows_the_first_texts_is_chosen_and_said_once(role, texts, foreign, caplog):
    with caplog.at_level(logging.WARNING):
        name = chosen(texts, role)
    assert name == (catalog().multilingual if foreign else catalog().defaults)[role]
    assert len(caplog.records) == int(foreign)
    if foreign:
        assert f"texts:{len(texts)} is in a language" in caplog.text
        assert name in caplog.text


def test_a_model_by_name_is_never_replaced():
    assert chosen([CHINESE], name="starter/minilm") == "starter/minilm"


def test_texts_that_flow_in_slowly_are_not_waited_for():
    more = threading.Event()

    def slowly():
        yield Record(CHINESE, {}, Origin("pipe", 1))
        more.wait(60)

    job = Job("embed", EmbedOptions(), InputSpec(), ModelSpec(AUTO, role="embed"))
    assert with_chosen_model(job, ReadAhead(slowly())).model.name == "starter/e5"
    more.set()


@pytest.mark.parametrize(
    "model", [ModelSpec(AUTO), ModelSpec(AUTO, role="translate"), ModelSpec(AUTO, "v1", role="embed")]
)
def test_where_there_is_nothing_to_choose_from_auto_is_refused(model):
    with pytest.raises(UsageError, match="--model auto"):
        check_choice(model)
