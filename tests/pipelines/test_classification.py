"""Batches of tiny random classifiers against transformers' own pipeline, one text at a time."""

import numpy as np
import pytest
from tiny import LONGEST, save_classifier
from transformers import BertConfig, BertModel, pipeline

from nlpcli.errors import ModelUnusable
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.classification import load_classification_pipeline
from nlpcli.pipelines.labels import Meaning
from nlpcli.runtime.device import Placement

TEXTS = ["a b c", "d", "e f g h i j k l m n o p", "q r s t. u", "z"]
KINDS = ["bert", "camembert", "distilbert", "electra", "roberta", "xlm-roberta", "gpt2", "llama"]


def load(folder, dtype="float32"):
    return load_classification_pipeline(LocalModel("tiny", folder), Placement("cpu", dtype, "", ""))


def classified(ours, texts=TEXTS):
    return ours.classify([windows[0] for windows in ours.windows(texts)])


def expected(folder):
    theirs = pipeline("text-classification", model=str(folder), dtype="float32", device="cpu")
    names = theirs.model.config.id2label.values()
    rows = [{row["label"]: row["score"] for row in theirs(text, top_k=None)} for text in TEXTS]
    return np.array([[row[name] for name in names] for row in rows])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("bfloat16", 6e-2)])
def test_a_padded_batch_gives_what_transformers_gives_one_by_one(kind, dtype, tolerance, tmp_path):
    folder = save_classifier(tmp_path, kind)
    assert np.allclose(classified(load(folder, dtype)), expected(folder), atol=tolerance)


@pytest.mark.parametrize(
    ("config", "labels", "meaning"),
    [
        ({"problem_type": "multi_label_classification"}, ("a", "b", "c"), Meaning.ANY_OF),
        ({"problem_type": "regression"}, ("LABEL_0",), Meaning.NUMBER),
        ({}, ("toxic",), Meaning.ANY_OF),
    ],
)
def test_other_kinds_of_outputs_are_read_as_transformers_reads_them(config, labels, meaning, tmp_path):
    folder = save_classifier(tmp_path, "bert", labels, **config)
    ours = load(folder)
    assert ours.meaning is meaning
    assert np.allclose(classified(ours), expected(folder), atol=1e-5)


def test_a_long_text_has_windows_where_transformers_would_fail(tmp_path):
    ours = load(save_classifier(tmp_path))
    assert ours.longest_input == LONGEST
    ((first, *more),) = ours.windows(["a b c d e f. " * 30])
    assert more
    assert max(map(len, [first, *more])) <= LONGEST


def test_a_model_without_a_head_is_refused_with_advice(tmp_path):
    save_classifier(tmp_path)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=33, **sizes)).save_pretrained(tmp_path)
    with pytest.raises(ModelUnusable, match="no classification head.*--labels"):
        load(tmp_path)
