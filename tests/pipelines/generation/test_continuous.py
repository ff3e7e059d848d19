"""Rows of many who share a batch: nobody waits long for the prompts of others."""

import pytest
import torch

from nlpcli.pipelines.generation.continuous import ContinuousBatch, Request
from nlpcli.pipelines.generation.sampling import Sampling, generator_for


class Rows:
    """A decoder that knows its rows and nothing else: the next token is always 1. `added`: the lengths of prompts."""

    longest = 1000

    def __init__(self):
        self.lengths, self.added = [], []

    @property
    def rows(self):
        return len(self.lengths)

    def add(self, tokens):
        self.lengths += [len(row) for row in tokens]
        self.added.append([len(row) + 1 for row in tokens])

    def step(self, tokens):
        assert len(tokens) == self.rows
        logits = torch.zeros(self.rows, 4)
        logits[:, 1] = 1
        return logits

    def remove(self, row):
        self.lengths[row] = self.lengths[-1]
        self.lengths.pop()


class Silent:
    """A stream of no text."""

    text, stopped = "", False

    def push(self, token):
        """Nothing is heard."""

    def finish(self):
        """Nothing waits."""


def requests(share, count, length, tokens=50):
    prompt = [2] * length
    return [
        Request((share, n), prompt, tokens, lambda: generator_for(1, prompt), Silent, share=share) for n in range(count)
    ]


@pytest.fixture
def decoder():
    return Rows()


def test_a_step_takes_up_no_more_prompts_than_rows_should_wait_for(decoder):
    batch = ContinuousBatch(decoder, Sampling(), frozenset({3}), 32, 100_000, admission=40)
    batch.submit(requests("one", 9, 10))
    for expected in (4, 8, 9, 9):
        batch.advance()
        assert decoder.rows == expected
    batch.submit(requests("one", 1, 300))
    batch.advance()
    assert decoder.rows == 10


def test_who_comes_has_a_row_in_the_next_step_before_the_prompts_of_others(decoder):
    batch = ContinuousBatch(decoder, Sampling(), frozenset({3}), 32, 100_000, admission=40)
    batch.submit(requests("many", 20, 10))
    batch.advance()
    batch.submit(requests("late", 1, 30))
    batch.advance()
    assert decoder.added[-1] == [30]
    # While two share it, a step takes up less.
    batch.advance()
    assert decoder.added[-1] == [10]
