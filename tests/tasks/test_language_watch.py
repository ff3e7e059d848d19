"""A text in a language that the model does not know: one warning, with the model of the catalogue that does."""

from pathlib import Path

import pytest

from nlpcli.models.catalog import catalog
from nlpcli.models.reference import LocalModel
from nlpcli.records.record import Origin, Record
from nlpcli.tasks.language_watch import LanguageWatch

TEXTS = {
    "zh": "这部电影太好看了，我还想再看一遍。",
    "de": "Der Zug nach Lissabon fährt um zwölf Uhr mittags vom zweiten Gleis ab.",
    "pt": "O gato está sentado no tapete e não quer sair de casa hoje.",
}
# Known to the detector and to no starter model.
CEBUANO = "Ang Dapit sa Pagkatawo usa ka lungsod sa Pilipinas nga nahimutang sa amihanang bahin sa isla sa Sugbo."


def warned(name, role, text, languages=("en",)):
    model = LocalModel(name, Path(), languages=languages)
    LanguageWatch(model, role)([Record(text, {}, Origin("a.txt", 7))] * 3)


@pytest.mark.parametrize("code", TEXTS)
@pytest.mark.parametrize("role", ["embed", "labels", "sentiment", "summarize"])
def test_the_model_that_knows_the_language_is_named(role, code, caplog):
    warned("starter/minilm", role, TEXTS[code])
    (record,) = caplog.records
    assert record.getMessage().startswith(f"a.txt:7 seems to be in another language ({code}): starter/minilm knows en")
    assert f"-m {catalog().multilingual[role]}" in record.getMessage()


@pytest.mark.parametrize(("role", "text"), [("", TEXTS["zh"]), ("extract", TEXTS["zh"]), ("embed", CEBUANO)])
def test_without_such_a_model_none_is_named(role, text, caplog):
    warned("some/model", role, text)
    assert caplog.messages[0].endswith("choose a model of that language with -m")


def test_a_hundred_languages_are_counted_and_not_listed(caplog):
    warned("starter/e5", "embed", CEBUANO, catalog().languages("starter/e5"))
    assert "knows 93 others" in caplog.messages[0]


def test_what_a_model_knows_is_not_warned_of(caplog):
    for text in TEXTS.values():
        warned("starter/e5", "embed", text, catalog().languages("starter/e5"))
    assert caplog.messages == []
