"""Integrated gradients: exact where the exact answer is known, complete everywhere."""

import numpy as np
import pytest
import torch
from tiny_attention import FAMILIES, save_attention_model

from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.attention.pipeline import load_attention_pipeline
from nlpcli.pipelines.attribution.integrated import LARGER_TOLERANCE, TOLERANCE, integrated_gradients
from pipelines.attention.test_pipeline import PLACEMENT, TEXT, request_of


def test_a_linear_function_is_attributed_exactly():
    weights = torch.tensor([[1.0, -2.0], [0.5, 3.0], [0.0, 0.0]])
    inputs, baseline = torch.tensor([[1.0, 1.0], [2.0, -1.0], [5.0, 5.0]]), torch.ones(3, 2) / 2
    integral = integrated_gradients(lambda points: (points * weights).sum((1, 2)) + 7, inputs, baseline)
    expected = ((inputs - baseline) * weights).sum(1).double().numpy()
    np.testing.assert_allclose(integral.scores, expected, atol=1e-6)
    assert integral.value - integral.baseline == pytest.approx(expected.sum(), abs=1e-6)
    assert abs(integral.error) < 1e-6


def test_a_product_is_shared_as_the_integral_says():
    # F = x·y from 0: ∂F/∂x along the way is α·y, so x and y make one half each.
    integral = integrated_gradients(
        lambda points: points[:, 0, 0] * points[:, 1, 0], torch.tensor([[3.0], [4.0]]), torch.zeros(2, 1)
    )
    np.testing.assert_allclose(integral.scores, [6, 6], atol=1e-5)


def test_steps_grow_until_the_error_is_small():
    """A function that bends sharply, where 32 steps are not enough."""
    integral = integrated_gradients(
        lambda points: torch.sigmoid(400 * (points.sum((1, 2)) - 0.31)), torch.ones(1, 1), torch.zeros(1, 1)
    )
    assert integral.steps > 32
    assert integral.is_close
    assert integral.scores.sum() == pytest.approx(1, abs=TOLERANCE)


def test_steps_go_where_the_function_moves():
    """Two poles beside the way, as a normalization of next to nothing makes: nodes at even distances miss them."""

    def score(points):
        place = points[:, 0, 0]
        return sum(1e-6 / ((place - pole) ** 2 + 1e-6) for pole in (0.2501, 0.7003)) + place

    integral = integrated_gradients(score, torch.ones(1, 1), torch.zeros(1, 1))
    assert integral.is_close
    assert integral.scores.sum() == pytest.approx(1, abs=TOLERANCE)
    assert integral.steps <= 512


def test_many_steps_have_to_do_where_the_error_stays():
    chance = torch.Generator().manual_seed(0)
    integral = integrated_gradients(
        lambda points: points.sum((1, 2)) + torch.rand(len(points), generator=chance),
        torch.ones(1, 1),
        torch.zeros(1, 1),
    )
    assert integral.steps == 4096
    assert not integral.is_close


def test_a_reference_with_inputs_embeds_gives_the_same_scores(tmp_path):
    """The middle rule with 2,000 points over transformers' own `inputs_embeds`."""
    save_attention_model(tmp_path, "bert")
    pipeline = load_attention_pipeline(LocalModel("bert", tmp_path), PLACEMENT)
    found = pipeline.inspect("a b c", request_of("bert", method="integrated-gradients")).attribution
    model, table = pipeline.model, pipeline.model.get_input_embeddings().weight.detach()
    ids = pipeline.tokenizer("a b c")["input_ids"]
    nothing = [token if token == pipeline.tokenizer.eos_token_id else pipeline.tokenizer.pad_token_id for token in ids]
    inputs, baseline = table[ids], table[nothing]
    with torch.no_grad():
        direction = model(inputs_embeds=inputs[None]).last_hidden_state[0].mean(0)
        direction = direction / direction.norm()
    total = torch.zeros_like(inputs)
    for alphas in ((torch.arange(2000) + 0.5) / 2000).split(200):
        points = (baseline + alphas[:, None, None] * (inputs - baseline)).requires_grad_()
        made = (model(inputs_embeds=points).last_hidden_state.mean(1) @ direction).sum()
        total += torch.autograd.grad(made, points)[0].sum(0) / 2000
    expected = ((inputs - baseline) * total).sum(1).numpy()
    np.testing.assert_allclose([share.score for share in found.tokens], expected, atol=2e-3 * np.abs(expected).max())
    assert found.tokens[-1].score == 0  # [SEP] is in the baseline too


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_complete_and_says_its_error(family, tmp_path):
    save_attention_model(tmp_path, family)
    pipeline = load_attention_pipeline(LocalModel(family, tmp_path), PLACEMENT)
    found = pipeline.inspect(TEXT, request_of(family, method="integrated-gradients")).attribution
    made = found.value - found.baseline
    assert sum(share.score for share in found.tokens) == pytest.approx(made - found.error, abs=1e-6)
    assert abs(found.error) <= max(LARGER_TOLERANCE * abs(made), 1e-3), found
    assert any(abs(share.score) > 1e-3 for share in found.tokens)
