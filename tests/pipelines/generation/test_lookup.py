"""Drafts change no text, and are given up where they are not taken."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.models.graph.conversion import llama_graph
from nlpcli.models.graph.decoder import GraphDecoder
from nlpcli.models.llama.configuration import llama_config
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.generation.continuous import ContinuousBatch, Request
from nlpcli.pipelines.generation.lookup import Lookup
from nlpcli.pipelines.generation.sampling import Sampling, generator_for
from tests.tiny import save_causal_lm

CONTEXT = 128
# Prompts that repeat themselves, so that there is something to look up, and texts that go on with it or not.
PROMPTS = [[7 + (number * step) % (3 + number % 9) for step in range(12 + number)] for number in range(24)]


class Silent:
    """A stream of no text."""

    text, stopped = "", False

    def push(self, token):
        """Nothing is heard."""

    def finish(self):
        """Nothing waits."""


class OneByOne:
    """The same decoder for whoever knows no `extend`."""

    def __init__(self, decoder):
        self.longest, self.add, self.step, self.remove = decoder.longest, decoder.add, decoder.step, decoder.remove


@pytest.fixture(scope="module")
def step(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lookup")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NLPCLI_CACHE_DIR", str(folder / "cache"))
        save_causal_lm(folder / "model", "llama", head_dim=16, max_position_embeddings=CONTEXT)
        return llama_graph(LocalModel("tiny", folder / "model"), llama_config(folder / "model"), 8).step


def written(decoder, sampling, prompt):
    batch = ContinuousBatch(decoder, sampling, frozenset({3}), 32, 4096)
    batch.submit([Request(None, prompt, 40, lambda: generator_for(1, prompt), Silent)])
    while True:
        (event,) = batch.advance()
        if event.ending is not None:
            return event.tokens, event.ending


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(repetition_penalty=1.3), Sampling(0.3, top_k=5)])
@torch.inference_mode()
def test_texts_are_the_same_with_drafts_and_without(step, sampling, monkeypatch):
    if not GraphDecoder(step, CONTEXT).most_extended():
        pytest.skip("the products of this CPU differ for several rows, so that nothing is drafted")
    taken = []
    note = Lookup.note
    monkeypatch.setattr(Lookup, "note", lambda self, count: (taken.append(count), note(self, count)))
    monkeypatch.setattr("nlpcli.pipelines.generation.continuous._HITS", 0)
    for prompt in PROMPTS:
        alone = written(OneByOne(GraphDecoder(step, CONTEXT)), sampling, prompt)
        assert written(GraphDecoder(step, CONTEXT), sampling, prompt) == alone
    assert taken
    assert sum(taken) > 0 or sampling.temperature


def test_what_followed_before_is_what_is_drafted():
    lookup = Lookup()
    assert lookup.draft([1, 2, 3, 4, 5, 6, 7, 1, 2, 3], 9) == [4, 5, 6, 7, 1, 2, 3]
    assert lookup.draft([1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 9], 9) == []
    assert lookup.draft([1, 2], 9) == []


def test_what_would_have_been_guessed_is_counted():
    lookup = Lookup()
    for end in range(1, 11):
        lookup.draft([1, 2, 3, 4, 1, 2, 3, 4, 1, 9][:end], 9)
    assert lookup.hits == 2  # the second 4 and the third 1, behind what stood before; 9 was not


def test_drafts_of_which_nothing_is_taken_become_rare():
    lookup, tokens, drafts = Lookup(), [1, 2, 3], 0
    for _ in range(100):
        tokens += [1, 2, 3]
        if lookup.draft(tokens, 9):
            drafts += 1
            lookup.note(0)
    assert 3 < drafts < 10


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(0, 12))
def test_a_draft_stood_behind_the_same_tokens(tokens, most):
    lookup = Lookup()
    for end in range(1, len(tokens) + 1):
        draft = lookup.draft(tokens[:end], most)
        assert len(draft) <= most
        text = ",".join(map(str, tokens[:end]))
        assert not draft or ",".join(map(str, [*tokens[end - 3 : end], *draft])) in text
