import pytest
import torch

from nlpcli.pipelines.generation.sampling import Sampling, generator_for, next_tokens, penalise_repetition

LOGITS = torch.tensor([[0.0, 1.0, 2.0, 3.0]])


def draws(sampling, count=400):
    generator = generator_for(1, "test")
    return [next_tokens(LOGITS, sampling, [generator])[0] for _ in range(count)]


def test_temperature_0_takes_the_likeliest():
    assert set(draws(Sampling())) == {3}


def test_what_is_drawn_has_the_frequencies_of_the_softmax():
    counts = torch.bincount(torch.tensor(draws(Sampling(temperature=1.0), 4000)), minlength=4) / 4000
    assert torch.allclose(counts, LOGITS.softmax(-1)[0], atol=0.03)


@pytest.mark.parametrize(
    ("sampling", "possible"),
    [
        (Sampling(1.0, top_k=2), {2, 3}),
        (Sampling(1.0, top_p=0.6), {3}),
        (Sampling(1.0, top_p=0.7), {2, 3}),
        (Sampling(1.0, top_p=0.0), {3}),
        (Sampling(1.0), {0, 1, 2, 3}),
    ],
)
def test_top_k_and_top_p_leave_the_rest_out(sampling, possible):
    assert set(draws(sampling)) == possible


def test_a_row_draws_the_same_whatever_is_beside_it():
    sampling = Sampling(temperature=1.0)
    alone = [next_tokens(LOGITS, sampling, [generator])[0] for generator in [generator_for(7, "a")] for _ in range(9)]
    mine, other = generator_for(7, "a"), generator_for(7, "b")
    beside = [next_tokens(torch.cat([LOGITS.flip(1), LOGITS]), sampling, [other, mine])[1] for _ in range(9)]
    assert alone == beside


def test_repetition_is_penalised_on_both_sides_of_zero():
    logits = torch.tensor([[2.0, -2.0, 2.0]])
    penalise_repetition(logits, 0, [0, 1, 1], 2.0)
    assert logits.tolist() == [[1.0, -4.0, 2.0]]
