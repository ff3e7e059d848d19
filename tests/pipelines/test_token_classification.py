"""Windows, offsets and scores of token classifiers, over tiny random ones."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import LONGEST, save_token_classifier
from transformers import pipeline as transformers_pipeline

from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.token_classification import _joined, _window_starts, load_token_classification_pipeline
from nlpcli.runtime.device import Placement

FLOAT32 = Placement("cpu", "float32", "", "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_token_classifier(tmp_path_factory.mktemp("ner"))


@pytest.fixture(scope="module")
def finder(folder):
    return load_token_classification_pipeline(LocalModel("tiny", folder), FLOAT32)


def spans_of(finder, texts, aggregation="average", batch=64):
    found = []
    passages_of = finder.passages(texts)
    flat = [passage.payload for passages, _ in passages_of for passage in passages]
    outputs = iter([row for start in range(0, len(flat), batch) for row in finder.label(flat[start : start + batch])])
    for text, (passages, state) in zip(texts, passages_of, strict=True):
        mine = [next(outputs) for _ in passages]
        found.append(finder.spans(text, state, mine, aggregation) if mine else [])
    return found


PIECES = st.sampled_from(
    [*"abcdefg.!", " ", "  ", "\n", "\r\n", "\t", "é", "e\u0301", "😀", "👩\u200d👩\u200d👧", "你好", "\u00a0", "x"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=60).map("".join), min_size=1, max_size=4))
def test_offsets_slice_the_text_and_a_batch_gives_what_each_text_gives_alone(finder, texts):
    together = spans_of(finder, texts)
    for text, spans in zip(texts, together, strict=True):
        assert all(text[span.start : span.end] == span.text == span.text.strip() != "" for span in spans)
        assert all(one.end <= other.start for one, other in itertools.pairwise(spans))
        (alone,) = spans_of(finder, [text], batch=1)
        assert [span[:4] for span in alone] == [span[:4] for span in spans]
        assert [span.score for span in alone] == pytest.approx([span.score for span in spans], abs=1e-4)


def test_a_short_text_has_the_entities_that_transformers_finds(folder, finder):
    theirs = transformers_pipeline(
        "token-classification", model=str(folder), tokenizer=str(folder), aggregation_strategy="simple"
    )
    text = "a q z. b f l m"
    (ours,) = spans_of(finder, [text], "simple")
    expected = [
        (one["entity_group"], one["start"], one["end"], pytest.approx(one["score"], abs=1e-5)) for one in theirs(text)
    ]
    assert [(span.label, span.start, span.end, span.score) for span in ours] == expected


@given(st.integers(0, 400), st.integers(1, 30))
def test_windows_cover_every_token_and_overlap(tokens, room):
    starts = _window_starts(tokens, room)
    assert all(a < b <= a + room for a, b in itertools.pairwise(starts))
    assert (starts == []) == (tokens == 0)
    if starts:
        assert starts[0] == 0
        assert min(starts[-1] + room, tokens) == tokens
    rows = [np.arange(start, min(start + room, tokens))[:, None] for start in starts]
    assert not starts or (_joined(rows, starts)[:, 0] == np.arange(tokens)).all()


def test_a_token_at_the_border_of_two_windows_is_read_in_the_middle_of_one(finder):
    text = " ".join("abcdefghijklmnopqrstuvwxyz" * 3)
    ((passages, state),) = finder.passages([text])
    room = LONGEST - 2
    assert len(passages) > 3
    outputs = [np.full((min(room, 78 - start), 5), place) for place, start in enumerate(state.starts)]
    joined = _joined(outputs, state.starts)[:, 0]
    for place, start in enumerate(state.starts[1:], start=1):
        first = int(np.flatnonzero(joined == place)[0])
        assert start < first, "the first token of a window is read in the one before"


@pytest.mark.parametrize("kind", ["distilbert", "roberta", "electra", "camembert"])
def test_any_architecture_that_labels_tokens_does(tmp_path, kind):
    folder = save_token_classifier(tmp_path, kind, labels=("O", "U-A", "B-A", "L-A"))
    finder = load_token_classification_pipeline(LocalModel("tiny", folder), FLOAT32)
    assert finder.types == ("A",)
    spans_of(finder, ["a b c", "", "d"])
