"""`starter/entities` finds what spaCy itself finds with the whole pipeline of the wheel."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.models.catalog import catalog
from nlpcli.models.reference import LocalModel
from nlpcli.models.sources.wheel import fetch_model
from nlpcli.models.spacy_files import is_spacy
from nlpcli.pipelines import spacy_entities
from nlpcli.pipelines.noun_chunks import noun_chunks
from nlpcli.pipelines.spacy_entities import SpacyEntities, load_spacy_entities
from nlpcli.runtime.device import Placement
from nlpcli.tasks.extraction import STARTER_TYPES

pytestmark = pytest.mark.starter

spacy = pytest.importorskip("spacy", reason="the extra `extract` is not installed")
SHARED = Path(__file__).parents[3] / "shared" / "data"
TEXTS = [
    "Ada Lovelace was born in London on 10 December 1815.",
    "The mayor of Brightwater, Helen Marsh, paid £9 million to Alder & Sons Ltd. Work begins in April.",
    "",
    "no names here",
    "Zoë met 😀 Renée O’Neil at 9 a.m.\r\nThen they flew from New York\nto São Paulo for $1,200.50.",
    "U.S. forces left. Rome won. In the 1990s the Second World War\n\nwas taught in German by Mr. Smith's sister.",
]


@pytest.fixture(scope="module")
def finder(pull_starter):
    return load_spacy_entities(
        LocalModel("starter/entities", Path(pull_starter("starter/entities"))), Placement("cpu", "float32", "", "")
    )


@pytest.fixture(scope="module")
def whole(pull_starter, tmp_path_factory):
    """The pipeline as it lies in the wheel, with all its components."""
    folder = tmp_path_factory.mktemp("wheel")
    wheel = catalog().models["starter/entities"].origin
    fetch_model("starter/entities", replace(wheel, format=None), folder, lambda *_: None)
    return spacy.load(folder / "model")


def test_noun_chunks_are_those_of_the_whole_pipeline(whole, pull_starter):
    pull_starter("starter/entities")
    chunks = noun_chunks()
    for text in [*TEXTS, " ".join(TEXTS) * 3]:
        assert chunks.of(text) == [(one.start_char, one.end_char) for one in whole(text).noun_chunks]
    assert [TEXTS[1][start:end] for start, end in chunks.of(TEXTS[1])][:2] == ["The mayor", "Brightwater"]


def found(finder, texts):
    passages_of = finder.passages(texts)
    outputs = iter(finder.label([passage.payload for passages, _ in passages_of for passage in passages]))
    return [
        finder.spans(text, state, [next(outputs) for _ in passages])
        for text, (passages, state) in zip(texts, passages_of, strict=True)
    ]


def shared_texts():
    flores, summaries = SHARED / "flores" / "dev.en", SHARED / "summaries" / "cnndm-train-sample.jsonl"
    lines = flores.read_text(encoding="utf-8").splitlines()[:60] if flores.is_file() else []
    articles = summaries.read_text(encoding="utf-8").splitlines()[:6] if summaries.is_file() else []
    return [*lines, *(json.loads(article)["text"] for article in articles)]


def test_entities_are_those_of_the_whole_pipeline(finder, whole):
    texts = [*TEXTS, *shared_texts()]
    theirs = [[(one.start_char, one.end_char, one.text, one.label_) for one in doc.ents] for doc in whole.pipe(texts)]
    ours = [[tuple(span)[:4] for span in spans] for spans in found(finder, texts)]
    assert ours == theirs
    assert sum(map(len, ours)) > 15


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.sampled_from([*TEXTS, "e\u0301", "👩\u200d👧", "\r\n", "\u00a0", " ", "你好", "Paris"]), max_size=6
    ).map("".join)
)
def test_offsets_slice_the_text(finder, text):
    assert all(text[span.start : span.end] == span.text for (spans,) in [found(finder, [text])] for span in spans)


def test_a_batch_gives_what_each_text_gives_alone(finder):
    assert found(finder, TEXTS) == [found(finder, [text])[0] for text in TEXTS]


def test_a_very_long_text_is_cut_between_lines_and_its_offsets_hold(finder, monkeypatch):
    monkeypatch.setattr(spacy_entities, "MOST_CHARACTERS", 120)
    text = "\n".join([TEXTS[0], TEXTS[1], "x" * 300, TEXTS[0]] * 2)
    (spans,) = found(finder, [text])
    assert [span.text for span in spans].count("Ada Lovelace") == 4
    assert all(text[span.start : span.end] == span.text for span in spans)


def test_the_types_are_those_of_the_model(finder):
    assert isinstance(finder, SpacyEntities)
    assert {"PERSON", "GPE", "ORG", "DATE"} <= set(finder.types)
    assert sorted(finder.types) == sorted(STARTER_TYPES)


def test_spacy_loads_the_pinned_pipeline_alone(tmp_path):
    assert is_spacy(LocalModel("starter/entities", tmp_path))
    assert not is_spacy(LocalModel(str(tmp_path), tmp_path))
