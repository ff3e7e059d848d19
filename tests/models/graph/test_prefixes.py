"""What prompts begin with alike is computed once, and changes nothing."""

import numpy as np
import pytest

from nlpcli.models.graph.conversion import llama_graph
from nlpcli.models.graph.decoder import GraphDecoder
from nlpcli.models.graph.prefixes import FEWEST, Prefixes
from nlpcli.models.llama.configuration import llama_config
from nlpcli.models.reference import LocalModel
from tests.tiny import save_causal_lm

COMMON = [7 + number % 11 for number in range(3 * FEWEST)]
PROMPTS = [[*COMMON, *range(7, 7 + more)] for more in (1, 9, 4, 20)]


@pytest.fixture
def step(tmp_path, monkeypatch):
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path / "cache"))
    save_causal_lm(tmp_path / "model", "llama", head_dim=16, max_position_embeddings=128)
    return llama_graph(LocalModel("tiny", tmp_path / "model"), llama_config(tmp_path / "model"), 8).step


def steps(decoder, rows):
    return np.stack([decoder.step([token] * rows) for token in (8, 9, 10)], axis=1)


def test_prompts_that_begin_alike_are_computed_once_with_the_same_logits(step):
    if not step.goes_on_alike:
        pytest.skip("the products of this CPU differ for several rows, so that no beginning is kept")
    alone = []
    for prompt in PROMPTS:
        step.prefixes = Prefixes()
        decoder = GraphDecoder(step, 128)
        decoder.add([prompt])
        alone.append(steps(decoder, 1))
    step.prefixes = Prefixes()
    together = GraphDecoder(step, 128)
    together.add([PROMPTS[0], [12, 13], PROMPTS[1]])
    together.add(PROMPTS[2:])
    together.remove(1)  # the last row is second now
    logits = steps(together, 4)
    for row, number in enumerate((0, 3, 1, 2)):
        assert np.array_equal(logits[row], alone[number][0])
    assert len(COMMON) < together.read <= len(COMMON) + sum(len(prompt) - len(COMMON) for prompt in PROMPTS) + 2
    # The next run knows them all.
    later = GraphDecoder(step, 128)
    later.add(PROMPTS)
    assert later.read < 10
    assert np.array_equal(steps(later, 4)[0], alone[0][0])


def test_what_is_kept_is_bounded_and_what_was_used_longest_ago_goes(monkeypatch):
    states = np.zeros((2, 1, FEWEST, 4), np.float32)
    monkeypatch.setattr("nlpcli.models.graph.prefixes._MOST", 2 * states.nbytes)
    prefixes = Prefixes()
    prompts = [[number] * FEWEST for number in range(3)]
    for prompt in prompts[:2]:
        prefixes.keep(prompt, states)
    assert prefixes.longest(prompts[0]) is not None
    prefixes.keep(prompts[2], states)
    assert [prefixes.longest(prompt) is not None for prompt in prompts] == [True, False, True]
    assert prefixes.longest(prompts[0][1:]) is None
