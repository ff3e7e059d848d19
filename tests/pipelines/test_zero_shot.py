"""The user's own labels: tiny random models against transformers' own zero-shot pipeline."""

import json

import numpy as np
import pytest
from tiny import save_classifier
from transformers import pipeline

from nlpcli.errors import ModelUnusable, UsageError
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.zero_shot import (
    EntailmentClassifier,
    SimilarityClassifier,
    load_zero_shot_pipeline,
    zero_shot_classifier,
)
from nlpcli.runtime.device import Placement

TEXTS = ["a b c", "d e f g h i j", "k. l", "m"]
LABELS = ("x", "y z", "w")
HYPOTHESIS = "q r {}."
NLI = ("contradiction", "neutral", "entailment")


def load(folder, labels=LABELS):
    pipeline = load_zero_shot_pipeline(LocalModel("tiny", folder), Placement("cpu", "float32", "", ""))
    return zero_shot_classifier(pipeline, "tiny", labels, HYPOTHESIS)


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_entailment_is_what_transformers_makes_of_it(kind, tmp_path):
    folder = save_classifier(tmp_path, kind, NLI)
    ours = load(folder)
    assert isinstance(ours, EntailmentClassifier)
    found = ours.classify([windows[0] for windows in ours.windows(TEXTS)])
    theirs = pipeline("zero-shot-classification", model=str(folder), dtype="float32", device="cpu")
    for row, text in zip(found, TEXTS, strict=True):
        expected = theirs(text, list(LABELS), hypothesis_template=HYPOTHESIS)
        by_label = dict(zip(expected["labels"], expected["scores"], strict=True))
        assert np.allclose(row, [by_label[label] for label in LABELS], atol=1e-5)


def test_windows_leave_room_for_the_longest_label(tmp_path):
    ours = load(save_classifier(tmp_path, "bert", NLI))
    (windows,) = ours.windows(["a b c d e f. " * 20])
    assert len(windows) > 1
    assert ours.classify(windows).shape == (len(windows), len(LABELS))


def test_labels_that_leave_no_room_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no room"):
        load(save_classifier(tmp_path, "bert", NLI), ("a " * 30, "b"))


def test_a_classifier_of_other_things_is_refused(tmp_path):
    with pytest.raises(ModelUnusable, match="good, bad"):
        load(save_classifier(tmp_path, "bert", ("good", "bad")))


def test_an_encoder_compares_vectors(tmp_path):
    from transformers import BertConfig, BertModel

    save_classifier(tmp_path)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=33, **sizes)).save_pretrained(tmp_path)
    ours = load(tmp_path)
    assert isinstance(ours, SimilarityClassifier)
    found = ours.classify([windows[0] for windows in ours.windows([*TEXTS, "q r x."])])
    assert np.allclose(found.sum(1), 1)
    # The very sentence that asks about a label is nearest to that label.
    assert found[-1].argmax() == 0


def test_the_prompt_that_an_encoder_has_for_every_text_stands_before_texts_and_labels(tmp_path):
    from transformers import BertConfig, BertModel

    save_classifier(tmp_path)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=33, **sizes)).save_pretrained(tmp_path)
    (tmp_path / "modules.json").write_text("[]")
    plain = load(tmp_path)
    prompts = {"prompts": {"query": "p o "}, "default_prompt_name": "query"}
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    prompted = load(tmp_path)
    assert prompted.windows(TEXTS) == plain.windows(["p o " + text for text in TEXTS])
    assert not np.allclose(prompted._label_vectors, plain._label_vectors)
