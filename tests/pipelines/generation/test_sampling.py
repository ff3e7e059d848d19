import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.pipelines.generation.sampling import (
    RandomGenerator,
    Sampling,
    are_numbers,
    forbid,
    generator_for,
    next_tokens,
    penalise_repetition,
)

LOGITS = [[0.0, 1.0, 2.0, 3.0]]


@pytest.fixture(params=["torch", "numpy"])
def tensor(request):
    """Logits of either library."""
    return {"torch": torch.tensor, "numpy": lambda rows: np.array(rows, np.float32)}[request.param]


def draws(logits, sampling, count=400):
    generator = generator_for(1, "test")
    return [next_tokens(logits, sampling, [generator])[0] for _ in range(count)]


def test_temperature_0_takes_the_likeliest(tensor):
    assert set(draws(tensor(LOGITS), Sampling())) == {3}


def test_what_is_drawn_has_the_frequencies_of_the_softmax(tensor):
    found = draws(tensor(LOGITS), Sampling(temperature=1.0), 4000)
    counts = torch.bincount(torch.tensor(found), minlength=4) / 4000
    assert torch.allclose(counts, torch.tensor(LOGITS).softmax(-1)[0], atol=0.03)


@pytest.mark.parametrize(
    ("sampling", "possible"),
    [
        (Sampling(1.0, top_k=2), {2, 3}),
        (Sampling(1.0, top_k=9), {0, 1, 2, 3}),
        (Sampling(1.0, top_p=0.6), {3}),
        (Sampling(1.0, top_p=0.7), {2, 3}),
        (Sampling(1.0, top_p=0.0), {3}),
        (Sampling(1.0), {0, 1, 2, 3}),
    ],
)
def test_top_k_and_top_p_leave_the_rest_out(tensor, sampling, possible):
    assert set(draws(tensor(LOGITS), sampling)) == possible


def test_a_row_draws_the_same_whatever_is_beside_it(tensor):
    sampling, row = Sampling(temperature=1.0), LOGITS[0]
    alone = generator_for(7, "a")
    expected = [next_tokens(tensor([row]), sampling, [alone])[0] for _ in range(9)]
    mine, other = generator_for(7, "a"), generator_for(7, "b")
    assert [next_tokens(tensor([row[::-1], row]), sampling, [other, mine])[1] for _ in range(9)] == expected


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**63 - 1),
    temperature=st.sampled_from([0.2, 0.7, 1.0, 3.0]),
    top_p=st.sampled_from([0.1, 0.5, 0.9, 1.0]),
    top_k=st.sampled_from([0, 1, 20, 50]),
)
def test_numpy_draws_what_torch_draws(seed, temperature, top_p, top_k):
    """In float64 torch rounds no draw to another token: what is drawn lies nowhere near the edge of one."""
    logits = np.random.default_rng(seed).normal(size=(8, 60)).astype(np.float32) * 3
    sampling = Sampling(temperature, top_p, top_k)
    ours, theirs = ([RandomGenerator(seed + row) for row in range(8)] for _ in range(2))
    found = [next_tokens(logits, sampling, ours) for _ in range(5)]
    expected = [next_tokens(torch.from_numpy(logits).double(), sampling, theirs) for _ in range(5)]
    assert np.mean(np.array(found) == np.array(expected)) >= 39 / 40


@given(seed=st.integers(0, 2**64 - 1))
@settings(deadline=None, max_examples=20)
def test_chance_is_that_of_a_generator_of_torch(seed):
    generator, chance = torch.Generator().manual_seed(seed >> 1), RandomGenerator(seed >> 1)
    expected = [torch.rand(1, generator=generator).item() for _ in range(30)]
    assert [chance.draw() for _ in range(30)] == expected


def test_repetition_is_penalised_on_both_sides_of_zero(tensor):
    logits = tensor([[2.0, -2.0, 2.0]])
    penalise_repetition(logits, 0, [0, 1, 1], 2.0)
    assert logits.tolist() == [[1.0, -4.0, 2.0]]


def test_what_is_not_allowed_is_never_drawn(tensor):
    logits = tensor(LOGITS * 2)
    forbid(logits, 1, np.array([True, True, False]))
    assert logits[0].tolist() == LOGITS[0]
    assert logits[1].tolist() == [0.0, 1.0, -np.inf, -np.inf]
    assert set(draws(logits[1:], Sampling(1.0, top_k=3))) == {0, 1}


def test_a_row_with_one_logit_that_is_no_number_is_told(tensor):
    logits = tensor([[0.0, 1.0], [np.nan, 1.0]])
    assert are_numbers(logits) == [True, False]
    assert len(next_tokens(logits, Sampling(1.0), [RandomGenerator(0), RandomGenerator(1)])) == 2
