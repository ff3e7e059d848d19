"""Pairs of sentences and swapped names, against what they are defined as."""

import math

import pytest
import torch

from nlpcli.errors import NlpcliError, UsageError
from nlpcli.pipelines.likelihood import SentenceLikelihood
from nlpcli.records.record import Origin, Record
from nlpcli.tasks.bias import BiasOptions, PairsTask, pair_of, wilson
from nlpcli.tasks.bias_swap import FILE, Groups, SwapTask, mean_with_interval, read_groups

VOCABULARY = {
    word: number for number, word in enumerate(["[CLS]", "[SEP]", "[MASK]", "women", "men", "cannot", "drive", "well"])
}


class Tokenizer:
    mask_token_id, bos_token_id, eos_token_id = 2, 0, 1

    def __call__(self, text, add_special_tokens=True):
        ids = [VOCABULARY[word] for word in text.split()]
        return {"input_ids": [0, *ids, 1] if add_special_tokens else ids}

    def get_special_tokens_mask(self, ids, already_has_special_tokens):
        return [int(token < 2) for token in ids]


class Model:
    """Logits that depend on all tokens of a row and on the place."""

    def __call__(self, input_ids):
        generator = torch.Generator().manual_seed(1)
        table = torch.randn(len(VOCABULARY), len(VOCABULARY), generator=generator)
        hidden = table[input_ids].sum(1, keepdim=True) + table[input_ids]
        return type("Output", (), {"logits": hidden})()


def test_a_masked_model_is_asked_token_by_token_over_what_both_share():
    likelihood = SentenceLikelihood(Tokenizer(), Model(), True, "cpu")
    sentences = ["women cannot drive", "men cannot drive well"]
    found = likelihood.of_each(sentences)
    for sentence, places, score in zip(sentences, ([2, 3], [2, 3]), found, strict=True):
        tokens = Tokenizer()(sentence)["input_ids"]
        expected = 0.0
        for place in places:
            masked = [*tokens[:place], 2, *tokens[place + 1 :]]
            logits = Model()(torch.tensor([masked])).logits[0, place]
            expected += float(torch.log_softmax(logits, -1)[tokens[place]])
        assert score == pytest.approx(expected, abs=1e-5)


def test_a_causal_model_is_asked_for_the_whole_sentence():
    (score,) = SentenceLikelihood(Tokenizer(), Model(), False, "cpu").of_each(["women drive"])
    rows = torch.tensor([[0, 3, 6]])
    logits = torch.log_softmax(Model()(rows).logits[0], -1)
    assert score == pytest.approx(float(logits[0, 3] + logits[1, 6]), abs=1e-5)


class Fixed:
    def of_each(self, sentences):
        return [float(len(sentence)) for sentence in sentences]


def run(task, fields_of):
    records = [Record(str(number), fields, Origin("x", number), None) for number, fields in enumerate(fields_of, 1)]
    for record, split in zip(records, task.split(records), strict=True):
        outputs = task.run(split.units)
        failed = next((output for output in outputs if isinstance(output, NlpcliError)), None)
        if failed:
            record.error = str(failed)
        else:
            record.result = task.join(record, split.state, outputs)
    return list(task.reduce(iter(records)))


def test_shares_are_of_each_group_and_of_all():
    rows = run(PairsTask(BiasOptions("pairs"), Fixed()), [
        {"sent_more": "aaa", "sent_less": "a", "bias_type": "age"},
        {"sent_more": "a", "sent_less": "aa", "bias_type": "age"},
        {"sent_more": "aa", "sent_less": "a", "bias_type": "race"},
        {"text": "no pair"},
    ])  # fmt: skip
    failed, age, race, everything = rows
    assert "no pair" in failed.error
    assert [(row.result["group"], row.result["pairs"], row.result["share"]) for row in (age, race, everything)] == [
        ("age", 2, 0.5), ("race", 1, 1.0), ("all", 3, round(2 / 3, 6)),
    ]  # fmt: skip
    assert everything.result["interval"] == wilson(2 / 3, 3)


def test_the_interval_of_a_share_is_wilsons():
    # Of Wilson's formula at 81 of 263, z = 1.96 (Newcombe 1998, table I).
    assert wilson(81 / 263, 263) == pytest.approx([0.2553, 0.3662], abs=5e-5)


def test_stereosets_objects_are_pairs_too():
    sentences = [
        {"gold_label": "unrelated", "sentence": "u"},
        {"gold_label": "anti-stereotype", "sentence": "l"},
        {"gold_label": "stereotype", "sentence": "m"},
    ]
    assert pair_of({"sentences": sentences}) == ("m", "l")
    with pytest.raises(NlpcliError, match="jq -c"):
        pair_of({"data": {"intrasentence": []}})


class Classifier:
    """Positive by the share of the letter a."""

    labels = ("negative", "positive")

    def windows(self, texts):
        return [[text] for text in texts]

    def cost(self, window):
        return len(window)

    def classify(self, windows):
        import numpy as np

        shares = np.array([window.count("a") / len(window) for window in windows], np.float32)
        return np.stack([1 - shares, shares], 1)


def test_a_swap_compares_groups_text_by_text():
    groups = Groups({"one": ("ab", "ba"), "other": ("bb",)}, ())
    rows = run_texts(SwapTask(Classifier(), groups, None), ["{}cc", "bb c", "nobody"])
    error, one, other = rows
    assert "no {} and none of the terms" in error.error
    scores = {"one": [2 * 1 / 4 - 1, 2 * 1 / 4 - 1], "other": [-1, -1]}
    changes = [a - (a + b) / 2 for a, b in zip(scores["one"], scores["other"], strict=True)]
    assert one.result["change"] == pytest.approx(mean_with_interval(changes)[0])
    assert one.result["score"] == pytest.approx(-0.5)
    assert other.result["change"] == pytest.approx(-one.result["change"])


def run_texts(task, texts):
    records = [Record(text, {"text": text}, Origin("x", number)) for number, text in enumerate(texts, 1)]
    for record, split in zip(records, task.split(records), strict=True):
        outputs = task.run(split.units)
        failed = next((output for output in outputs if isinstance(output, NlpcliError)), None)
        record.error = str(failed) if failed else None
        record.result = None if failed else task.join(record, split.state, outputs)
    return list(task.reduce(iter(records)))


def test_the_interval_is_that_of_a_mean():
    mean, (low, high) = mean_with_interval([1.0, 2, 3, 6])
    deviation = math.sqrt(sum((value - 3) ** 2 for value in (1, 2, 3, 6)) / 3)
    assert (mean, high - low) == (3, pytest.approx(2 * 1.959964 * deviation / 2, abs=1e-5))
    assert mean_with_interval([1.0]) == (1, None)


def test_a_label_that_is_not_there_is_said():
    with pytest.raises(UsageError, match="it has: negative, positive"):
        SwapTask(Classifier(), read_groups(str(FILE)), "joy")
