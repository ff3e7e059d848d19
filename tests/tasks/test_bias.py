"""Pairs of sentences and swapped names, against what they are defined as."""

import json
import math
from difflib import SequenceMatcher

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from nlpcli.errors import InputBroken, NlpcliError, UsageError
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.likelihood import load_likelihood
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.device import choose, describe_hardware
from nlpcli.tasks.bias import BiasOptions, PairsTask, pair_of, pairs_of, wilson
from nlpcli.tasks.bias_swap import FILE, Groups, SwapTask, mean_with_interval, read_groups
from tests.tiny import save_causal_lm, save_masked_lm

MASKED = ["bert", "roberta", "distilbert", "electra", "mpnet", "xlm-roberta", "camembert"]
PAIRS = [("a b c d", "e b c f"), ("a b c", "b b c d e"), ("f g h", "a c e"), ("b a a b", "a a")]


def likelihood_of(folder):
    return load_likelihood(LocalModel("tiny", folder), choose(describe_hardware(), "cpu", "float32"))


@pytest.mark.parametrize("kind", MASKED)
def test_a_masked_model_is_asked_token_by_token_over_what_both_share(kind, tmp_path):
    """By CrowS-Pairs' own procedure over transformers: one token of the shared ones masked at a time."""
    folder = save_masked_lm(tmp_path, kind)
    found = likelihood_of(folder)
    assert found.is_masked
    model, tokenizer = AutoModelForMaskedLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    for pair in PAIRS:
        tokens = [tokenizer(sentence, return_tensors="pt")["input_ids"][0] for sentence in pair]
        codes = SequenceMatcher(None, *[[str(token) for token in row.tolist()] for row in tokens]).get_opcodes()
        spans = [(range(a, b), range(c, d)) for tag, a, b, c, d in codes if tag == "equal"]
        expected = []
        for row, places in zip(tokens, zip(*spans, strict=True), strict=True):
            # Neither the first nor the last token, which stand around the sentence.
            shared = [place for span in places for place in span][1:-1]
            expected.append(sum(log_probability(model, tokenizer, row, place) for place in shared))
        assert found.of_each(pair) == pytest.approx(expected, abs=2e-4)


def log_probability(model, tokenizer, row, place):
    masked = row.clone()
    masked[place] = tokenizer.mask_token_id
    with torch.no_grad():
        return float(model(input_ids=masked[None]).logits[0, place].log_softmax(-1)[row[place]])


@pytest.mark.parametrize("kind", ["gpt2", "llama", "qwen2"])
def test_a_causal_model_is_asked_for_the_whole_sentence(kind, tmp_path):
    folder = save_causal_lm(tmp_path, kind)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    for sentence, score in zip(("a b c", "c d"), likelihood_of(folder).of_each(["a b c", "c d"]), strict=True):
        begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
        row = torch.tensor([[begin, *tokenizer(sentence)["input_ids"]]])
        # transformers' own loss is the mean over the tokens behind the first.
        loss = model(input_ids=row, labels=row).loss
        assert score == pytest.approx(-loss.item() * (row.shape[1] - 1), abs=2e-4)


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


def stereoset(more="m", less="l", context="BLANK", kind="gender"):
    labelled = [("unrelated", "u"), ("anti-stereotype", less), ("stereotype", more)]
    sentences = [{"id": "1", "sentence": text, "labels": [], "gold_label": label} for label, text in labelled]
    return {"id": "0", "target": "t", "bias_type": kind, "context": context, "sentences": sentences}


def test_stereosets_objects_are_pairs_too():
    assert pair_of(stereoset()) == ("m", "l")
    assert pair_of({"sentences": json.dumps(stereoset()["sentences"])}) == ("m", "l")
    table = {"sentence": ["l", "u", "m"], "gold_label": [0, 2, 1]}
    assert pair_of({"context": "BLANK", "sentences": table}) == ("m", "l")
    assert pair_of({"context": "BLANK", "sentences": {**table, "gold_label": ["stereotype", "x", "anti-stereotype"]}}) == (
        "l", "m",
    )  # fmt: skip


def test_what_follows_a_context_is_scored_behind_it():
    assert pair_of(stereoset(context="He is here.")) == ("He is here. m", "He is here. l")


def test_stereosets_whole_file_gives_all_its_pairs():
    data = {
        "intrasentence": [stereoset("aaa", "a"), stereoset("a", "aa", kind="race")],
        "intersentence": [stereoset("b", "bb", "c")],
    }
    whole = {"version": "1.1", "data": data}
    rows = run(PairsTask(BiasOptions("pairs"), Fixed()), [whole])
    assert [(row.result["group"], row.result["pairs"], row.result["share"]) for row in rows] == [
        ("gender", 2, 0.5), ("race", 1, 0.0), ("all", 3, round(1 / 3, 6)),
    ]  # fmt: skip
    each = run(PairsTask(BiasOptions("pairs", each=True), Fixed()), [whole])
    assert [(row.fields["bias_type"], row.result["preferred"]) for row in each] == [
        ("gender", "more"), ("race", "less"), ("gender", "less"),
    ]  # fmt: skip
    with pytest.raises(InputBroken, match="no pair"):
        pairs_of({"data": {}}, "bias_type")


@pytest.mark.parametrize(("value", "group"), [(0, "race-color"), (8, "age"), ("age", "age"), (None, "all"), (9, "9")])
def test_a_group_of_crows_pairs_has_its_name_also_where_the_hubs_table_has_a_number(value, group):
    assert pairs_of({"sent_more": "a", "sent_less": "b", "bias_type": value}, "bias_type")[0].group == group
    assert pairs_of({"sent_more": "a", "sent_less": "b", "by": 0}, "by")[0].group == "0"


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
