import numpy as np
import pytest

from nlpcli.pipelines.attention.measures import strongest_links, summarize_heads
from nlpcli.records.inspection import AttentionMap, Kind, Token

PLAIN = tuple(Token(letter) for letter in "abcdefgh")
MARKED = (Token("[CLS]", special=True), *PLAIN[:5], Token(".", punctuation=True), Token("[SEP]", special=True))


def summary_of(weights, tokens=PLAIN, keys=None, kind=Kind.SELF, causal=False, top=0):
    weights = np.asarray(weights, dtype=np.float32)[None, None]
    visible = np.ones(weights.shape[1:], bool)
    visible = np.tril(visible) if causal else visible
    (summary,) = summarize_heads(AttentionMap(kind, tokens, keys or tokens, (0,), (0,), weights, visible), top)
    return summary


def shifted(by, size=8):
    """Every query attends to the token `by` places ahead of it, the last ones to themselves."""
    places = np.arange(size) + by
    return np.eye(size)[np.where((places >= 0) & (places < size), places, np.arange(size))]


def on(column, size=8):
    return np.eye(size)[np.full(size, column)]


@pytest.mark.parametrize(
    ("weights", "tokens", "pattern", "strength"),
    [
        (shifted(-1), PLAIN, "previous token", 1.0),
        (shifted(1), PLAIN, "next token", 1.0),
        (np.eye(8), PLAIN, "current token", 1.0),
        (on(0), PLAIN, "first-token sink", 1.0),
        (on(7), MARKED, "separators", 1.0),
        (on(6), MARKED, "punctuation", 1.0),
        (on(3), PLAIN, "focused", 1.0),
        (np.full((8, 8), 1 / 8), PLAIN, "broad", 1.0),
        (0.6 * shifted(-1) + 0.4 / 8, PLAIN, "previous token", 0.65),
    ],
)
def test_a_pattern_is_named_with_its_strength(weights, tokens, pattern, strength):
    summary = summary_of(weights, tokens)
    assert (summary.pattern, summary.strength) == (pattern, pytest.approx(strength, abs=1e-6))


def test_what_is_neither_broad_nor_focused_is_mixed():
    weights = np.zeros((8, 8))
    weights[:, 2:5] = 1 / 3
    assert summary_of(weights).pattern == "mixed"


def test_a_token_that_came_before_and_the_one_behind_it_are_told_apart():
    tokens = tuple(Token(letter) for letter in "abcdabcd")
    same, induction = np.eye(8), np.eye(8)
    same[4:] = np.eye(8)[:4]
    induction[4:] = np.eye(8)[1:5]
    assert summary_of(same, tokens, causal=True).pattern in {"same token", "current token"}
    assert summary_of(same, tokens, causal=True).measures["same"] == 1
    found = summary_of(induction, tokens, causal=True)
    assert (found.measures["induction"], found.measures["same"]) == (1, 0)


def test_entropy_is_in_bits_and_relative_to_what_is_seen():
    causal = np.tril(np.ones((4, 4))) / np.arange(1, 5)[:, None]
    summary = summary_of(causal, PLAIN[:4], causal=True)
    assert summary.measures["entropy"] == pytest.approx(np.log2([1, 2, 3, 4]).mean())
    assert summary.measures["relative_entropy"] == pytest.approx(1)
    assert summary.measures["next"] is None


def test_distance_is_in_tokens():
    assert summary_of(shifted(-1)).measures["distance"] == pytest.approx(7 / 8)
    assert summary_of(on(0)).measures["distance"] == pytest.approx(3.5)


def test_shares_leave_out_the_queries_to_which_they_do_not_apply():
    measures = summary_of(shifted(-1)).measures
    assert measures["previous"] == 1  # the first token has none before it
    assert measures["self"] == pytest.approx(1 / 8)


def test_an_even_share_of_two_tokens_is_no_pattern():
    assert summary_of(np.full((2, 2), 0.5), PLAIN[:2]).pattern == "broad"


def test_cross_attention_knows_no_distance_but_whether_it_goes_forward():
    words = tuple(Token(word) for word in ("the", "cat", "sat", "down"))
    forward = summary_of(np.eye(4), words, kind=Kind.CROSS)
    assert (forward.pattern, forward.strength) == ("monotone alignment", pytest.approx(1))
    assert forward.measures["distance"] is forward.measures["previous"] is None
    assert summary_of(np.eye(4)[::-1], words, kind=Kind.CROSS).measures["monotonicity"] == pytest.approx(-1)


def test_one_token_is_measured_without_a_warning():
    summary = summary_of([[1.0]], PLAIN[:1], causal=True)
    assert summary.measures["entropy"] == 0
    assert summary.measures["relative_entropy"] is None


def test_links_are_the_largest_first_and_no_zeros():
    matrix = np.array([[0.2, 0.8], [1.0, 0.0]])
    assert [(link.query, link.key) for link in strongest_links(matrix, 9)] == [(1, 0), (0, 1), (0, 0)]
    assert len(strongest_links(matrix, 2)) == 2
