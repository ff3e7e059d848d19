"""Inspections made by hand: what the views draw, without a model."""

import numpy as np

from nlpcli.pipelines.attention.measures import summarize_heads
from nlpcli.records.inspection import AttentionMap, Inspection, Kind, LayerCheck, Token

SENTENCE = (
    "[CLS]",
    "一只",
    "猫",
    "😀",
    "sat",
    "##ting",
    "on",
    "👩‍👧",
    "the",
    "<script>",
    "naïve",
    "mat",
    "\n",
    "。",
    "[SEP]",
)
SOURCE = ("▁The", "▁cat", "▁sleeps", "▁today", ".", "</s>")
OUTPUT = ("▁今天", "猫", "在", "睡觉", "。", "</s>")


def tokens_of(texts):
    return tuple(
        Token(text, special=text in {"[CLS]", "[SEP]", "</s>"}, punctuation=text in {"。", "."}) for text in texts
    )


def heads(queries, keys, causal=False):
    """(2, 4, queries, keys): previous token, first token, even, and a slope, each at two strengths."""
    ahead = np.arange(keys) - np.arange(queries)[:, None] * keys / queries
    even = np.full((queries, keys), 1.0)
    patterns = [np.exp(-4 * np.abs(ahead + 1)), np.eye(keys)[np.zeros(queries, int)], even, np.exp(-np.abs(ahead) / 3)]
    weights = np.array([[pattern + noise for pattern in patterns] for noise in (0.002, 0.05)])
    weights = np.tril(weights) if causal else weights
    return (weights / weights.sum(-1, keepdims=True)).astype(np.float32)


def inspection_of(*maps, model="tiny", top=0, output=None, checks=()):
    summaries = tuple(summary for map_ in maps for summary in summarize_heads(map_, top))
    return Inspection(model, maps[0].keys, maps, summaries, output, checks)


def map_of(kind, queries, keys, causal=False, **more):
    weights = heads(len(queries), len(keys), causal)
    visible = np.ones((2, len(queries), len(keys)), bool)
    visible = np.tril(visible) if causal else visible
    return AttentionMap(kind, tokens_of(queries), tokens_of(keys), (0, 1), (0, 1, 2, 3), weights, visible, **more)


def encoder(**more):
    return inspection_of(map_of(Kind.SELF, SENTENCE, SENTENCE, **more), top=2)


def decoder(length=90):
    texts = tuple(["今天", "天气", "很", "好", "▁and", "▁we", "▁walk", "😀"][place % 8] for place in range(length))
    return inspection_of(map_of(Kind.SELF, texts, texts, causal=True), model="owner/a-model-with-a-long-name")


def translation():
    return inspection_of(
        map_of(Kind.SELF, SOURCE, SOURCE), map_of(Kind.CROSS, OUTPUT, SOURCE), output=tokens_of(OUTPUT)
    )


def verified(difference=2e-7):
    checks = (LayerCheck(Kind.SELF, 0, 1e-7, 2e-7, 3e-7), LayerCheck(Kind.SELF, 1, difference, 2e-7, 3e-7))
    return inspection_of(map_of(Kind.SELF, SENTENCE, SENTENCE), checks=checks)
